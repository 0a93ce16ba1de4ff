# SPDX-License-Identifier: GPL-2.0-only
"""Write files below a folder: only those that differ, and all of them or, on an error, none.

New contents are staged in a temporary folder inside the root, then a journal of the moves, and then
all are moved into place: a full disk or an error leaves the old files. Behind a process that was
killed, the next that writes there finishes the moves. Nothing below the root is followed elsewhere.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from xenhostgen.sandbox.scratch import abandoned_folders, scratch_folder
from xenhostgen.spec.source import Problem, Refused

_STAGING = ".xenhostgen-"
_JOURNAL = "journal"


class WriteFailure(Refused):
    """A file can't be read or written; what was there is still there."""

    def __init__(self, path: Path, message: str, hint: str) -> None:
        super().__init__([Problem("output", message, str(path), hint=hint)])


def stale_files(root: Path, files: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
    """Those files below ``root`` that differ from ``files``, and what they hold; None: no file.

    Raises ``WriteFailure`` for symbolic links, what is no regular file, and what can't be read.
    """
    current = {name: _read(root, name) for name in files}
    return {name: before for name, before in current.items() if before != files[name]}


def write_files(root: Path, files: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
    """Give files below an existing folder new contents (None: remove them).

    Returns what ``stale_files`` does. Raises ``WriteFailure``; no file has changed then. A replaced
    file keeps its permissions, and its other hard links keep what they hold.
    """
    finish_interrupted(root)
    stale = stale_files(root, files)
    if stale:
        with explained(root / next(iter(stale))), scratch_folder(root, _STAGING) as folder:
            for number, name in enumerate(stale):
                _stage(root / name, files[name], folder / f"new-{number}", folder / f"old-{number}")
            moves = {name: files[name] is not None for name in stale}
            (folder / "moves").write_text(json.dumps(moves))
            (folder / "moves").rename(folder / _JOURNAL)  # from here on a kill changes nothing
            try:
                _move(root, folder, "new", moves)
            except BaseException:
                _move(root, folder, "old", {name: old is not None for name, old in stale.items()})
                raise
    return stale


def finish_interrupted(root: Path) -> bool:
    """Finish what killed processes had begun to write below a folder; whether there was any.

    What they had not staged whole is removed. Raises ``WriteFailure``.
    """
    interrupted = False
    for folder in abandoned_folders(root, _STAGING):
        with explained(folder):
            if (folder / _JOURNAL).exists():
                _move(root, folder, "new", _read_journal(root, folder / _JOURNAL))
                interrupted = True
            shutil.rmtree(folder)
    return interrupted


def _read_journal(root: Path, path: Path) -> dict[str, bool]:
    """The moves in a journal, which may be a stranger's: all of them are below the root."""
    try:
        moves = {str(name): bool(stays) for name, stays in json.loads(path.read_bytes()).items()}
    except (ValueError, AttributeError):
        raise WriteFailure(path, "is no journal of ours", "remove its folder") from None
    for name in moves:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise WriteFailure(path, f"leads out of {root}", "remove its folder")
        _read(root, name)
    return moves


def _stage(target: Path, content: bytes | None, new: Path, old: Path) -> None:
    """Stage a file's new content, with its permissions, and what it holds."""
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(target.parent, os.W_OK):
            raise PermissionError(None, "the folder can't be written to")
        if content is not None:
            new.write_bytes(content)
        if target.exists():
            shutil.copy2(target, old)
            if content is not None:
                shutil.copymode(target, new)


def _move(root: Path, folder: Path, side: str, moves: Mapping[str, bool]) -> None:
    """Put staged files in place, as far as they aren't; those that are to be gone are removed."""
    for number, (name, stays) in enumerate(moves.items()):
        staged, target = folder / f"{side}-{number}", root / name
        with explained(target):
            if staged.exists():
                staged.replace(target)
            elif not stays:
                target.unlink(missing_ok=True)


def _read(root: Path, name: str) -> bytes | None:
    path = root / name
    with explained(path):
        for part in (path, *path.parents):
            if part == root:
                break
            if part.is_symlink():
                hint = "remove it; files are never written through links"
                raise WriteFailure(part, "is a symbolic link", hint)
        if path.exists() and not path.is_file() and not path.is_dir():
            raise WriteFailure(path, "is no regular file", "move it away")
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the system's errors into a ``WriteFailure`` about a path."""
    try:
        yield
    except (NotADirectoryError, FileExistsError) as error:
        blockers = (part for part in path.parents if part.is_file())
        blocker = next(blockers, Path(error.filename or path))
        raise WriteFailure(blocker, "is a file where a folder must be", "move it away") from None
    except IsADirectoryError:
        raise WriteFailure(path, "is a folder where a file must be", "move it away") from None
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "the files are as they were; check permissions and free space"
        raise WriteFailure(path, f"cannot be written: {reason}", hint) from None
