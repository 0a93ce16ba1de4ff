# SPDX-License-Identifier: GPL-2.0-only
"""From a spec file to its folder of C: load, render, compare, write."""

from pathlib import Path
from typing import NamedTuple

from xenhostgen.render.files import render
from xenhostgen.render.write import explained, stale_files, write_files
from xenhostgen.spec.load import load


class Stale(NamedTuple):
    """A file whose content on disk (None: there is no file) is not what the spec renders to."""

    path: Path
    before: bytes | None
    after: bytes


class Generation(NamedTuple):
    """A spec's folder against its rendering; ``unknown``: its files that the spec doesn't make."""

    folder: Path
    stale: tuple[Stale, ...]
    unchanged: tuple[Path, ...]
    unknown: tuple[Path, ...]


def generate(spec: Path, out: Path, *, check: bool = False) -> Generation:
    """Render a spec into OUT/STEM, or with ``check`` only compare; the files as they were before.

    Everything is rendered before the first file is written. Raises ``Refused``;
    what was there before is then still there.
    """
    rendered = render(load(spec)).files
    files = {f"{spec.stem}/{name}": text.encode() for name, text in rendered.items()}
    if check:
        before = stale_files(out, files)
    else:
        with explained(out):
            out.mkdir(parents=True, exist_ok=True)
        before = write_files(out, files)
    folder = out / spec.stem
    return Generation(
        folder,
        tuple(Stale(out / name, old, files[name]) for name, old in before.items()),
        tuple(out / name for name in files if name not in before),
        tuple(path for path in files_below(folder) if str(path.relative_to(out)) not in files),
    )


def files_below(folder: Path) -> list[Path]:
    """All files below a folder, in order; none if it isn't there."""
    return [path for path in sorted(folder.rglob("*")) if not path.is_dir()]
