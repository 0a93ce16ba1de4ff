# SPDX-License-Identifier: GPL-2.0-only
"""How provers are run, and what is found where one doesn't answer."""

from collections.abc import Sequence
from pathlib import Path

from xenhostgen.sandbox.process import UNLIMITED, Job, run, user_environment
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.subject import Subject

LIMITS = UNLIMITED._replace(seconds=900)


def run_prover(command: Sequence[str], subject: Subject, work: Path) -> str:
    """All that a prover prints of a subject's C; its settings lie in ``work``."""
    environment = user_environment(HOME=str(work), XDG_CONFIG_HOME=str(work))
    job = Job(command, subject.tree, LIMITS, environment, merge_errors=True)
    done = run(job._replace(view=subject.harness.view))
    return f"proving {done.exceeded}" if done.exceeded else done.text


def unanswered(function: str, output: str) -> Finding:
    """Nothing is proved, for a prover ended without an answer."""
    lines = [line for line in output.splitlines() if line.strip()]
    last = lines[-1] if lines else "nothing was said"
    return unproved(function, f"no answer from the prover: {last}")


def unproved(function: str, message: str) -> Finding:
    """A function of which something is not proved."""
    return Finding("unproved", function, message, seen_by="proof")
