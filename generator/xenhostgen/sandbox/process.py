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
from typing import IO, NamedTuple, TypeAlias

from xenhostgen.sandbox.confinement import Inmate, View, confinement, memory_bytes
from xenhostgen.sandbox.ending import ENDING
from xenhostgen.sandbox.location import Location
from xenhostgen.sandbox.scratch import scratch_folder

_COMPLAINT_MAX = 1 << 16
_POLL_SECONDS = 0.1
Stream: TypeAlias = int | IO[bytes]
_DEBIAN = {"clang": "clang", "gcc": "gcc", "ld": "binutils", "objcopy": "binutils"}


class Limits(NamedTuple):
    """What one run may use: honest C needs a fraction of it."""

    cpu_seconds: int | None = 10
    """Of each process: a busy machine makes no right C wrong."""
    output_bytes: int | None = 64 << 20
    memory_bytes: int | None = 2 << 30
    """The address space of each process."""
    seconds: float = 120
    """On the clock, for what waits instead of working."""
    group_bytes: int = 4 << 30
    """The memory of all processes together, where they are confined."""
    group_size: int = 256
    """How many threads they have together there; a process is one at least."""
    message_bytes: int | None = 1 << 20
    """What it may write to its standard error, which is looked at now and then."""


UNLIMITED = Limits(None, None, None, math.inf, message_bytes=None)


class Complaint(NamedTuple):
    """An error of a compiler, linker or parser, with the symbol that it names."""

    text: str
    at: Location = Location()
    symbol: str = ""

    def error(self) -> "BuildError":
        """The same as compilers put it."""
        return BuildError(f"{self.at}: error: {self.text}" if self.at.line else self.text)


class BuildError(Exception):
    """A program isn't installed, fails or uses too much, or what it reads is no C.

    ``output`` holds its messages, with file and line.
    """

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
    """The limit that it hit: ``takes more than 120 seconds``."""

    @property
    def text(self) -> str:
        """Its output; what isn't UTF-8 shows as escapes."""
        return self.output.decode(errors="backslashreplace")


def user_environment() -> dict[str, str]:
    """The user's environment, with the plain locale."""
    return {**os.environ, "LC_ALL": "C"}


def plain_environment(**additions: str) -> dict[str, str]:
    """Nothing of the user's environment but PATH, with some additions."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **additions}


def run(job: Job, stop: Callable[[], bool] = lambda: False) -> Completed:
    """Run a program to its end, or until ``stop()`` is true, which is asked ten times a second.

    Nothing that it has started outlives the call. Raises BuildError if it isn't installed.
    """
    with _running(job) as running:
        return running.finish(stop)


def run_all(jobs: Sequence[Job], action: str = "compiling") -> list[str]:
    """Run programs side by side; their outputs.

    Raises BuildError for the first that fails, with ``action`` where it hits a limit.
    """
    with ExitStack() as stack:
        started = [stack.enter_context(_running(job)) for job in jobs]
        return [_checked(running.finish(), action) for running in started]


class Running:
    """A program that runs. ``exceeded`` names the limit by which ``watch`` has ended it."""

    def __init__(self, job: Job, process: subprocess.Popen[bytes], inmate: Inmate | None) -> None:
        self.limits, self.process, self.inmate = job.limits, process, inmate
        self.exceeded = ""

    def watch(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Wait until it ends, and end it after its time, above its memory, or on ``stop()``."""
        # Popen.wait(seconds) sleeps between looks by as much as compiling a small file takes.
        deadline = time.monotonic() + self.limits.seconds
        try:
            with os.fdopen(os.pidfd_open(self.process.pid)) as ended:
                while not (self.exceeded or stop() or select([ended], [], [], _POLL_SECONDS)[0]):
                    if ENDING.is_set():
                        break
                    if time.monotonic() > deadline:
                        self.exceeded = f"takes more than {self.limits.seconds:g} seconds"
                    elif self.inmate:
                        self.exceeded = self._group_excess(self.inmate)
        except Exception as error:  # in a thread of its own nobody else would end the program
            self.exceeded = f"can't be watched: {error}"
        finally:
            self.end()

    def _group_excess(self, inmate: Inmate) -> str:
        """The limit that all processes of a confinement are beyond."""
        counts = inmate.threads(self.limits.group_size)
        if sum(counts.values()) > self.limits.group_size:
            return f"starts more than {self.limits.group_size} processes"
        if memory_bytes(counts) > self.limits.group_bytes:
            return f"needs more than {self.limits.group_bytes >> 20} MiB of memory"
        return ""

    def end(self) -> None:
        """End it and all that it has started, and wait for it."""
        if self.inmate:
            self.inmate.end()
        with suppress(ProcessLookupError, PermissionError):  # it leads its own session
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def started(job: Job, stdin: Stream, stdout: Stream, stderr: Stream) -> Iterator[Running]:
    """A running program to talk to; the ``with`` block ends it and all that it has started.

    Its time and memory are limited only while somebody calls ``watch``, and the job's ``input`` and
    ``log`` don't count. Raises BuildError if it isn't installed.
    """
    program = str(job.command[0])
    if not shutil.which(program):
        raise BuildError(f"'{program}' is not installed (Debian: {_DEBIAN.get(program, program)})")
    environment = plain_environment() if job.environment is None else job.environment
    command = [*_limiting(job.limits), *job.command]
    info, to_info = os.pipe() if job.view else (-1, -1)
    if job.view:
        options = confinement(program, job.folder, job.view, environment)
        command = ["bwrap", "--info-fd", str(to_info), *options, *command]
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
    running = Running(job, process, None)
    try:
        if job.view:
            os.close(to_info)
            running.inmate = Inmate(info)
        yield running
    finally:
        running.end()
        if running.inmate:
            running.inmate.forget()
        for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
            with suppress(BrokenPipeError):  # of what it was never given
                pipe.close()


