# SPDX-License-Identifier: GPL-2.0-only
"""The text of a patch, which remembers its place in the input, and errors that point there."""

from collections.abc import Sequence
from dataclasses import dataclass

from xenhostgen.spec.source import EXCERPT, At, Problem, Refused, printable


class PatchError(Refused):
    """A patch that can't be read. The first problem only: what follows it can't be trusted."""

    def __init__(self, problem: Problem) -> None:
        super().__init__([problem])
        self.problem = problem


@dataclass(frozen=True, slots=True)
class SourceText:
    """Lines without their line ends, each with its line number in the input file.

    The numbers aren't consecutive where a mail's transfer encoding folded or joined lines. Bytes
    that aren't UTF-8 are held as surrogates, so that the input's bytes can be had back.
    """

    path: str
    lines: Sequence[str]
    numbers: Sequence[int]

    def part(self, start: int, end: int | None = None) -> "SourceText":
        """The lines from index `start` up to `end`."""
        return SourceText(self.path, self.lines[start:end], self.numbers[start:end])

    def error(
        self, index: int, rule: str, message: str, hint: str = "", column: int = 1
    ) -> PatchError:
        """An error at the line with this index; an index past the end means the last line."""
        line, excerpt = 1, ""
        if self.lines:
            index = min(index, len(self.lines) - 1)
            line, excerpt = self.numbers[index], printable(self.lines[index][:EXCERPT], "?")
        return PatchError(
            Problem(rule, printable(message, "?"), self.path, At(line, column), hint, excerpt)
        )
