# SPDX-License-Identifier: GPL-2.0-only
"""Talk to a running driver: batches of calls go in, answers come out, crashes included."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from xenhostgen.verify.build import Program

SECONDS_MAX = 120
_BATCH = 200_000
_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1:hard_rss_limit_mb=1024",
    "UBSAN_OPTIONS": "print_stacktrace=0:abort_on_error=1",
}


@dataclass(frozen=True, slots=True)
class SlotImage:
    """What a slot holds in C: the type's value, the ops table by name, where its pointer points."""

    type: int
    ops: str
    pointer: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call did.

    ``how`` is ``ok``, ``bug``, ``visit`` or ``crash``; ``text`` tells where a BUG struck or what a
    sanitizer said; ``result`` is what the function returned.
    """

    how: str
    result: int = 0
    state: int = 0
    slots: tuple[SlotImage, ...] = ()
    stages: tuple[tuple[SlotImage, ...], ...] = ()
    visited: tuple[str, ...] = ()
    text: str = ""


class DriverError(Exception):
    """The driver itself ended or stopped answering; the judged C has broken it."""


class Driver:
    """A driver process."""

    def __init__(self, program: Program) -> None:
        env = {"PATH": os.environ.get("PATH", os.defpath), **_OPTIONS}
        self.process = subprocess.Popen(
            [program.executable],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=env,
            start_new_session=True,
        )
        self.said: list[str] = []
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        self.watch = threading.Timer(SECONDS_MAX, self.kill)
        self.watch.daemon = True
        self.watch.start()

    def _listen(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            if len(self.said) < 100_000:
                self.said.append(line)

    def kill(self) -> None:
        """End the driver and whatever the judged C has started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def close(self) -> None:
        """End the driver."""
        self.watch.cancel()
        self.kill()
        self.process.wait()
        self.listener.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    def ask(self, calls: Iterable[str]) -> Iterator[Answer]:
        """The answer to each call, in order. Raises ``DriverError``."""
        batch: list[str] = []
        for call in calls:
            batch.append(call)
            if len(batch) == _BATCH:
                yield from self._batch(batch)
                batch = []
        if batch:
            yield from self._batch(batch)

    def _batch(self, calls: list[str]) -> list[Answer]:
        process = self.process
        assert process.stdin and process.stdout
        try:
            process.stdin.write("\n".join(calls) + "\n\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise DriverError(self._last_words()) from None
        answers: list[Answer] = []
        crashed: list[int] = []
        for line in process.stdout:
            line = line.rstrip("\n")
            if line == ".":
                break
            if line.startswith("crash "):
                _, number, how = line.split(" ", 2)
                crashed.append(int(number))
                answers.append(Answer("crash", text=how))
            elif line:
                answers.append(_answer(line))
        else:
            raise DriverError(self._last_words())
        if crashed:
            self._explain(answers, crashed)
        if len(answers) != len(calls):
            raise DriverError("the judged C writes to the driver's output")
        return answers

    def _explain(self, answers: list[Answer], crashed: list[int]) -> None:
        """Put what the sanitizers said beside each crash."""
        for number in crashed:
            end = f"crash {number} ends here\n"
            while end not in self.said and self.process.poll() is None:
                threading.Event().wait(0.001)
            words: list[str] = []
            while self.said and (line := self.said.pop(0)) != end:
                words.append(line)
            answers[number] = Answer("crash", text=_sanitizer_text(words) or answers[number].text)

    def _last_words(self) -> str:
        self.process.wait()
        self.listener.join()
        return (
            _sanitizer_text(self.said) or f"the driver ended with status {self.process.returncode}"
        )


@contextmanager
def running(program: Program) -> Iterator[Driver]:
    """A driver that is ended whatever happens."""
    driver = Driver(program)
    try:
        yield driver
    finally:
        driver.close()


def _sanitizer_text(words: Iterable[str]) -> str:
    for line in words:
        found = re.search(r"(\S+:\d+:\d+: runtime error: .*)|ERROR: (AddressSanitizer: .*)", line)
        if found:
            said = found[1] or found[2]
            return re.sub(r" \(pc 0x.*| at pc 0x.*", "", re.sub(r"^\./", "", said)).strip()
    return ""


def _slots(words: Iterable[str]) -> tuple[SlotImage, ...]:
    images = []
    for word in words:
        kind, ops, pointer = word.split(",")
        images.append(SlotImage(int(kind), ops, int(pointer)))
    return tuple(images)


def _answer(line: str) -> Answer:
    try:
        how, *words = line.split(" ")
        if how == "visit":
            return Answer("visit", visited=tuple(words))
        if how == "bug":
            return Answer(
                "bug",
                state=int(words[1]),
                slots=_slots(words[2:]),
                text=words[0].removeprefix("./"),
            )
        if "|" in line:
            head, *stages = line.split(" |")
            last = stages[-1].split()
            if last[:1] == ["bug"]:
                return Answer(
                    "bug",
                    stages=tuple(_slots(s.split()) for s in stages[:-1]),
                    text=last[1].removeprefix("./"),
                )
            return Answer("ok", stages=tuple(_slots(s.split()) for s in stages))
        if not words:
            return Answer("ok")
        return Answer(
            "ok", int(words[0]), int(words[1]) if len(words) > 1 else 0, _slots(words[2:])
        )
    except (ValueError, IndexError):
        raise DriverError("the judged C writes to the driver's output") from None
