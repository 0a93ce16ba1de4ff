# SPDX-License-Identifier: GPL-2.0-only
"""How a spec's rendering differs from the kernel patch that it re-creates, line by line."""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from xenhostgen.api import diff
from xenhostgen.render.files import render
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Refused

_TOKEN = re.compile(r"\w+|\S")
_ANSWERS = {True: "equal", False: "differs", None: "-"}


class Side(NamedTuple):
    """A difference: a rendered line around the token where it begins, and what the patch has.

    ``line`` is 0 for words of comments and for what the rendering lacks.
    """

    line: int
    before: str
    token: str
    after: str
    patch: str


class FileDifference(NamedTuple):
    """One file: whether code, place, comments and bytes are equal, in words, and what differs."""

    path: str
    answers: list[str]
    sides: list[Side]


class Difference(NamedTuple):
    """The comparison of all files, with a patch or digests of it; or why there is none."""

    missing: str = ""
    same: bool = False
    patches: Sequence[str] = ()
    files: Sequence[FileDifference] = ()
    has_digests: bool = False


def difference(spec: Interface, patch: Path | None) -> Difference:
    """A rendering held against a patch, by default the facts of the spec's reference.

    Raises ``Refused`` for a ``patch`` that can't be compared.
    """
    if not (patch or spec.reference):
        return Difference("the spec names no reference")
    try:
        comparison = diff(spec, patch)
    except Refused as error:
        if patch:
            raise
        return Difference(" ".join(map(str, error.problems)))
    texts = render(spec.with_(banner=False)).files  # as the comparison counts lines
    files = []
    for file in comparison.files:
        answers = (file.code, file.place, file.comments, file.bytes)
        sides = list(_sides(file, texts.get(file.path, "").split("\n")))
        files.append(FileDifference(file.path, [_ANSWERS[answer] for answer in answers], sides))
    return Difference("", comparison.same, comparison.patches, files, patch is None)


def _sides(file: Any, lines: list[str]) -> Iterator[Side]:
    """What differs in a file, as far as the comparison tells."""
    for detail in getattr(file, "details", ()):
        line = lines[detail.line - 1] if 0 < detail.line <= len(lines) else ""
        column = max(detail.column - 1, 0)
        token = _TOKEN.match(line, column)
        end = token.end() if token else column
        yield Side(detail.line, line[:column], line[column:end], line[end:], detail.message)
    wording = getattr(file, "wording", ())
    ours, theirs = ([line[1:] for line in wording if line[:1] == mark] for mark in "+-")
    for our, their in zip_longest(ours, theirs, fillvalue=""):
        yield Side(0, our, "", "", their)