def _limiting(limits: Limits) -> list[str]:
    """The command before a command that sets its limits, which all of its processes inherit."""
    resources = (
        ("as", limits.memory_bytes),
        ("fsize", limits.output_bytes),
        # At the second number the kernel kills, and gcc doesn't say that it was for the time.
        ("cpu", limits.cpu_seconds and f"{limits.cpu_seconds}:{limits.cpu_seconds + 1}"),
    )
    options = [f"--{name}={value}" for name, value in resources if value is not None]
    return ["prlimit", *options] if options else []


class _Recorded(NamedTuple):
    """A job that runs, and the files that it writes to."""

    job: Job
    running: Running
    output: Path
    errors: Path

    def finish(self, stop: Callable[[], bool] = lambda: False) -> Completed:
        """Wait for its end, its last second or ``stop()``, and end it."""
        limits = self.job.limits
        self.running.watch(lambda: stop() or self._says_too_much())
        exceeded = self.running.exceeded
        if self._says_too_much():
            exceeded = exceeded or f"prints more than {limits.message_bytes} bytes of messages"
        output = b"" if self.job.log else self.output.read_bytes()
        with self.errors.open("rb") as stream:
            errors = stream.read(-1 if limits.message_bytes is None else limits.message_bytes)
        if limits.output_bytes is not None and len(output) >= limits.output_bytes:
            exceeded = exceeded or f"gives more than {limits.output_bytes} bytes"
        if b"CPU time limit exceeded" in errors:  # as gcc says it of its parts
            exceeded = exceeded or f"takes more than {limits.cpu_seconds} seconds"
        return Completed(self.running.process.returncode, output, errors, exceeded)

    def _says_too_much(self) -> bool:
        most = self.job.limits.message_bytes
        return most is not None and self.errors.stat().st_size > most


@contextmanager
def _running(job: Job) -> Iterator[_Recorded]:
    with scratch_folder() as scratch, ExitStack() as files:
        output, errors = job.log or scratch / "output", scratch / "errors"
        if job.environment is None:
            job = job._replace(environment=plain_environment(TMPDIR=str(scratch)))
        stdin: Stream = job.input if isinstance(job.input, int) else subprocess.DEVNULL
        if isinstance(job.input, bytes) and job.input:
            (scratch / "input").write_bytes(job.input)
            stdin = files.enter_context((scratch / "input").open("rb"))
        stdout = files.enter_context(output.open("wb"))
        stderr = files.enter_context(errors.open("wb"))
        if job.log or job.merge_errors:
            stderr = stdout
        with started(job, stdin, stdout, stderr) as running:
            yield _Recorded(job, running, output, errors)


def _checked(completed: Completed, action: str) -> str:
    if completed.exceeded:
        raise BuildError(f"{action} {completed.exceeded}")
    if completed.status:
        message = completed.errors[:_COMPLAINT_MAX].decode(errors="backslashreplace")
        if not message.strip():
            message = f"the compiler ended with status {completed.status}"
        raise BuildError(message)
    return completed.text
