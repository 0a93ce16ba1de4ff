# SPDX-License-Identifier: GPL-2.0-only
"""Run compilers on a stranger's C: within limits, side by side, and with nothing left running."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from select import select
from typing import NamedTuple

from xenhostgen.sandbox.location import Location

_COMPLAINT_MAX = 1 << 16
_DEBIAN = {
    "clang": "clang",
    "gcc": "gcc",
    "ld": "binutils",
    "objcopy": "binutils",
    "readelf": "binutils",
}


class Limits(NamedTuple):
    """What one run, named ``doing``, may use: honest C needs a fraction of it."""

    doing: str = "compiling"
    seconds: float = 10
    output_bytes: int = 64 << 20
    memory_bytes: int = 2 << 30


LIMITS = Limits()


class Complaint(NamedTuple):
    """An error of a compiler, linker or parser, with the symbol that it names."""

    text: str
    at: Location = Location()
    symbol: str = ""

    def __str__(self) -> str:
        return f"{self.at}: {self.text}"


class BuildError(Exception):
    """The C can't be compiled or linked; ``output`` holds what was said, with file and line."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output

    def complaints(self) -> list[Complaint]:
        """The errors that have a place; if there is none, what else was said, as one."""
        pattern = r"^(?:\./)?(.+?):(\d+):(?:(\d+):)? (?:fatal )?error: (.*)$"
        placed = []
        for file, line, column, text in re.findall(pattern, self.output, re.M):
            named = re.search(r"['`](\w+)'", text)
            placed.append(
                Complaint(
                    text, Location(file, int(line), int(column or 0)), named[1] if named else ""
                )
            )
        if placed:
            return placed
        linked = re.search(
            r"(?:undefined reference to|multiple definition of) [`'](\w+)'", self.output
        )
        if linked:
            return [Complaint(linked[0].replace("`", "'"), symbol=linked[1])]
        return [Complaint((self.output.strip().splitlines() or ["no reason given"])[-1])]


class LimitHit(BuildError):
    """It would have used too much; ``output`` says of what."""


class Job(NamedTuple):
    """A command and the folder that it runs in.

    ``may_fail``: its output and its errors together are the result, whatever its exit status is.
    """

    command: Sequence[str]
    folder: Path
    may_fail: bool = False


def run_all(jobs: Sequence[Job], scratch: Path, limits: Limits = LIMITS) -> list[str]:
    """Run commands side by side; their outputs. Raises ``BuildError`` for the first that fails."""
    for job in jobs:
        if not shutil.which(job.command[0]):
            package = _DEBIAN.get(job.command[0], job.command[0])
            raise BuildError(f"'{job.command[0]}' is not installed (Debian: {package})")
    started: list[tuple[subprocess.Popen[bytes], Path, Path]] = []
    try:
        for number, job in enumerate(jobs):
            out, err = scratch / f"job{number}.out", scratch / f"job{number}.err"
            started.append((_start(job, out, err, limits), out, err))
        return [
            _finish(process, out, err, limits, job.may_fail)
            for job, (process, out, err) in zip(jobs, started, strict=True)
        ]
    finally:
        for process, _, _ in started:
            end_group(process)


def _start(job: Job, out: Path, err: Path, limits: Limits) -> subprocess.Popen[bytes]:
    # The shell sets limits that all of the compiler's own processes inherit.
    ulimits = (
        f'ulimit -v {limits.memory_bytes >> 10}; ulimit -f {limits.output_bytes >> 9}; exec "$@"'
    )
    with out.open("wb") as output, err.open("wb") as errors:
        return subprocess.Popen(
            ["sh", "-c", ulimits, "sh", *job.command],
            cwd=job.folder,
            # No CPATH and the like, no settings of the user: the same result on every machine.
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "LC_ALL": "C",
                "TMPDIR": str(err.parent),
                "HOME": str(err.parent),
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output if job.may_fail else errors,
            start_new_session=True,
        )


def _finish(
    process: subprocess.Popen[bytes], out: Path, err: Path, limits: Limits, may_fail: bool
) -> str:
    if not _ends_within(process, limits.seconds):
        raise LimitHit(f"{limits.doing} takes more than {limits.seconds} seconds")
    status = process.wait()
    if out.stat().st_size >= limits.output_bytes >> 9 << 9:
        raise LimitHit(f"{limits.doing} gives more than {limits.output_bytes} bytes")
    if status and not may_fail:
        said = _beginning(err, _COMPLAINT_MAX)
        raise BuildError(said if said.strip() else f"the compiler ended with status {status}")
    return _beginning(out, limits.output_bytes)


def _ends_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    # The standard library's wait(seconds) sleeps between looks, for as long as a small file takes.
    ended = os.pidfd_open(process.pid)
    try:
        return bool(select([ended], [], [], seconds)[0])
    finally:
        os.close(ended)


def _beginning(file: Path, limit: int) -> str:
    with file.open("rb") as stream:
        return stream.read(limit).decode(errors="backslashreplace")


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads its own session, whatever it has started, and wait for it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
