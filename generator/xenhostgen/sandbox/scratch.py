# SPDX-License-Identifier: GPL-2.0-only
"""Scratch folders, gone with their block or, behind a process that was killed, with the next run.

They lie in a folder that only this user can write to, so that nobody else's is taken for one. Each
is locked while its process is alive: one that can be locked is abandoned.
"""

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp


@contextmanager
def scratch_folder(parent: Path | None = None) -> Iterator[Path]:
    """A new folder, by default below that for temporary files."""
    is_ours = False
    while not is_ours:
        home = parent or _home()
        # Whoever leaves last removes it.
        with suppress(FileExistsError):
            home.mkdir(mode=0o700, exist_ok=True)
        try:
            folder = Path(mkdtemp(dir=home))
        except FileNotFoundError:
            continue
        with locked(folder) as is_ours:  # else it looked abandoned, before that
            try:
                if is_ours:
                    yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                if parent is None:
                    with suppress(OSError):
                        home.rmdir()


def sweep() -> None:
    """Remove what killed processes have left in the folder for temporary files."""
    home = _home()
    with suppress(OSError):  # others do it, too
        for folder in home.iterdir():
            with locked(folder) as is_ours:
                if is_ours:
                    shutil.rmtree(folder, ignore_errors=True)
        home.rmdir()


def temporary() -> Path:
    """The folder for temporary files.

    ``tempfile.gettempdir`` tries it with a file, which stays if the process is killed just then.
    """
    folder = os.environ.get("TMPDIR", "")
    return Path(folder if os.access(folder, os.W_OK | os.X_OK) else "/tmp").absolute()


def state_folder() -> Path:
    """The folder in which this user's state is kept."""
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    homes = [temporary() / f".xenhostgen-{os.geteuid()}-state"]
    with suppress(RuntimeError):  # nobody knows this user's home
        if not state.is_absolute():  # as the XDG's rules have it
            state = Path("~/.local/state").expanduser()
        homes.insert(0, state / "xenhostgen")
    for home in homes:
        with suppress(OSError):
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            if home.lstat().st_uid == os.geteuid() and os.access(home, os.W_OK):
                return home
    raise PermissionError(None, "the user's state can't be kept; set XDG_STATE_HOME", str(state))


def _home() -> Path:
    """The folder of all scratch folders, which nobody else can have prepared."""
    home = temporary() / f".xenhostgen-{os.geteuid()}"
    with suppress(FileNotFoundError):
        status = home.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise PermissionError(None, "is somebody else's", str(home))
    return home


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Lock a file or folder; whether that is possible, and it is still there."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        yield False
        return
    is_ours = False
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_ours = os.path.samestat(os.fstat(handle), path.lstat())
    try:
        yield is_ours
    finally:
        os.close(handle)
