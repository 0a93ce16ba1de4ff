# SPDX-License-Identifier: GPL-2.0-only
"""The public face: what programs and tests use instead of the rooms behind it.

A spec is loaded once and then rendered, verified or compared with a patch. What can't be used is
refused with an exception that has every problem at its place. ``docs/api.md`` shows each function.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from xenhostgen import extension_points
from xenhostgen.render.files import Rendering, render
from xenhostgen.render.generate import Generation, generate
from xenhostgen.sandbox.location import Location
from xenhostgen.spec.load import load, load_text
from xenhostgen.spec.model import Expected, Interface
from xenhostgen.spec.source import NOWHERE, At, Problem, Refused, SpecError, Text, refusal
from xenhostgen.verify.findings import Finding, Proof, Run, Statistics, Verdict
from xenhostgen.verify.run import verify as _verify
from xenhostgen.verify.subject import Options

__all__ = [
    "At",
    "Expected",
    "FileComparison",
    "Finding",
    "Generation",
    "Interface",
    "Location",
    "PatchComparison",
    "Problem",
    "Proof",
    "Refused",
    "Rendering",
    "Run",
    "SpecError",
    "Statistics",
    "Text",
    "Verdict",
    "diff",
    "generate",
    "load",
    "load_text",
    "render",
    "verify",
]


class FileComparison(Protocol):
    """One file of a rendering or of a patch, by its ``path`` in the kernel tree.

    ``code``: both sides have the same tokens; ``place``: additions to a kernel file stand in the
    same place; ``comments``: these are worded the same; ``bytes``: a new file is the same to the
    byte. None where a question has no meaning for the file.
    """

    path: str
    code: bool
    place: bool | None
    comments: bool
    bytes: bool | None


class PatchComparison(Protocol):
    """A rendering held against patches; ``patches`` are the subjects of those that count.

    ``files`` are those of both sides; ``same``: a compiler sees the same code in the same places.
    """

    patches: Sequence[str]
    files: Sequence[FileComparison]
    same: bool


def verify(
    spec: Interface,
    *,
    tree: Path | None = None,
    compilers: Sequence[str] = ("gcc",),
    level: str = "run",
    unconfined: bool = False,
) -> Verdict:
    """Judge a spec's rendering, or the C of a tree that is laid out like the kernel's.

    ``level`` is how far to go: "parse", "run" or "prove". ``unconfined`` compiles and runs the C
    without bubblewrap around it, for those who trust it. Raises ``Refused``.
    """
    return _verify(spec, Options(tree, tuple(compilers), level, unconfined=unconfined))


def diff(spec: Interface, patch: Path | None = None) -> PatchComparison:
    """Compare a spec's rendering with a kernel patch: by default the one that the spec names.

    Raises ``Refused``, also where the extension that reads patches isn't installed.
    """
    for compare in extension_points.hooks("diff"):
        comparison: PatchComparison = compare(spec, patch)
        return comparison
    hint = extension_points.install("patches")
    raise refusal("not-installed", "needs an extension", "diff", NOWHERE, hint)
