# SPDX-License-Identifier: GPL-2.0-only
"""Scratch folders, gone with their block or, behind a process that was killed, with the next run.

Each is locked while its process is alive: one that can be locked is abandoned.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

# Earlier versions made "xenhostgen-…", and locked nothing.
PREFIX = "xenhostgen."


@contextmanager
def scratch_folder(parent: Path | None = None, prefix: str = PREFIX) -> Iterator[Path]:
    """A new folder, by default below that for temporary files."""
    while True:
        with TemporaryDirectory("", prefix, parent) as name, _locked(Path(name)) as is_ours:
            # Before it was locked it looked abandoned to others.
            if is_ours and Path(name).exists():
                yield Path(name)
                return


def abandoned_folders(parent: Path, prefix: str) -> Iterator[Path]:
    """The scratch folders of killed processes, each locked until the next is asked for."""
    for folder in sorted(parent.glob(f"{prefix}*")):
        with _locked(folder) as is_ours:
            if is_ours:
                yield folder


def sweep() -> None:
    """Remove what killed processes have left in the folder for temporary files."""
    for folder in abandoned_folders(Path(gettempdir()), PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Lock a folder of this user's; whether that is possible."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_ours = os.fstat(handle).st_uid == os.geteuid()
    except BlockingIOError:
        is_ours = False
    try:
        yield is_ours
    finally:
        os.close(handle)
