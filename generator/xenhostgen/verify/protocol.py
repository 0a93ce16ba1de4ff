# SPDX-License-Identifier: GPL-2.0-only
"""The protocol of everything that drives the judged C: a `Call`, made in a state, gives a `Check`.

Each kind of call is a class that knows its line for the driver, its C text, and what the reference
model expects of it. Registering, unregistering and iterating stand in ``calls``, wrappers in
``wrappers``, boots in ``boots``.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import ClassVar, NamedTuple

from xenhostgen.reference_model.registry import State
from xenhostgen.sandbox.location import Location
from xenhostgen.spec.model import Interface
from xenhostgen.verify.driver import Answer, Driver
from xenhostgen.verify.findings import Finding

_PLACE = re.compile(r"(?!/)([^\s:]+/[^\s:]+):(\d+)(?::(\d+))?")


class Reached(NamedTuple):
    """A state that the judged C reaches: the driver's number, and what the slots hold."""

    number: int
    slots: State


class Call(ABC):
    """A call that the driver can make. ``str()`` gives its C text, as --replay reads it."""

    @abstractmethod
    def line(self, state: int) -> str:
        """The call in the state of this number, as the driver reads it."""

    @abstractmethod
    def expected(self, before: Reached) -> str:
        """What the reference model expects of the call, made in a state, in words."""

    @abstractmethod
    def happened(self, before: Reached, answer: Answer) -> str:
        """What the C did by an answer, in words."""

    @abstractmethod
    def findings(self, before: Reached, answer: Answer) -> Iterable[Finding]:
        """The faults that an answer to the call shows, without counterexamples."""


class Check(NamedTuple):
    """A call made in a state, and the answer to it; ``call`` knows what these tell."""

    call: Call
    before: Reached
    answer: Answer

    @property
    def findings(self) -> Iterable[Finding]:
        """The faults that show."""
        return self.call.findings(self.before, self.answer)


class Runner(ABC):
    """Drives one interface's C. ``count``: the calls checked; ``seen_by``: its findings' tag."""

    seen_by: ClassVar[str]

    def __init__(self, spec: Interface, driver: Driver) -> None:
        self.spec, self.driver = spec, driver
        self.kept: dict[tuple[str, str], Finding] = {}
        self.count = 0

    @abstractmethod
    def run(self) -> None:
        """Make and check all calls; raises ``DriverError`` when the judged C breaks the driver."""

    @property
    def findings(self) -> list[Finding]:
        """The faults seen, with the first counterexample of each."""
        return list(self.kept.values())

    def check(self, calls: Iterable[tuple[Reached, Call]]) -> Iterator[Check]:
        """Make calls, each in its state; raises ``DriverError``."""
        calls = list(calls)
        lines = (call.line(before.number) for before, call in calls)
        for (before, call), answer in zip(calls, self.driver.ask(lines), strict=True):
            self.count += 1
            yield Check(call, before, answer)

    def keep(self, finding: Finding, *steps: str) -> None:
        """Keep a fault with the steps that show it, unless it has been seen."""
        shown = replace(finding, counterexample=steps, seen_by=self.seen_by)
        self.kept.setdefault((finding.rule, finding.subject), shown)


def place_in(text: str) -> Location | None:
    """The place in judged C that a crash or a BUG names."""
    match = _PLACE.match(text)
    return Location(match[1], int(match[2]), int(match[3] or 1)) if match else None
