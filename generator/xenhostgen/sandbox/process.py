# SPDX-License-Identifier: GPL-2.0-only
"""Run other programs: within limits, side by side, and with nothing left running."""

import math
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from select import select
from tempfile import TemporaryDirectory
from typing import IO, NamedTuple, TypeAlias

from xenhostgen.sandbox.confinement import Inmate, View, confine
from xenhostgen.sandbox.location import Location

_COMPLAINT_MAX = 1 << 16
_POLL_SECONDS = 0.1
Stream: TypeAlias = int | IO[bytes]
_DEBIAN = {"clang": "clang", "gcc": "gcc", "ld": "binutils", "objcopy": "binutils"}


class Limits(NamedTuple):
    """What one run may use: honest C needs a fraction of it."""

    seconds: float = 10
    output_bytes: int | None = 64 << 20
    memory_bytes: int | None = 2 << 30


UNLIMITED = Limits(math.inf, None, None)


class Complaint(NamedTuple):
    """An error of a compiler, linker or parser, with the symbol that it names."""

    text: str
    at: Location = Location()
    symbol: str = ""

    def __str__(self) -> str:
        return f"{self.at}: {self.text}"


class BuildError(Exception):
    """A program isn't installed or fails; ``output`` holds its messages, with file and line."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output

    def complaints(self) -> list[Complaint]:
        """The errors that have a place; if there is none, the last line, as one."""
        pattern = r"^(?:\./)?(.+?):(\d+):(?:(\d+):)? (?:fatal )?error: (.*)$"
        placed = []
        for file, line, column, text in re.findall(pattern, self.output, re.M):
            symbol = re.search(r"['`](\w+)'", text)
            position = Location(file, int(line), int(column or 0))
            placed.append(Complaint(text, position, symbol[1] if symbol else ""))
        if placed:
            return placed
        linker = r"(?:undefined reference to|multiple definition of) [`'](\w+)'"
        if linked := re.search(linker, self.output):
            return [Complaint(linked[0].replace("`", "'"), symbol=linked[1])]
        return [Complaint((self.output.strip().splitlines() or ["no reason given"])[-1])]


class LimitHit(BuildError):
    """It would have used too much; ``output`` says of what."""


class Job(NamedTuple):
    """A program to run.

    Without an ``environment`` it gets PATH, the plain locale and a folder for temporary files:
    no CPATH and the like, so that the same file gives the same result on every machine.
    """

    command: Sequence[str | Path]
    folder: Path = Path()
    limits: Limits = Limits()
    environment: Mapping[str, str] | None = None
    """The whole of it, as ``user_environment`` makes one."""
    input: bytes | int = b""
    """What it reads from its standard input, or a file descriptor for that."""
    log: Path | None = None
    """A file for what it writes to both its outputs, in place of ``Completed.output``."""
    merge_errors: bool = False
    """Have its error messages among its output."""
    view: View | None = None
    """Shut it in with this alone, as what sees a stranger's files must be."""


class Completed(NamedTuple):
    """How a program ended."""

    status: int
    """Its exit status; negative: the signal that ended it, such as -9 where a limit was hit."""
    output: bytes
    errors: bytes
    exceeded: str = ""
    """The limit that it hit: ``takes more than 10 seconds``."""

    @property
    def text(self) -> str:
        """Its output; what isn't UTF-8 shows as escapes."""
        return self.output.decode(errors="backslashreplace")


def user_environment(**additions: str) -> dict[str, str]:
    """The user's environment, with the plain locale and some additions."""
    return {**os.environ, "LC_ALL": "C", **additions}


def run(job: Job, stop: Callable[[], bool] = lambda: False) -> Completed:
    """Run a program to its end, or until ``stop()`` is true, which is asked ten times a second.

    Nothing that it has started outlives the call. Raises BuildError if it isn't installed.
    """
    with _running(job) as running:
        return running.finish(stop)


def run_all(jobs: Sequence[Job], action: str = "compiling") -> list[str]:
    """Run programs side by side; their outputs.

    Raises BuildError for the first that fails, LimitHit with ``action`` for one that hits a limit.
    """
    with ExitStack() as stack:
        started = [stack.enter_context(_running(job)) for job in jobs]
        return [_checked(running.finish(), action) for running in started]


