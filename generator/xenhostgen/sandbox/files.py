# SPDX-License-Identifier: GPL-2.0-only
"""Read a stranger's files: regular ones, that lie in their tree, up to a size, and nothing else."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FILE_MAX = 1 << 20
"""The bytes of the largest file of an interface."""
KERNEL_FILE_MAX = 4 << 20
"""The bytes of the largest file of a kernel's."""

_KINDS = {
    stat.S_IFIFO: "is a named pipe",
    stat.S_IFSOCK: "is a socket",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
    stat.S_IFDIR: "is a folder",
}


class UnreadableFile(Exception):
    """There is something else than a file to read; the text says what."""


def read_file(tree: Path, path: str, limit: int = KERNEL_FILE_MAX) -> bytes | None:
    """The content of a file below a tree; None if there is none. Raises ``UnreadableFile``."""
    try:
        root, real = (Path(os.path.realpath(name, strict=True)) for name in (tree, tree / path))
        # Before it is opened: that does something to some devices.
        _check(real, root, real.lstat(), limit)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(real, flags), "rb") as stream:
            # It may have been replaced meanwhile.
            opened = Path(f"/proc/self/fd/{stream.fileno()}").readlink()
            _check(opened, root, os.fstat(stream.fileno()), limit)
            content = stream.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        below = [tree / part for part in (Path(path), *Path(path).parents[:-1])]
        if any(part.is_symlink() and not part.exists() for part in below):
            raise UnreadableFile("is a link to nothing") from error
        return None
    except OSError as error:
        raise UnreadableFile(f"can't be read: {error.strerror}") from error
    except ValueError as error:  # a null character in the path
        raise UnreadableFile(f"can't be read: {error}") from error
    if content is None:  # some of the system's files would wait for more
        raise UnreadableFile("never ends")
    if len(content) > limit:
        raise UnreadableFile(f"is larger than {_size(limit)}")
    return content


def read_given(path: Path, limit: int = KERNEL_FILE_MAX) -> bytes | None:
    """``read_file`` of a path wherever it leads, and of what a shell pipes into us."""
    if path != Path("/dev/stdin") and path.parent != Path("/dev/fd"):
        return read_file(Path("/"), str(path.absolute()), limit)
    try:
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise UnreadableFile(f"can't be read: {error.strerror}") from error
    if len(content) > limit:
        raise UnreadableFile(f"is larger than {_size(limit)}")
    return content


def blocking(folder: Path, *kinds: int) -> Iterator[Path]:
    """What is below a folder that whoever opens it may wait for without end: no regular files.

    ``kinds`` are further file types; S_IFDIR stands for links to folders, which aren't followed.
    """
    pending = [folder]
    while pending:
        with suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                elif not entry.is_file(follow_symlinks=False):
                    with suppress(OSError):
                        if stat.S_IFMT(entry.stat().st_mode) in (
                            stat.S_IFIFO,
                            stat.S_IFCHR,
                            *kinds,
                        ):
                            yield Path(entry.path)


def _check(real: Path, root: Path, status: os.stat_result, limit: int) -> None:
    if not real.is_relative_to(root):
        raise UnreadableFile("is a link that leaves the tree")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableFile(_KINDS.get(stat.S_IFMT(status.st_mode), "is not a regular file"))
    if status.st_size > limit:
        raise UnreadableFile(f"is larger than {_size(limit)}")


def _size(limit: int) -> str:
    return f"{limit >> 20} MiB" if limit >> 20 else f"{limit} bytes"
