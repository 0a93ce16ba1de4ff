# SPDX-License-Identifier: GPL-2.0-only
"""Talk to a running driver: calls go in, answers come out, crashes included.

The driver runs a stranger's C, so whatever it says is read with distrust.
"""

import os
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from pathlib import Path
from subprocess import DEVNULL, PIPE

from xenhostgen.reference_model.registry import State
from xenhostgen.sandbox.confinement import View
from xenhostgen.sandbox.location import Location
from xenhostgen.sandbox.process import Job, Limits, Running, started

# The sanitizers reserve more address space than there is memory.
LIMITS = Limits(60, 64 << 10, None, 60, 2 << 30)
_BATCH = 200_000
_ANSWER_MAX = 1 << 17
_OPTIONS = {
    "PATH": os.defpath,
    "ASAN_OPTIONS": "detect_leaks=0:symbolize=0:exitcode=77:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=0:exitcode=77",
}
_NONSENSE = "the judged C gives invalid answers"
_PLAIN = {"Bad system call": "it makes a system call", "Profiling timer expired": "it doesn't end"}
# How driver.c ends when it can't go on.
_ENDINGS = {
    5: "nearly every call crashes",
    6: "calls don't end",
    7: "the judged C has more writable memory than can be watched",
    8: "this system can't confine the judged C (seccomp is missing)",
}
_COMPLAINT = re.compile(
    r"(?<!\S)(\S+:\d+:\d+: runtime error: [^\t]*)|ERROR: (AddressSanitizer: [^\t]*)"
)
_PLACE = re.compile(r"([^\s:/]+/[^\s:]+):(\d+)(?::(\d+))?")
_IN_GLUE = re.compile(r"^\S*/glue\.c:\d+:\d+: runtime error: ")
_ADDRESS = re.compile(r"( on (unknown )?address)? 0x[0-9a-f]+| \(pc .*| at pc .*")


class Ending(StrEnum):
    """How a call ends."""

    RETURNED = "ok"
    BUG = "bug"
    CRASH = "crash"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call did.

    ``text`` tells where a BUG struck, how it crashed, or what it changed besides the slots though
    it returned; ``state`` is the number of the state behind the call, -1 when there are too many;
    ``words`` are the slots that an iteration visits, the calls that a wrapper makes, else the slots
    that their pointers miss, or what boot code does; ``stages`` are the slots behind a call, or
    behind each stage of a boot.
    """

    ending: Ending
    text: str = ""
    result: int = 0
    state: int = 0
    words: tuple[str, ...] = ()
    stages: tuple[State, ...] = ()

    @property
    def failure(self) -> str:
        """How a call ends that doesn't return; empty if it does."""
        if self.ending is Ending.RETURNED:
            return ""
        verb = "crashes:" if self.ending is Ending.CRASH else "ends in a BUG at"
        return f"{verb} {self.text}"

    def changes(self, before: "Answer") -> str:
        """What a call that returns changes and shouldn't, as words behind others."""
        if self.text:
            return f", and {self.text} is written"
        return "" if self.state == before.state else ", and memory changes"

    @property
    def place(self) -> Location | None:
        """The place in judged C that a crash or a BUG names."""
        match = _PLACE.match(self.text)
        return Location(match[1], int(match[2]), int(match[3] or 1)) if match else None

    @property
    def slots(self) -> State:
        """What the slots hold in the end; raises ``DriverError`` if the answer lacks it."""
        if not self.stages:
            raise DriverError(_NONSENSE)
        return self.stages[-1]


@dataclass(frozen=True, slots=True)
class Program:
    """A driver that is ready to run, for so many slots; ``registry`` is their array's section."""

    command: tuple[Path, ...]
    slots: int
    registry: str
    view: View | None
    off: tuple[str, ...] = ()
    """Options of the kernel that it lacks."""

    @property
    def in_bss(self) -> bool:
        """Whether the kernel clears the array in boot."""
        return self.registry.startswith(".bss")


class DriverError(Exception):
    """The driver ended or says what it never would; the judged C has broken it."""


class Driver:
    """A driver process to talk to."""

    def __init__(self, running: Running, program: Program) -> None:
        self.running, self.process, self.program = running, running.process, program

    def ask(self, calls: Iterable[str]) -> Iterator[Answer]:
        """The answer to each call, in order. Raises ``DriverError``."""
        waiting = iter(calls)
        while batch := list(islice(waiting, _BATCH)):
            yield from self._batch(batch)

    def _batch(self, calls: Sequence[str]) -> Iterator[Answer]:
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(("\n".join(calls) + "\n\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise DriverError(self._ending()) from None
        for _ in calls:
            line = self.process.stdout.readline(_ANSWER_MAX)
            if not line.endswith(b"\n"):
                raise DriverError(self._ending())
            yield parse_reply(line.decode(errors="replace").rstrip("\n"), self.program.slots)

    def _ending(self) -> str:
        try:
            status = self.process.wait(1)
        except subprocess.TimeoutExpired:
            return _NONSENSE
        if self.running.exceeded:
            return f"running the judged C {self.running.exceeded}"
        return _ENDINGS.get(status, f"the driver ended with status {status}")


@contextmanager
def run_driver(program: Program) -> Iterator[Driver]:
    """A driver; the ``with`` block ends it and all that it has started."""
    view = program.view and View(program.command)
    job = Job(program.command, Path("/"), LIMITS, _OPTIONS, view=view)
    with started(job, PIPE, PIPE, DEVNULL) as running:
        watch = threading.Thread(target=running.watch, daemon=True)
        watch.start()
        try:
            yield Driver(running, program)
        finally:
            running.end()
            watch.join()
            for stream in (running.process.stdin, running.process.stdout):
                assert stream
                with suppress(BrokenPipeError):  # what it didn't read any more
                    stream.close()


@lru_cache(maxsize=1 << 12)  # a few replies make up most of exploring; halves its CPU time
def parse_reply(line: str, slot_count: int) -> Answer:
    """The answer that a line of the driver's holds; raises ``DriverError`` for any other line."""
    how, _, text = line.partition("\t")
    if how.startswith("crash "):
        ending = how.removeprefix("crash ")
        return Answer(Ending.CRASH, _sanitizer_text(text) or _PLAIN.get(ending, ending))
    try:
        *fields, end = line.split("|")
        ending, result, state, *place = end.split()
        return Answer(
            Ending(ending),
            "".join(place).removeprefix("./"),
            int(result),
            int(state),
            tuple(" ".join(fields[::2]).split()),
            tuple(_parse_slots(stage, slot_count) for stage in fields[1::2]),
        )
    except ValueError:
        raise DriverError(_NONSENSE) from None


def _parse_slots(text: str, count: int) -> State:
    """What the slots hold, as the model writes states; nothing that differs in C becomes equal."""
    pairs = [word.split(",") for word in text.split()]
    if len(pairs) != count:
        raise ValueError
    return tuple((int(value), None if table == "NULL" else table) for value, table in pairs)


def _sanitizer_text(output: str) -> str:
    """What a sanitizer complains of, without addresses that differ from run to run."""
    complaint = _COMPLAINT.search(output)
    if not complaint:
        return ""
    text = _IN_GLUE.sub("", complaint[1] or complaint[2]).removeprefix("./")
    return _ADDRESS.sub("", text).strip()
