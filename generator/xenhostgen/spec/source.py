# SPDX-License-Identifier: GPL-2.0-only
"""Where a thing was written, and what is wrong with it.

A position travels on every scalar from the YAML reader to the last error message. Problems are
collected, never raised one by one: a user sees everything that is wrong with a file in one go.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from functools import cached_property
from typing import NamedTuple, Protocol

EXCERPT = 160  # a line longer than this is shown around the place only
LONGEST = 1000  # what a message or hint has beyond this isn't told
# Printable to Python, but without a glyph of their own (Default_Ignorable_Code_Point).
_IGNORABLE = (
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
MOST_GUESSES = 20  # so many problems of a file are told with the word that was probably meant
OTHERS_FIRST = "fix the others first"


class At(NamedTuple):
    """A place in a file; lines and columns count from 1."""

    line: int
    column: int


class Placed:
    """Mixin for objects with a source position.

    It holds no ``At``: a large spec has a hundred thousand places.
    """

    __slots__ = ()
    line: int
    column: int

    @property
    def at(self) -> At:
        """The place where it begins."""
        return At(self.line, self.column)


class Text(str, Placed):
    """A scalar of the spec."""

    __slots__ = ("column", "line")


NOWHERE = At(0, 0)
"""The place of what has no lines: an option, a folder, a program."""


class Problem(NamedTuple):
    """One thing that is wrong in one place; ``rule`` is a stable name that scripts may match."""

    rule: str
    message: str
    path: str
    at: At = NOWHERE
    hint: str = ""
    excerpt: str = ""
    cut: int = 0  # characters of a long line before the excerpt
    meant: str = ""  # the only known word that is near to the one at that place

    def __str__(self) -> str:
        place = printable(self.path)
        if self.at != NOWHERE:
            place += f":{self.at.line}:{self.at.column}"
        return f"{place}: {self.message} [{self.rule}]"

    def shown(self) -> str:
        """The message, the source line with a caret below the place, and the hint."""
        lines = [str(self)]
        if self.excerpt.strip():
            # A caret below a tab must be indented by that tab to stand where the eye expects it.
            before = self.excerpt[: self.at.column - 1 - self.cut]
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


def refusal(rule: str, message: str, path: object, hint: str = "", at: At = NOWHERE) -> Refused:
    """The error for one reason, whose place by default is one without lines."""
    return Refused([Problem(rule, message, str(path), at, hint)])


class SpecError(Refused):
    """A spec that can't be used, with its problems in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__(sorted(problems, key=lambda problem: problem.at))


class Located(Protocol):
    """What has a place in the spec: a text, a node or a part of the model."""

    @property
    def at(self) -> At: ...


class Nearest(NamedTuple):
    """A hint: names the known word that is nearest to a wrong one, else says ``otherwise``."""

    word: str
    known: Collection[str]
    otherwise: str = ""


class Inside(NamedTuple):
    """A place within a text: that of a character, counted from the text's beginning."""

    text: Text
    offset: int


# What a rule finds: its stable name, a message, where, and what to do about it.
Fault = tuple[str, str, At | Located | Inside, str | Nearest]


def repeated(rule: str, names: Iterable[Text], message: str, hint: str) -> Iterator[Fault]:
    """A fault for each name that stands there again.

    Message and hint are formats of ``name`` and of the ``line`` on which it stood first.
    """
    first: dict[str, Text] = {}
    for name in names:
        if first.setdefault(name, name) is not name:
            words = {"name": name, "line": first[name].line}
            yield rule, message.format(**words), name, hint.format(**words)


