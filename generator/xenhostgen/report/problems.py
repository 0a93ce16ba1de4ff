# SPDX-License-Identifier: GPL-2.0-only
"""Problems of an input, for a person and for a script."""

from collections.abc import Iterable
from typing import TextIO

from xenhostgen.report.terminal import styled
from xenhostgen.spec.source import Problem


def show(problems: Iterable[Problem], stream: TextIO) -> None:
    """Each problem with its source line, a caret and a hint; in colour on a terminal only."""
    for problem in problems:
        head, *rest = problem.shown().split("\n")
        place, _, message = head.partition(": ")
        print(f"{styled(place, 'bold', stream)}: {styled(message, 'red', stream)}", file=stream)
        for line in rest:
            kind = "cyan" if line.startswith("    hint: ") else "dim"
            print(styled(line, kind, stream), file=stream)


def as_json(problem: Problem) -> dict[str, str | int]:
    """A problem as ``--format json`` gives it."""
    rule, message, path, at, hint, *_ = problem
    return {"rule": rule, "message": message, "path": path, **at._asdict(), "hint": hint}
