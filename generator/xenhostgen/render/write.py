# SPDX-License-Identifier: GPL-2.0-only
"""Write files below a folder: only those that differ, and all of them or, on an error, none.

New contents are staged in a temporary folder inside the root and moved into place when all of them
are there: a full disk, an error or a killed process leaves the old files. Nothing below the root is
followed elsewhere.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from xenhostgen.spec.source import Problem, Refused


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
    stale = stale_files(root, files)
    if stale:
        first = root / next(iter(stale))
        with explained(first), TemporaryDirectory(".tmp", ".xenhostgen-", root) as staging:
            moves = [
                (_stage(root / name, files[name], Path(staging, str(number))), root / name)
                for number, name in enumerate(stale)
            ]
            for temporary, target in moves:
                _move(temporary, target)
    return stale


def _stage(target: Path, content: bytes | None, temporary: Path) -> Path | None:
    """The temporary file with a file's new content and its permissions; None if it is to go."""
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(target.parent, os.W_OK):
            raise PermissionError(None, "the folder can't be written to")
        if content is None:
            return None
        temporary.write_bytes(content)
        if target.exists():
            temporary.chmod(target.stat().st_mode)
    return temporary


def _move(temporary: Path | None, target: Path) -> None:
    """Put a staged file in place; None removes what is there."""
    with explained(target):
        if temporary:
            temporary.replace(target)
        else:
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
