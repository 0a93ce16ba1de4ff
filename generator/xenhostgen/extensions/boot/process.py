# SPDX-License-Identifier: GPL-2.0-only
"""Programs with a time limit, none of which outlives the command that started it."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, Popen, TimeoutExpired

from xenhostgen.sandbox.process import end_group


class Programs:
    """Runs programs, from any thread, until it is told to stop."""

    def __init__(self) -> None:
        self._running: set[Popen[bytes]] = set()
        self._stopped = False

    def stop(self) -> None:
        """End all that run; nothing can be started any more."""
        self._stopped = True
        for process in tuple(self._running):
            end_group(process)

    def run(
        self,
        command: Sequence[str | Path],
        folder: Path,
        log: Path,
        seconds: float,
        *,
        ended: Callable[[], bool] = lambda: False,
        stdin: int = DEVNULL,
    ) -> int:
        """Run a program with its output in a log; its exit status: SIGKILL if ``ended`` came true or time was up."""
        if self._stopped:
            raise KeyboardInterrupt
        around = {**os.environ, "LC_ALL": "C"}
        with log.open("wb") as out:
            process = Popen(
                command,
                cwd=folder,
                env=around,
                stdin=stdin,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._running.add(process)
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline and not ended():
                with suppress(TimeoutExpired):
                    return process.wait(0.1)
            return signal.SIGKILL
        finally:
            end_group(process)
            self._running.discard(process)
