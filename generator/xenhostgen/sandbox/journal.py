# SPDX-License-Identifier: GPL-2.0-only
"""Records of what processes have begun to write below a folder, for the next if they are killed.

They lie with the user's state, where no stranger can put one: a folder that is written to may be a
stranger's. A record is locked while its process is alive.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir
from typing import Any

from xenhostgen.sandbox.scratch import locked

Moves = list[Any]


@contextmanager
def staging_folder(root: Path) -> Iterator[tuple[Path, Callable[[Moves], None]]]:
    """A new folder below a root for what is staged, and how to record the moves from there."""
    record = _records(root) / token_hex(8)
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
    for record in records.iterdir():
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
    """The folder of a root's records."""
    status = root.stat()
    name = f"{status.st_dev:x}-{status.st_ino:x}"
    state = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    for home in (state / "xenhostgen", Path(gettempdir(), f".xenhostgen-{os.geteuid()}-state")):
        with suppress(OSError):
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            if home.lstat().st_uid == os.geteuid() and os.access(home, os.W_OK):
                (home / name).mkdir(exist_ok=True)
                return home / name
    raise PermissionError(None, "the user's state can't be kept; set XDG_STATE_HOME", str(state))
