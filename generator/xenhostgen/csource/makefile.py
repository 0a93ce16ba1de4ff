# SPDX-License-Identifier: GPL-2.0-only
"""The statements of a kbuild Makefile."""

import re
from typing import NamedTuple

_BEGINS = frozenset(("ifdef", "ifndef", "ifeq", "ifneq", "define"))
_ENDS = frozenset(("endif", "endef"))
_MODIFIERS = frozenset(("override", "export"))
_ASSIGNMENT = re.compile(r"(?:(?:override|export) )*([^\s:+?!=]+) ?(\+=|\?=|!=|:{0,3}=) ?(.*)")


class Statement(NamedTuple):
    """A statement, which is an assignment where it has a ``variable``."""

    line: int
    """Its first line, counted from 1."""
    depth: int
    """In how many conditions and definitions it stands; their own first and last line count."""
    words: tuple[str, ...]
    """An assignment's value, or else the whole statement; without comments."""
    variable: str = ""
    operator: str = ""
    modifiers: tuple[str, ...] = ()
    """Of an assignment: override, export."""


def read_makefile(text: str) -> list[Statement]:
    """All statements, in order; a line that ends with a backslash goes on in the next."""
    statements = []
    line, depth = 1, 0
    for lines in re.split(r"(?<!\\)\n", text):
        code = re.split(r"(?<!\\)#", lines.replace("\\\n", " "), maxsplit=1)[0]
        if words := re.sub(r"\$\{(\w+)\}", r"$(\1)", code).split():
            keyword = next((word for word in words if word not in _MODIFIERS), "")
            depth += keyword in _BEGINS
            statements.append(_statement(line, depth, words))
            depth -= keyword in _ENDS
        line += 1 + lines.count("\n")
    return statements


def _statement(line: int, depth: int, words: list[str]) -> Statement:
    assignment = _ASSIGNMENT.fullmatch(" ".join(words))
    if assignment is None:
        return Statement(line, depth, tuple(words))
    variable, operator, value = assignment.groups()
    modifiers = tuple(words[: words.index(variable)]) if variable in words else ()
    return Statement(line, depth, tuple(value.split()), variable, operator, modifiers)
