# SPDX-License-Identifier: GPL-2.0-only
"""How a spec's rendering differs from the kernel patch that it re-creates, line by line."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from xenhostgen.api import diff
from xenhostgen.render.files import render
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Refused

_TOKEN = re.compile(r"\w+|\S|$")


class Side(NamedTuple):
    """A difference: our line in three parts, the second one its token, and what the patch has."""

    line: int
    parts: tuple[str, str, str]
    message: str


class FileDifference(NamedTuple):
    """One file's answers by question, its differences, and both wordings of its comments."""

    path: str
    answers: tuple[bool | None, ...]
    sides: tuple[Side, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


class Difference(NamedTuple):
    """The comparison of all files, or why there is none."""

    missing: str = ""
    same: bool = False
    patches: tuple[str, ...] = ()
    files: tuple[FileDifference, ...] = ()


def difference(spec: Interface, patch: Path | None) -> Difference:
    """A rendering held against a patch, by default the facts of the spec's reference.

    Raises ``Refused`` for a ``patch`` that can't be compared.
    """
    if not (patch or spec.reference):
        return Difference("The spec names no reference.")
    try:
        comparison = diff(spec, patch)
    except Refused as error:
        if patch:
            raise
        return Difference(" ".join(map(str, error.problems)))
    files = render(spec.with_(banner=False)).files  # as the comparison counts lines
    compared = tuple(_file(file, files.get(file.path, "")) for file in comparison.files)
    return Difference("", comparison.same, tuple(comparison.patches), compared)


def _file(file: Any, text: str) -> FileDifference:
    lines = text.split("\n")
    sides = []
    for detail in getattr(file, "details", ()):
        line = lines[detail.line - 1] if 0 < detail.line <= len(lines) else ""
        token = _TOKEN.search(line, max(detail.column - 1, 0))
        start, end = token.span() if token else (0, 0)
        sides.append(Side(detail.line, (line[:start], line[start:end], line[end:]), detail.message))
    wording = getattr(file, "wording", ())
    ours, theirs = (
        tuple(line[1:] for line in wording if line.startswith(mark)) for mark in ("+", "-")
    )
    answers = (file.code, file.place, file.comments, file.bytes)
    return FileDifference(file.path, answers, tuple(sides), ours, theirs)
