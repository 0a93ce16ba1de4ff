# SPDX-License-Identifier: GPL-2.0-only
"""Records of what processes have begun to write below a folder, for the next if they are killed.

They lie with the user's state, where no stranger can put one: a folder that is written to may be a
stranger's. A record is locked while its process is alive.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from xenhostgen.sandbox.scratch import locked, state_folder

Moves = list[Any]
WAIT_SECONDS = 30
"""How long a command waits for another that writes below the same folder."""
_HELD: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())


class Busy(Exception):
    """Another process keeps writing below a root."""


@contextmanager
def only_writer(root: Path) -> Iterator[bool]:
    """Keep other processes from writing below a root; false if this block is within another.

    Raises ``Busy`` if another process doesn't end.
    """
    lock = state_folder() / f"{_name(root)}.lock"
    if lock in _HELD.get():
        yield False
        return
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        lock.touch(0o600)
        with locked(lock) as is_ours:
            if is_ours:
                token = _HELD.set(_HELD.get() | {lock})
                try:
                    yield True
                finally:
                    _HELD.reset(token)
                    lock.unlink(missing_ok=True)  # while it is locked: whoever waits looks again
                return
        if time.monotonic() > deadline:
            raise Busy
        time.sleep(0.02)


@contextmanager
def staging_folder(root: Path) -> Iterator[tuple[Path, Callable[[Moves], None]]]:
    """A new folder below a root for what is staged, and how to record the moves from there."""
    records = _records(root)
    records.mkdir(exist_ok=True)
    record = records / os.urandom(8).hex()
    staging = _staging(root, record)
    with ExitStack() as locks:

        def write(moves: Moves) -> None:
            new = record.with_suffix(".new")
            new.write_text(json.dumps(moves))
            locks.enter_context(locked(new))
            new.rename(record)

        write([])
        try:
            staging.mkdir()
            yield staging, write
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            record.unlink(missing_ok=True)
            with suppress(OSError):
                record.parent.rmdir()


def interrupted(root: Path) -> Iterator[tuple[Path, Moves]]:
    """What killed processes staged below a root, and the moves that they had recorded."""
    records = _records(root)
    for record in records.iterdir() if records.is_dir() else ():
        with locked(record) as is_abandoned:
            if is_abandoned and record.suffix:
                record.unlink()  # it never came into force
            elif is_abandoned:
                moves: Moves = []
                with suppress(ValueError):
                    moves = json.loads(record.read_text())
                yield _staging(root, record), moves
                shutil.rmtree(_staging(root, record), ignore_errors=True)
                record.unlink()
    with suppress(OSError):
        records.rmdir()


def _staging(root: Path, record: Path) -> Path:
    return root / f".xenhostgen-{record.stem}"


def _records(root: Path) -> Path:
    """The folder of a root's records, which is there if there are any."""
    return state_folder() / _name(root)


def _name(root: Path) -> str:
    status = root.stat()
    return f"{status.st_dev:x}-{status.st_ino:x}"