@contextmanager
def started(
    job: Job, stdin: Stream, stdout: Stream, stderr: Stream
) -> Iterator[subprocess.Popen[bytes]]:
    """A running program to talk to; the ``with`` block ends it and all that it has started.

    There is no limit on its time, and the job's ``input`` and ``log`` don't count.
    Raises BuildError if it isn't installed.
    """
    with _started(job, stdin, stdout, stderr) as (process, _):
        yield process


@contextmanager
def _started(
    job: Job, stdin: Stream, stdout: Stream, stderr: Stream
) -> Iterator[tuple[subprocess.Popen[bytes], Inmate | None]]:
    program = str(job.command[0])
    if not shutil.which(program):
        raise BuildError(f"'{program}' is not installed (Debian: {_DEBIAN.get(program, program)})")
    environment = _plain_environment() if job.environment is None else job.environment
    command = [*_limiting(job.limits), *job.command]
    info, to_info = os.pipe() if job.view else (-1, -1)
    if job.view:
        outer, *inner = confine(command, job.folder, job.view, environment)
        command = [outer, "--info-fd", str(to_info), *inner]
    process = subprocess.Popen(
        command,
        cwd=job.folder,
        env=environment,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        pass_fds=(to_info,) if job.view else (),
    )
    inmate = None
    try:
        if job.view:
            os.close(to_info)
            inmate = Inmate(info)
        yield process, inmate
    finally:
        if inmate:
            inmate.end()
        end_group(process)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads its own session, whatever it has started, and wait for it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _plain_environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _limiting(limits: Limits) -> list[str]:
    """The command before a command that sets its limits, which all of its processes inherit."""
    resources = (("as", limits.memory_bytes), ("fsize", limits.output_bytes))
    options = [f"--{name}={value}" for name, value in resources if value is not None]
    return ["prlimit", *options] if options else []


class _Running(NamedTuple):
    """A job that runs, and the files that it writes to."""

    job: Job
    process: subprocess.Popen[bytes]
    inmate: Inmate | None
    output: Path
    errors: Path

    def finish(self, stop: Callable[[], bool] = lambda: False) -> Completed:
        """Wait for its end, its last second or ``stop()``, and end it."""
        in_time = self._wait(stop)
        end_group(self.process)
        limits, exceeded = self.job.limits, ""
        output = b"" if self.job.log else self.output.read_bytes()
        if not in_time and not stop():
            exceeded = f"takes more than {limits.seconds:g} seconds"
        elif limits.output_bytes is not None and len(output) >= limits.output_bytes:
            exceeded = f"gives more than {limits.output_bytes} bytes"
        return Completed(self.process.returncode, output, self.errors.read_bytes(), exceeded)

    def _wait(self, stop: Callable[[], bool]) -> bool:
        """Whether it ends by itself."""
        # Popen.wait(seconds) sleeps between looks by as much as compiling a small file takes.
        ended = os.pidfd_open(self.process.pid)
        deadline = time.monotonic() + self.job.limits.seconds
        try:
            while (left := deadline - time.monotonic()) > 0 and not stop():
                if select([ended], [], [], min(left, _POLL_SECONDS))[0]:
                    return True
            return False
        finally:
            os.close(ended)


@contextmanager
def _running(job: Job) -> Iterator[_Running]:
    with TemporaryDirectory(prefix="xenhostgen-") as folder, ExitStack() as files:
        scratch = Path(folder)
        output, errors = job.log or scratch / "output", scratch / "errors"
        if job.environment is None:
            job = job._replace(environment={**_plain_environment(), "TMPDIR": folder})
        stdin: Stream = job.input if isinstance(job.input, int) else subprocess.DEVNULL
        if isinstance(job.input, bytes) and job.input:
            (scratch / "input").write_bytes(job.input)
            stdin = files.enter_context((scratch / "input").open("rb"))
        stdout = files.enter_context(output.open("wb"))
        stderr = files.enter_context(errors.open("wb"))
        if job.log or job.merge_errors:
            stderr = stdout
        with _started(job, stdin, stdout, stderr) as (process, inmate):
            yield _Running(job, process, inmate, output, errors)


def _checked(completed: Completed, action: str) -> str:
    if completed.exceeded:
        raise LimitHit(f"{action} {completed.exceeded}")
    if completed.status:
        message = completed.errors[:_COMPLAINT_MAX].decode(errors="backslashreplace")
        if not message.strip():
            message = f"the compiler ended with status {completed.status}"
        raise BuildError(message)
    return completed.text
