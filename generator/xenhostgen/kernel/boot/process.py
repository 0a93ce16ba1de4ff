# SPDX-License-Identifier: GPL-2.0-only
"""Programs with a time limit, none of which outlives the command that started it."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from xenhostgen.spec.source import Problem, Refused


class Programs:
    """Starts programs, from any thread; on the way out of its ``with`` block it ends all that still run."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def __enter__(self) -> "Programs":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End all that run; nothing can be started any more."""
        self._stopped = True
        for process in tuple(self._running):
            _end(process)

    def run(self, command: Sequence[str | Path], folder: Path, log: Path, seconds: float) -> None:
        """Run a program with its output in a log. Raises ``Refused`` with the log's end if it fails."""
        if status := self._status(command, folder, log, seconds, lambda: False):
            said = log.read_text(errors="replace").rstrip().splitlines()[-20:]
            why = "takes too long" if status == signal.SIGKILL else f"fails with status {status}"
            message = "".join([why, *(f"\n    {line}" for line in said)])
            raise Refused([Problem("program", message, " ".join(map(str, command[:2])), hint=f"all of it: {log}")])

    def console(self, command: Sequence[str | Path], console: Path, seconds: float, end: str) -> str:
        """Run a machine until it goes off, its console shows the pattern ``end``, or time is up; what it shows."""
        console.unlink(missing_ok=True)
        log, pattern = console.with_suffix(".err"), re.compile(end.encode())

        def ended() -> bool:
            return console.exists() and pattern.search(console.read_bytes()) is not None

        self._status([*command, "-serial", f"file:{console}"], console.parent, log, seconds, ended)
        if not console.exists():
            raise Refused([Problem("program", log.read_text(errors="replace").strip() or "fails", str(command[0]))])
        log.unlink()
        return console.read_text(errors="replace").replace("\r", "")

    def _status(
        self, command: Sequence[str | Path], folder: Path, log: Path, seconds: float, ended: Callable[[], bool]
    ) -> int:
        """The exit status; that of being killed if ``ended`` comes true or time is up."""
        if self._stopped:
            raise KeyboardInterrupt
        around = {**os.environ, "LC_ALL": "C"}
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=around,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._running.add(process)
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline and not ended():
                with suppress(subprocess.TimeoutExpired):
                    return process.wait(0.1)
            return signal.SIGKILL
        finally:
            _end(process)
            self._running.discard(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
