# SPDX-License-Identifier: GPL-2.0-only
"""Where a judged tree's code differs from the spec's own rendering, even if it does the same.

No finding: C may be written in many ways. But whoever judges a tree should see each change.
"""

from collections.abc import Callable, Iterator
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

    Where the tree holds a part of each of a kernel's files, ``reduce`` makes that part of the
    rendering. Only boot files are compared then: conformance compares all that is the interface's
    in the others.
    """
    compared_elsewhere = (spec.object.file, spec.predicates.file) if reduce else ()
    notes = []
    for path, rendered in _rendered(spec).items():
        theirs = read_text(tree / path)
        if theirs is None or path in compared_elsewhere:
            continue
        if path == spec.object.file:
            if _statements(theirs) != _statements(rendered):
                notes.append(f"{path}: other lines than the rendering's")
            continue
        ours = reduce(spec, path, rendered) if reduce else rendered
        notes += [f"{path}: {message}" for message in _differences(theirs, ours, bool(reduce))]
    return notes


def _differences(theirs: str, ours: str, in_kernel: bool) -> Iterator[str]:
    left, right = declarations(theirs), declarations(ours)
    if in_kernel:  # the kernel's includes are in the kernel's order
        left = [each for each in left if each.kind != "include"]
        right = [each for each in right if each.kind != "include"]
    return map(str, differences(left, right))


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
