# SPDX-License-Identifier: GPL-2.0-only
"""Whether a spec has to be rendered at all, told without the YAML parser and the template engine.

OUT/.fresh/SPEC.stamp holds a digest of everything that the last rendering was made from (the spec,
its template set, this package's own sources, its version) and of each file as it was written. While
all of them are as they were there is nothing to do. ``generate --check`` never believes a stamp.
"""

import os
from collections.abc import Iterator
from importlib.util import source_hash
from pathlib import Path

from xenhostgen import __version__

_SOURCES = ("spec", "render")


def digest_of(content: bytes) -> str:
    """What Python tells changed sources by: nobody need be kept from forging it, and OpenSSL is dear to import."""
    return source_hash(content).hex()


def inputs_digest(spec: Path, content: bytes, templates: Path, template_set: str) -> str:
    """A digest of everything that a spec's rendering is made from; ``content``: of the spec.

    Sources and templates count by name, size and time of change, as Python's own bytecode has it.
    """
    package = Path(__file__).parent.parent
    folders = [templates / template_set, templates / "shared"]
    folders += [package / room for room in _SOURCES]
    read = [__version__.encode(), os.fsencode(spec.absolute()), digest_of(content).encode()]
    for folder in folders:
        read += sorted(_sources_below(str(folder)))
    return digest_of(b"\0".join(read))


def is_fresh(spec: Path, out: Path, templates: Path) -> list[str] | None:
    """The files that are up to date as the last run wrote them; None if there may be work."""
    folder = out / spec.stem
    try:
        lines = stamp_of(spec, out).read_text(encoding="utf-8").splitlines()
        inputs, template_set = lines[0].split(" ", 1)
        if inputs != inputs_digest(spec, spec.read_bytes(), templates, template_set):
            return None
        written = {name: digest for digest, name in (line.split(" ", 1) for line in lines[1:])}
        for name, digest in written.items():
            path = folder / name
            if path.is_symlink() or digest != digest_of(path.read_bytes()):
                return None
        here = {str(path.relative_to(folder)) for path in files_below(folder)}
    except (OSError, ValueError, IndexError):
        return None
    return list(written) if here == set(written) else None


def stamp_of(spec: Path, out: Path) -> Path:
    """The file that holds a spec's stamp."""
    return out / ".fresh" / f"{spec.stem}.stamp"


def files_below(folder: Path) -> Iterator[Path]:
    """All files below a folder, in order; none if it isn't there."""
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(root, name)


def _sources_below(folder: str) -> Iterator[bytes]:
    with os.scandir(folder) as found:
        for entry in found:
            if entry.name.endswith((".py", ".j2")):
                status = entry.stat()
                yield f"{entry.path}:{status.st_size}:{status.st_mtime_ns}".encode()
            elif entry.name != "__pycache__" and entry.is_dir():
                yield from _sources_below(entry.path)
