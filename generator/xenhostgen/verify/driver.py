# SPDX-License-Identifier: GPL-2.0-only
"""Talk to a running driver: calls go in, answers come out, crashes included.

The driver runs a stranger's C, so whatever it says is read with distrust.
"""

import os
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple, Self

from xenhostgen.reference_model.registry import State
from xenhostgen.sandbox.process import end_group
from xenhostgen.verify.build import Program

SECONDS_MAX = 60
_BATCH = 200_000
_ANSWER_MAX = 1 << 17
_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:symbolize=0:exitcode=77:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=0:exitcode=77",
}
_NONSENSE = "the answers of the judged C make no sense"
_PLAIN = {
    "Bad system call": "it asks the operating system for something",
    "Profiling timer expired": "it doesn't end",
}
# How driver.c ends when it can't go on.
_ENDINGS = {
    5: "nearly every call crashes",
    6: "calls don't end",
    7: "the judged C has more writable memory than can be watched",
    8: "this system can't confine the judged C (seccomp is missing)",
}


class SlotImage(NamedTuple):
    """What a slot holds in C: the type's value, the ops table by name, where its pointer points."""

    type: int
    ops: str
    pointer: int


Slots = tuple[SlotImage, ...]


def decoded(slots: Slots) -> State:
    """Slot images as the model writes states; nothing that differs in C becomes equal."""
    return tuple((image.type, None if image.ops == "NULL" else image.ops) for image in slots)


class Answer(NamedTuple):
    """What one call did.

    ``how`` is ``ok``, ``bug``, ``visit``, ``wrap``, ``boot`` or ``crash``; ``text`` tells where a BUG struck or how it
    crashed; ``result`` is what the function returned; ``state`` is the one behind the call, -1 when there are too many.
    """

    how: str
    result: int = 0
    state: int = 0
    slots: Slots = ()
    stages: tuple[Slots, ...] = ()
    visited: tuple[str, ...] = ()
    text: str = ""


class DriverError(Exception):
    """The driver ended or says what it never would; the judged C has broken it."""


class Driver:
    """A driver process: use it in a ``with`` block, which ends it and whatever the judged C has started."""

    def __init__(self, program: Program) -> None:
        self.slots = program.slots
        self.process = subprocess.Popen(
            [program.executable],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath), **_OPTIONS},
            start_new_session=True,
        )
        self.late = False
        self.watch = threading.Timer(SECONDS_MAX, self._expire)
        self.watch.daemon = True
        self.watch.start()

    def _expire(self) -> None:
        self.late = True
        end_group(self.process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.watch.cancel()
        end_group(self.process)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            with suppress(BrokenPipeError):  # what it didn't read any more
                stream.close()

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
        for call in calls:
            line = self.process.stdout.readline(_ANSWER_MAX)
            if not line.endswith(b"\n"):
                raise DriverError(self._ending())
            yield _answer(line.decode(errors="replace").rstrip("\n"), call[:1], self.slots)

    def _ending(self) -> str:
        try:
            status = self.process.wait(1)
        except subprocess.TimeoutExpired:
            return _NONSENSE
        if self.late:
            return f"running the judged C takes more than {SECONDS_MAX} seconds"
        return _ENDINGS.get(status, f"the driver ended with status {status}")


def _answer(line: str, call: str, slots: int) -> Answer:
    """What a line says of a call of that kind; raises ``DriverError`` for what no such call can lead to."""

    def images(words: Sequence[str]) -> Slots:
        if len(words) != slots:
            raise ValueError
        split = (word.split(",") for word in words)
        return tuple(SlotImage(int(kind), ops, int(pointer)) for kind, ops, pointer in split)

    how, _, rest = line.partition(" ")
    with suppress(ValueError):
        match how, call:
            case "crash", _:
                ending, _, said = rest.partition("\t")
                return Answer("crash", text=_sanitizer_text(said) or _PLAIN.get(ending, ending))
            case ("visit", "i") | ("wrap", "w"):
                *visited, state = rest.split()
                return Answer(how, state=int(state), visited=tuple(visited))
            case "boot", "b":
                *stages, last = [stage.split() for stage in rest.split("|")[1:]]
                if last[:1] != ["bug"]:
                    return Answer("boot", stages=tuple(map(images, [*stages, last])))
                (_, place) = last
                return Answer(
                    "bug", stages=tuple(map(images, stages)), text=place.removeprefix("./")
                )
            case "ok", "s" | "r" | "u":
                result, state, *held = rest.split()
                return Answer("ok", int(result), int(state), images(held))
            case "bug", _:
                place, state, *held = rest.split()
                return Answer(
                    "bug", state=int(state), slots=images(held), text=place.removeprefix("./")
                )
    raise DriverError(_NONSENSE)


def _sanitizer_text(said: str) -> str:
    """What a sanitizer complains of, without addresses that differ from run to run."""
    found = re.search(
        r"([^\s\t]+:\d+:\d+: runtime error: [^\t]*)|ERROR: (AddressSanitizer: [^\t]*)", said
    )
    if not found:
        return ""
    text = re.sub(r"^\S*/glue\.c:\d+:\d+: runtime error: ", "", found[1] or found[2]).removeprefix(
        "./"
    )
    return re.sub(r"( on (unknown )?address)? 0x[0-9a-f]+| \(pc .*| at pc .*", "", text).strip()
