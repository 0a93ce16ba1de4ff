# SPDX-License-Identifier: GPL-2.0-only
"""Write rendered files: only those that differ, each whole or not at all.

New texts are put into OUT/.fresh first, and moved into place when all of them are there: a full
disk, an error or a killed process leaves the old files. Nothing below OUT is followed elsewhere.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from xenhostgen.render.fresh import digest_of, files_below, stamp_of
from xenhostgen.spec.source import At, Problem, Refused


class WriteFailure(Refused):
    """The output can't be read or written; what was there is still there."""

    def __init__(self, path: Path, message: str, hint: str) -> None:
        super().__init__([Problem("output", message, str(path), At(1, 1), hint)])


class Stale(NamedTuple):
    """A file whose text on disk (None: there is none) is not what the spec renders to."""

    path: Path
    text: bytes
    before: bytes | None


class Comparison(NamedTuple):
    """A spec's folder against its rendering."""

    stale: tuple[Stale, ...]
    unchanged: tuple[Path, ...]
    unknown: tuple[Path, ...]


def compare(files: Mapping[str, str], out: Path, name: str) -> Comparison:
    """Hold OUT/NAME against the rendered files; ``unknown`` are files there that no spec makes.

    Raises ``WriteFailure`` for what can't be read and for symbolic links below OUT.
    """
    folder = out / name
    stale, unchanged = [], []
    for relative, text in files.items():
        path = folder / relative
        encoded = text.encode()
        before = _read(path, out)
        if before == encoded:
            unchanged.append(path)
        else:
            stale.append(Stale(path, encoded, before))
    known = {folder / relative for relative in files}
    unknown = tuple(path for path in files_below(folder) if path not in known)
    return Comparison(tuple(stale), tuple(unchanged), unknown)


def write(stale: tuple[Stale, ...], out: Path) -> None:
    """Put the new texts in place, all of them or, if one can't be written, none."""
    if not stale:
        return
    moves: list[tuple[Path, Path]] = []
    try:
        _refuse_link(out / ".fresh")
        with _explained(out):
            state = state_folder(out)
        for each in stale:
            with _explained(each.path):
                each.path.parent.mkdir(parents=True, exist_ok=True)
                if not os.access(each.path.parent, os.W_OK):
                    raise PermissionError(None, "the folder can't be written to")
            temporary = state / f"{os.urandom(8).hex()}.tmp"
            moves.append((temporary, each.path))
            with _explained(each.path):
                temporary.write_bytes(each.text)
        for temporary, path in moves:
            with _explained(path):
                temporary.replace(path)
    finally:
        for temporary, _ in moves:
            temporary.unlink(missing_ok=True)


def stamp(spec: Path, out: Path, inputs: str, template_set: str, files: dict[str, str]) -> None:
    """Note what the files were made from; where the folder can't be written, nothing is noted."""
    lines = [
        f"{inputs} {template_set}",
        *(f"{digest_of(text.encode())} {name}" for name, text in files.items()),
    ]
    with contextlib.suppress(OSError, WriteFailure):
        state_folder(out)
        write_file(stamp_of(spec, out), "\n".join(lines) + "\n")


def state_folder(out: Path) -> Path:
    """OUT/.fresh, made on first need; git ignores what is in it."""
    folder = out / ".fresh"
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="ascii")
    return folder


def write_file(path: Path, text: str) -> None:
    """Replace one file outside OUT, whole or not at all. Raises ``WriteFailure``."""
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")
    with _explained(path):
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _refuse_link(path: Path) -> None:
    with _explained(path):
        linked = path.is_symlink()
    if linked:
        raise WriteFailure(
            path, "is a symbolic link", "remove it; generated files are never written through links"
        )


def _read(path: Path, out: Path) -> bytes | None:
    for part in (path, *path.parents):
        if part == out:
            break
        _refuse_link(part)
    with _explained(path):
        if path.exists() and not path.is_file() and not path.is_dir():
            raise WriteFailure(path, "is no regular file", "move it away")
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (NotADirectoryError, FileExistsError) as error:
        blocker = next(
            (part for part in path.parents if part.is_file()), Path(error.filename or path)
        )
        raise WriteFailure(blocker, "is a file where a folder must be", "move it away") from None
    except IsADirectoryError:
        raise WriteFailure(path, "is a folder where a file must be", "move it away") from None
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "the files are as they were; check permissions and free space"
        raise WriteFailure(path, f"cannot be written: {reason}", hint) from None