class Problems:
    """Collects the problems of one file, one for each place: follow-up errors are suppressed."""

    def __init__(self, path: str, source: str) -> None:
        self.path = path
        self.noted: list[Problem] = []
        self.losses = 0  # values that couldn't be read
        self._source = source
        self._places: set[At] = set()

    def add(self, rule: str, message: str, at: At | Located | Inside, hint: str | Nearest) -> None:
        """Note a problem at a position, or at the thing that has one."""
        if isinstance(at, Inside):
            place = self.inside(at.text, at.offset)
        else:
            place = at if isinstance(at, At) else at.at
        if place in self._places:
            return
        self._places.add(place)
        near: list[str] = []
        if isinstance(hint, Nearest):
            word, known, otherwise = hint
            # To compare words is slow.
            if is_worth_it := word in known or len(self.noted) < MOST_GUESSES:
                near = nearest(word, known)
            hint = _hint(near, known, otherwise or ("" if is_worth_it else OTHERS_FIRST))
        line = self.line(place.line)
        cut = max(0, place.column - EXCERPT // 2) if len(line) > EXCERPT else 0
        excerpt = printable(line[cut : cut + EXCERPT], "?")
        message = printable(_shortened(message))
        meant = near[0] if len(near) == 1 else ""
        hint = _shortened(hint)
        self.noted.append(Problem(rule, message, self.path, place, hint, excerpt, cut, meant))

    def lose(self, rule: str, message: str, at: At | Located, hint: str | Nearest) -> None:
        """Note a problem that keeps a value from being read."""
        self.add(rule, message, at, hint)
        self.losses += 1

    def extend(self, faults: Iterable[Fault]) -> None:
        """Note each fault of a rule."""
        for fault in faults:
            self.add(*fault)

    @cached_property
    def _lines(self) -> list[str]:
        return self._source.split("\n")

    def line(self, number: int) -> str:
        """A line of the source, empty beyond its end."""
        return self._lines[number - 1].rstrip("\r") if 0 < number <= len(self._lines) else ""

    def inside(self, text: Text, offset: int) -> At:
        """Where a character of a scalar stands: in its line, or in its block's lines below."""
        line, column = text.at
        row, begin = text.count("\n", 0, offset), text.rfind("\n", 0, offset) + 1
        written = text[begin:].split("\n")[0]
        if self.line(line)[column - 1 :][:1] in ("|", ">"):
            line, column = line + 1 + row, 1
        start = self.line(line).find(written, column - 1)
        return At(line, start + 1 + offset - begin) if start >= 0 else text.at

    def raise_if_any(self) -> None:
        """Raise ``SpecError`` with all that was found."""
        if self.noted:
            raise SpecError(self.noted)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def printable(text: str, instead: str = "") -> str:
    """A text without the characters that would confuse a terminal or its reader."""
    if text.isprintable():
        return text
    shown = (c if c.isprintable() or c == "\t" else instead or f"U+{ord(c):04X}" for c in text)
    return "".join(shown)


def first_unseen(text: str, layout: str = "") -> int | None:
    """The offset of the first character that is neither visible nor among ``layout``."""
    plain = text
    for mark in layout:
        plain = plain.replace(mark, "")
    if plain.isprintable() and (plain.isascii() or not re.search(_IGNORABLE, plain)):
        return None
    unseen = (
        offset
        for offset, char in enumerate(text)
        if char not in layout and (not char.isprintable() or re.match(_IGNORABLE, char))
    )
    return next(unseen)


def nearest(word: str, known: Collection[str]) -> list[str]:
    """The known words that are near to a wrong one, the nearest first: two at most."""
    from difflib import get_close_matches  # for those only who have erred

    return [word] if word in known else get_close_matches(word[:100], sorted(known), n=2)


def is_slip(word: str, meant: str) -> bool:
    """Whether one letter too many, too few or wrong, or two swapped, make one word of another."""
    while word and meant and word[0] == meant[0]:
        word, meant = word[1:], meant[1:]
    while word and meant and word[-1] == meant[-1]:
        word, meant = word[:-1], meant[:-1]
    is_letter = max(len(word), len(meant)) <= 1 and (word + meant).isalpha()
    return is_letter or (len(word) == 2 and word == meant[::-1])


def did_you_mean(word: str, known: Collection[str], otherwise: str = "") -> str:
    """A hint that names the nearest known word, else ``otherwise``, else what is known."""
    return _hint(nearest(word, known), known, otherwise)


def _hint(near: Sequence[str], known: Collection[str], otherwise: str) -> str:
    if near:
        return f"did you mean '{near[0]}'?"
    if otherwise:
        return otherwise
    if not known:
        return "nothing of that kind is declared"
    known = sorted(known) if isinstance(known, Set) else list(known)
    return "known here: " + ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
