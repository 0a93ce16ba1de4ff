# SPDX-License-Identifier: GPL-2.0-only
"""Run compilers on a stranger's C: within limits, side by side, and with nothing left running."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SECONDS_MAX = 10
MEMORY_MAX = 2 << 30
FILE_MAX = 64 << 20
_COMPLAINT_MAX = 1 << 16
_DEBIAN = {"clang": "clang", "gcc": "gcc", "ld": "binutils", "nm": "binutils"}


@dataclass(frozen=True, slots=True)
class Complaint:
    """The first error of a compiler or linker; line 0 when it has no place, no symbol when it names none."""

    text: str
    file: str = ""
    line: int = 0
    column: int = 0
    symbol: str = ""


class BuildError(Exception):
    """The judged C can't be compiled or linked; ``output`` holds what was said, with file and line."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output

    def complaint(self) -> Complaint:
        """The first error."""
        place = re.search(r"^(?:\./)?([^\s:]+):(\d+):(?:(\d+):)? (?:fatal )?error: (.*)$", self.output, re.M)
        if place:
            named = re.search(r"['`](\w+)'", place[4])
            return Complaint(place[4], place[1], int(place[2]), int(place[3] or 0), named[1] if named else "")
        linked = re.search(r"(?:undefined reference to|multiple definition of) [`'](\w+)'", self.output)
        if linked:
            return Complaint(linked[0].replace("`", "'"), symbol=linked[1])
        lines = [line for line in self.output.splitlines() if line.strip()]
        return Complaint(lines[-1] if lines else "no reason given")


class Unwatchable(BuildError):
    """The judged C compiles, and does what would escape being judged."""


@dataclass(frozen=True, slots=True)
class Job:
    """A command and the folder that it runs in."""

    command: Sequence[str]
    folder: Path


def run_all(jobs: Sequence[Job], scratch: Path) -> list[str]:
    """Run commands side by side; their standard outputs. Raises ``BuildError`` for the first that fails.

    Each may use as much time, memory and disk as honest C needs many times over.
    """
    for job in jobs:
        if not shutil.which(job.command[0]):
            package = _DEBIAN.get(job.command[0], job.command[0])
            raise BuildError(f"'{job.command[0]}' is not installed (Debian: {package})")
    started: list[tuple[subprocess.Popen[bytes], Path, Path]] = []
    try:
        for number, job in enumerate(jobs):
            out, err = scratch / f"job{number}.out", scratch / f"job{number}.err"
            started.append((_start(job, out, err), out, err))
        return [_finish(*one) for one in started]
    finally:
        for process, _, _ in started:
            end_group(process)


def _start(job: Job, out: Path, err: Path) -> subprocess.Popen[bytes]:
    # The shell sets limits that all of the compiler's own processes inherit.
    limits = f'ulimit -v {MEMORY_MAX >> 10}; ulimit -f {FILE_MAX >> 9}; exec "$@"'
    with out.open("wb") as output, err.open("wb") as errors:
        return subprocess.Popen(
            ["sh", "-c", limits, "sh", *job.command],
            cwd=job.folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TMPDIR": str(err.parent)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )


def _finish(process: subprocess.Popen[bytes], out: Path, err: Path) -> str:
    try:
        status = process.wait(SECONDS_MAX)
    except subprocess.TimeoutExpired:
        raise BuildError(f"compiling takes more than {SECONDS_MAX} seconds") from None
    if status:
        said = _beginning(err)
        raise BuildError(said if said.strip() else f"the compiler ended with status {status}")
    return _beginning(out, FILE_MAX)


def _beginning(file: Path, limit: int = _COMPLAINT_MAX) -> str:
    with file.open("rb") as stream:
        return stream.read(limit).decode(errors="replace")


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads its own session, whatever it has started, and wait for it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
