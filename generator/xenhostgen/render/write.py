# SPDX-License-Identifier: GPL-2.0-only
"""Write files below a folder: only those that differ, and all of them or, on an error, none.

New contents are staged in a folder inside the root, then the moves are recorded, and then all are
moved into place: a full disk or an error leaves the old files. Behind a process that was killed,
the next that writes there finishes the moves. Nothing below the root is followed elsewhere.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from xenhostgen.sandbox.journal import Busy, interrupted, only_writer, staging_folder
from xenhostgen.spec.source import refusal


def stale_files(root: Path, files: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
    """Those files below ``root`` that differ from ``files``, and what they hold; None: no file.

    Raises ``Refused`` for symbolic links, what is no regular file, and what can't be read.
    """
    current = {name: _read(root, name) for name in files}
    return {name: before for name, before in current.items() if before != files[name]}


def write_files(root: Path, files: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
    """Give files below an existing folder new contents (None: remove them).

    Returns what ``stale_files`` does. Raises ``Refused``; no file has changed then. A replaced
    file keeps its permissions, and its other hard links keep what they hold.
    """
    with alone(root):
        stale = stale_files(root, files)
        if stale:
            first = root / next(iter(stale))
            with explained(first), staging_folder(root) as (folder, record):
                moves = [
                    _stage(root, path, before, files[path], folder / str(number))
                    for number, (path, before) in enumerate(stale.items())
                ]
                record(moves)  # from here on a kill changes nothing
                _move_all(root, folder, moves)
    return stale


@contextmanager
def alone(root: Path) -> Iterator[list[str]]:
    """Keep other processes from writing below a folder; what killed ones had begun is finished.

    Yields a line for each file of that. What was edited since stays as it is. A folder that isn't
    there is nobody's. Raises ``Refused``.
    """
    with ExitStack() as stack:
        lines: list[str] = []
        with explained(root):
            is_dir = root.is_dir()
        try:
            if is_dir and stack.enter_context(only_writer(root)):
                lines = _finish_interrupted(root)
        except Busy:
            message = "another xenhostgen is writing here"
            raise refusal("output", message, root, "try again when it has ended") from None
        yield lines


def _finish_interrupted(root: Path) -> list[str]:
    lines: list[str] = []
    for folder, moves in interrupted(root):
        for move in (Move(*row) for row in moves):
            current = _digest(_read(root, move.path))
            if current == move.new:
                continue
            if current != move.old:
                lines.append(f"{root / move.path}: edited since, left as it is")
            elif move.new is None:
                _move(None, root / move.path)
            elif _digest(_read(root, f"{folder.name}/{move.staged}")) == move.new:
                _move(folder / move.staged, root / move.path)
        if moves:
            lines.append(f"{root}: finished what a killed run had begun to write")
    return lines


class Move(NamedTuple):
    """A staged file, where it goes, and the digests of what is there before and afterwards.

    None is the digest of no file.
    """

    staged: str
    path: str
    old: str | None
    new: str | None


def _digest(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def _stage(root: Path, path: str, before: bytes | None, after: bytes | None, staged: Path) -> Move:
    """Stage a file's new content, with its permissions, and a copy of what is there."""
    target = root / path
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(target.parent, os.W_OK):
            raise PermissionError(None, "the folder can't be written to")
        if before is not None:
            shutil.copy2(target, _old(staged))
        if after is not None:
            staged.write_bytes(after)
            if before is not None:
                shutil.copymode(target, staged)
    return Move(staged.name, path, _digest(before), _digest(after))


def _old(staged: Path) -> Path:
    return staged.with_suffix(".old")


def _move_all(root: Path, staging: Path, moves: list[Move]) -> None:
    """Put all staged files in place; on an error what was there before."""
    moved: list[Move] = []
    try:
        for move in moves:
            moved.append(move)
            _move(staging / move.staged if move.new else None, root / move.path)
    except BaseException:
        for move in moved:
            _move(_old(staging / move.staged) if move.old else None, root / move.path)
        raise


def _move(staged: Path | None, target: Path) -> None:
    """Put a staged file in place; None removes what is there."""
    with explained(target):
        if staged:
            staged.replace(target)
        else:
            target.unlink(missing_ok=True)


def _read(root: Path, name: str) -> bytes | None:
    path = root / name
    with explained(path):
        for part in (path, *path.parents):
            if part == root:
                break
            if part.is_symlink():
                hint = "name the file itself; nothing is written through links"
                raise refusal("output", "is a symbolic link", part, hint)
        if path.exists() and not path.is_file() and not path.is_dir():
            raise refusal("output", "is no regular file", path, "move it away, or name another")
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the system's errors into a refusal about a path."""
    try:
        yield
    except (NotADirectoryError, FileExistsError):
        blocker = next((part for part in path.parents if part.is_file()), path)
        raise refusal(
            "output", "is a file where a folder must be", blocker, "move it away, or name another"
        ) from None
    except IsADirectoryError:
        raise refusal(
            "output", "is a folder where a file must be", path, "move it away, or name another"
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "the files are as they were; check permissions and free space"
        if isinstance(error, FileNotFoundError):
            hint = "make its folder first"
        raise refusal("output", f"cannot be written: {reason}", path, hint) from None
