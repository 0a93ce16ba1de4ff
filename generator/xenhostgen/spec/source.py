# SPDX-License-Identifier: GPL-2.0-only
"""Where a thing was written, and what is wrong with it.

A position travels on every scalar from the YAML reader to the last error message. Problems are
collected, never raised one by one: a user sees everything that is wrong with a file in one go.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class At(NamedTuple):
    """A place in a file; lines and columns count from 1."""

    line: int
    column: int


class Text(str):
    """A scalar of the spec that knows where it stands."""

    __slots__ = ("at",)
    at: At


def text(value: str, at: At) -> Text:
    """A ``Text`` with its position."""
    made = Text(value)
    made.at = at
    return made


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in one place; ``rule`` is a stable name that scripts may match."""

    rule: str
    message: str
    path: str
    at: At = At(1, 1)
    hint: str = ""
    excerpt: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.path}:{self.at.line}:{self.at.column}: {self.message} [{self.rule}]"

    def shown(self) -> str:
        """The message, the source line with a caret below the place, and the hint."""
        lines = [str(self)]
        if self.excerpt.strip():
            # A caret below a tab must be indented by that tab to stand where the eye expects it.
            before = self.excerpt[: self.at.column - 1]
            pad = "".join("\t" if char == "\t" else " " for char in before)
            lines += [f"    {self.excerpt}", f"    {pad}^"]
        if self.hint:
            lines.append(f"    hint: {self.hint}")
        return "\n".join(lines)


class Refused(Exception):
    """The user's input or environment can't be used; ``problems`` holds every reason."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class SpecError(Refused):
    """A spec that can't be used, with its problems in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__(sorted(problems, key=lambda problem: problem.at))


class Problems:
    """Collects the problems of one file."""

    def __init__(self, path: str, source: str) -> None:
        self.path = path
        self.found: list[Problem] = []
        self._lines: list[str] | None = None
        self._source = source

    def add(self, rule: str, message: str, at: At | Text, hint: str = "") -> None:
        """Note a problem at a position, or at the scalar that has one."""
        place = at.at if isinstance(at, Text) else at
        if self._lines is None:
            self._lines = self._source.split("\n")
        row = place.line - 1
        excerpt = self._lines[row].rstrip("\r") if 0 <= row < len(self._lines) else ""
        printable = "".join(c if c == "\t" or c.isprintable() else "?" for c in excerpt[:200])
        self.found.append(Problem(rule, message, self.path, place, hint, printable))

    def raise_if_any(self) -> None:
        """Raise ``SpecError`` with all that was found."""
        if self.found:
            raise SpecError(self.found)


def did_you_mean(word: str, known: Sequence[str], otherwise: str = "") -> str:
    """A hint that names the nearest known word, else what is known, else ``otherwise``."""
    from difflib import get_close_matches  # imported by those who have erred only

    near = get_close_matches(word, known, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    if otherwise or not known:
        return otherwise
    return "known here: " + ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
