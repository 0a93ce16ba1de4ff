# SPDX-License-Identifier: GPL-2.0-only
"""How provers are run, and what is found where one doesn't answer."""

from collections.abc import Sequence
from pathlib import Path

from xenhostgen.sandbox.process import Job, LimitHit, Limits, run_all
from xenhostgen.verify.findings import Finding

LIMITS = Limits("proving", seconds=900, output_bytes=1 << 30, memory_bytes=1 << 36)


def run_prover(command: Sequence[str], folder: Path, work: Path) -> str:
    """All that a prover prints; its settings lie in ``work``."""
    try:
        return run_all([Job(command, folder, may_fail=True)], work, LIMITS)[0]
    except LimitHit as error:
        return error.output


def unanswered(function: str, output: str) -> Finding:
    """Nothing is proved, for a prover ended without an answer."""
    lines = [line for line in output.splitlines() if line.strip()]
    last = lines[-1] if lines else "nothing was said"
    return unproved(function, f"no answer from the prover: {last}")


def unproved(function: str, message: str) -> Finding:
    """A function of which something is not proved."""
    return Finding("unproved", function, message, seen_by="proof")
