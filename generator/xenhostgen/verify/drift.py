# SPDX-License-Identifier: GPL-2.0-only
"""What a judged tree says otherwise than the spec's own rendering, whether or not it does otherwise.

No finding: C may be written in many ways. But whoever judges a tree should see each change.
"""

from pathlib import Path

from xenhostgen.csource.declarations import declarations
from xenhostgen.csource.difference import describe_difference
from xenhostgen.render.files import render
from xenhostgen.spec.model import Interface

_FILE_MAX = 1 << 20


def drift(spec: Interface, tree: Path) -> list[str]:
    """Every declaration whose code tokens differ from the rendering, file by file."""
    notes = []
    for path, text in render(spec).files.items():
        theirs = read_text(tree / path)
        if theirs is None:
            continue
        if path == spec.object.file:
            if _lines(theirs) != _lines(text):
                notes.append(f"{path}: other lines than the rendering's")
            continue
        notes += [f"{path}: {said}" for said in describe_difference(declarations(theirs), declarations(text))]
    return notes


def read_text(file: Path) -> str | None:
    """The beginning of a regular file; None if there is none."""
    if not file.is_file():
        return None
    try:
        with file.open("rb") as stream:
            return stream.read(_FILE_MAX).decode(errors="replace")
    except OSError:
        return None


def _lines(makefile: str) -> list[list[str]]:
    """The words of a Makefile's lines, comments left out."""
    return [words for line in makefile.splitlines() if (words := line.split("#")[0].split())]
