# SPDX-License-Identifier: GPL-2.0-only
"""The protocol of everything that drives the judged C: a `Call`, made in a state, gets an `Answer`.

Each kind of call is a class that knows its line for the driver, its C text, and what the reference
model expects of it. Registering, unregistering and iterating stand in ``calls``, wrappers in
``wrappers``, boots in ``boots``. A state is the answer that led to it: it has the driver's number
of that state, and what the slots hold.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import ClassVar

from xenhostgen.verify.driver import Answer, Driver, Ending
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.oracle import Oracle
from xenhostgen.verify.wording import Wording

POWER_ON = Answer(Ending.RETURNED)
"""The state before the first call; what its slots hold is asked where it matters."""


class Call(ABC):
    """A call that the driver can make. ``str()`` gives its C text, as --replay reads it."""

    @abstractmethod
    def line(self, state: int) -> str:
        """The call in the state of this number, as the driver reads it."""

    @abstractmethod
    def expected(self, before: Answer) -> str:
        """What the reference model expects of the call, made in a state, in words."""

    @abstractmethod
    def happened(self, before: Answer, answer: Answer) -> str:
        """What the C did by an answer, in words."""

    @abstractmethod
    def findings(self, before: Answer, answer: Answer) -> Iterable[Finding]:
        """The faults that an answer to the call shows, without counterexamples."""

    @property
    def steps(self) -> tuple[str, ...]:
        """The calls that show the same from the state in which it is made."""
        return (str(self),)

    def difference(self, before: Answer, answer: Answer) -> str:
        """The message of a finding: the call, what was expected of it, and what happened."""
        happened = self.happened(before, answer)
        if answer.ending is Ending.CRASH:
            return f"{self} {happened}"
        return f"{self}: expected {self.expected(before)}; the C: {happened}"


class Runner(ABC):
    """Drives one interface's C. ``done`` counts the calls as ``counted``, as a ``Run`` has them.

    ``seen_by`` is its findings' tag. ``kept`` has the faults seen, with the first counterexample of
    each, by rule and subject; ``origins`` has, for each state but the first, the state and the call
    that led to it first.
    """

    seen_by: ClassVar[str]
    counted: ClassVar[str]
    left_out = ""
    """What there was too much of."""

    def __init__(self, wording: Wording, driver: Driver, oracle: Oracle | None = None) -> None:
        self.wording, self.spec, self.driver = wording, wording.spec, driver
        self.oracle = oracle
        self.kept: dict[tuple[str, str], Finding] = {}
        self.counts: Counter[tuple[str, str]] = Counter()
        self.origins: dict[int, tuple[Answer, Call]] = {}
        self.done: Counter[str] = Counter()

    def findings(self) -> Iterator[Finding]:
        """The faults seen, each with the number of calls that show it."""
        for key, finding in self.kept.items():
            yield replace(finding, count=self.counts[key])

    @abstractmethod
    def run(self) -> None:
        """Make and check all calls; raises ``DriverError`` when the judged C breaks the driver."""

    def check(self, calls: Iterable[tuple[Answer, Call]]) -> Iterator[tuple[Answer, Call, Answer]]:
        """Make and judge calls, each in its state; raises ``DriverError``."""
        calls = list(calls)
        lines = (call.line(before.state) for before, call in calls)
        for (before, call), answer in zip(calls, self.driver.ask(lines), strict=True):
            self.done[self.counted] += 1
            for finding in call.findings(before, answer):
                is_crash = answer.ending is Ending.CRASH  # whose words are the compiler's
                outcome = "crashes" if is_crash else call.happened(before, answer)
                self.note(replace(finding, outcome=outcome), before, call)
            yield before, call, answer

    def note(self, finding: Finding, state: Answer, call: Call | None = None) -> None:
        """Keep a fault that hasn't been seen, with the calls that lead to a state and on."""
        self.counts[finding.rule, finding.subject] += 1
        if (finding.rule, finding.subject) in self.kept:
            return
        steps = list(call.steps) if call else []
        while origin := self.origins.get(state.state):
            state, call = origin
            steps.insert(0, str(call))
        shown = replace(finding, counterexample=tuple(steps), seen_by=self.seen_by)
        self.kept[finding.rule, finding.subject] = shown
