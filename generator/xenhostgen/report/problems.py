# SPDX-License-Identifier: GPL-2.0-only
"""Problems of an input, for a person and for a script."""

from collections.abc import Iterable
from typing import TextIO

from xenhostgen.report.terminal import styled
from xenhostgen.spec.source import Problem


def show(problems: Iterable[Problem], stream: TextIO) -> None:
    """Print each problem with its source line, a caret and a hint."""
    for problem in problems:
        head, *rest = problem.shown().split("\n")
        place, _, message = head.partition(": ")
        print(f"{styled(place, 'bold', stream)}: {styled(message, 'red', stream)}", file=stream)
        for line in rest:
            print(styled(line, "dim", stream), file=stream)


def as_json(problem: Problem) -> dict[str, str | int]:
    """A problem as ``--format json`` prints it."""
    return {
        "rule": problem.rule,
        "message": problem.message,
        "path": problem.path,
        **problem.at._asdict(),
        "hint": problem.hint,
    }
