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

Command = Sequence[str | Path]


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

    def run(self, command: Command, log: Path, seconds: float, cwd: Path | None = None) -> None:
        """Run a program with its output in a log. Raises ``Refused`` with the log's end if it fails."""
        status = self._status(command, log, seconds, cwd)
        if status:
            said = log.read_text(errors="replace").rstrip().splitlines()[-20:]
            shown = "".join(f"\n    {line}" for line in said)
            why = "takes too long" if status == signal.SIGKILL else f"fails (status {status})"
            raise Refused([Problem("program", f"{why}; its last words:{shown}", _named(command), hint=f"all: {log}")])

    def console(self, command: Command, console: Path, seconds: float, end: str) -> None:
        """Run a machine until it goes off, its console shows the pattern ``end``, or time is up."""
        console.unlink(missing_ok=True)
        pattern, log = re.compile(end.encode()), console.with_suffix(".err")
        ended = lambda: console.exists() and bool(pattern.search(console.read_bytes()))  # noqa: E731
        self._status(command, log, seconds, None, ended)
        if not console.exists():
            raise Refused([Problem("program", log.read_text(errors="replace").strip(), _named(command))])
        log.unlink()

    def _status(
        self, command: Command, log: Path, seconds: float, cwd: Path | None, ended: Callable[[], bool] = lambda: False
    ) -> int:
        """The exit status; that of being killed if ``ended`` comes true, or time is up."""
        if self._stopped:
            raise KeyboardInterrupt
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "LC_ALL": "C"},
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


def _named(command: Command) -> str:
    return " ".join(map(str, command[:3])) + (" …" if len(command) > 3 else "")
