# SPDX-License-Identifier: GPL-2.0-only
"""Read a stranger's files: regular ones, that lie in their tree, up to a size, and nothing else."""

import os
import stat
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
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            # It may have been replaced meanwhile.
            _check(Path(f"/proc/self/fd/{handle}").readlink(), root, os.fstat(handle), limit)
            return stream.read(limit)
    except (FileNotFoundError, NotADirectoryError) as error:
        below = [tree / part for part in (Path(path), *Path(path).parents[:-1])]
        if any(part.is_symlink() and not part.exists() for part in below):
            raise UnreadableFile("is a link to nothing") from error
        return None
    except OSError as error:
        raise UnreadableFile(f"can't be read: {error.strerror}") from error


def _check(real: Path, root: Path, status: os.stat_result, limit: int) -> None:
    if not real.is_relative_to(root):
        raise UnreadableFile("is a link that leaves the tree")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableFile(_KINDS.get(stat.S_IFMT(status.st_mode), "is not a regular file"))
    if status.st_size > limit:
        raise UnreadableFile(f"is larger than {limit >> 20} MiB")
