# SPDX-License-Identifier: GPL-2.0-only
"""How provers are run, and what is found where one doesn't answer."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from xenhostgen.sandbox.process import UNLIMITED, Job, plain_environment, run
from xenhostgen.spec.source import NOWHERE, Problem
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.subject import Subject

FRAMA_C = ("frama-c", "why3", "cvc4")
OF_FRAMA_C = "(Debian: frama-c-base why3 cvc4)"
CBMC = "cbmc (a package of Debian 13)"
LIMITS = UNLIMITED._replace(seconds=900)


def lacking(*programs: str) -> list[str]:
    """Those of some programs that are not installed."""
    return [program for program in programs if not shutil.which(program)]


def obstacles(tree: Path | None) -> Iterator[Problem]:
    """Why nothing can be proved: neither prover is installed."""
    if lacking(*FRAMA_C) and lacking("cbmc"):
        message = f"not installed: {', '.join(lacking(*FRAMA_C))} {OF_FRAMA_C}, nor {CBMC}"
        hint = "install one of the provers, or end at --level run"
        yield Problem("not-installed", message, "--level prove", NOWHERE, hint)


def run_prover(command: Sequence[str], subject: Subject, work: Path) -> str:
    """All that a prover prints of a subject's C; its settings lie in ``work``."""
    environment = plain_environment(HOME=str(work), XDG_CONFIG_HOME=str(work))
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
