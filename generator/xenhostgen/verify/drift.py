# SPDX-License-Identifier: GPL-2.0-only
"""What a judged tree says otherwise than the spec's own rendering, whether or not it does otherwise.

No finding: C may be written in many ways. But whoever judges a tree should see each change.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from xenhostgen.csource.declarations import declarations
from xenhostgen.csource.difference import differences
from xenhostgen.csource.makefile import Statement, read_makefile
from xenhostgen.render.files import render
from xenhostgen.spec.model import Interface

_FILE_MAX = 1 << 20
Reduce = Callable[[Interface, str, str], str]


def drift(spec: Interface, tree: Path, reduce: Reduce | None = None) -> list[str]:
    """Every declaration whose code tokens differ from the rendering, file by file.

    Where the tree holds a part of each of a kernel's files, ``reduce`` makes that part of the rendering. Only
    boot files are compared then: conformance compares all that is the interface's in the others.
    """
    notes = []
    for path, text in _rendered(spec).items():
        theirs = read_text(tree / path)
        if theirs is None or (reduce and path in (spec.object.file, spec.predicates.file)):
            continue
        if path == spec.object.file:
            if _statements(theirs) != _statements(text):
                notes.append(f"{path}: other lines than the rendering's")
            continue
        sides = [
            declarations(side) for side in (theirs, reduce(spec, path, text) if reduce else text)
        ]
        if reduce:  # the kernel's includes are in the kernel's order
            sides = [[each for each in side if each.kind != "include"] for side in sides]
        notes += [f"{path}: {said}" for said in differences(*sides)]
    return notes


@lru_cache(maxsize=1)
def _rendered(spec: Interface) -> dict[str, str]:
    """The spec's rendering, kept for the next tree of the same spec."""
    return render(spec).files


def read_text(file: Path) -> str | None:
    """The beginning of a regular file; None if there is none."""
    with suppress(OSError):
        if file.is_file():
            with file.open("rb") as stream:
                return stream.read(_FILE_MAX).decode(errors="replace")
    return None


def _statements(makefile: str) -> list[Statement]:
    """The statements of a Makefile, wherever they stand."""
    return [each._replace(line=0) for each in read_makefile(makefile)]
