# SPDX-License-Identifier: GPL-2.0-only
"""Breadth-first over every state that the C can reach, each call held against the model.

A state is whatever the judged objects' memory holds, so exploration is over what the C really does,
not over what it should do. Every transition is judged where it starts, also in states that the
model would never be in; the first counterexample of each kind is the shortest one.
"""

from collections.abc import Sequence
from itertools import product

from xenhostgen.reference_model.registry import State
from xenhostgen.spec.model import Interface
from xenhostgen.verify.calls import Change, Iterate, Register, Unregister, Wording, all_changes
from xenhostgen.verify.driver import Answer, Driver
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.protocol import Call, Check, Reached, Runner

# Once hidden memory has shown, more of its states tell nothing new.
_HIDDEN_STATES_MAX = 300


class Explorer(Runner):
    """Explores one interface. ``states``: those reached, by the driver's numbers."""

    seen_by = "exploration"

    def __init__(self, spec: Interface, driver: Driver) -> None:
        super().__init__(spec, driver)
        self.wording = Wording(spec)
        self.states: dict[int, Reached] = {}
        self.origins: dict[int, Check] = {}  # the check that led to a state first
        self.by_slots: dict[State, int] = {}

    def run(self) -> None:
        """Visit every state; raises ``DriverError`` when the judged C breaks the driver."""
        level = [self.states[0]] if self.start() else []
        calls = [Iterate(self.wording), *all_changes(self.wording)]
        while level:
            level = self.expand(level, calls)
            if len(self.by_slots) < len(self.states) and len(self.states) > _HIDDEN_STATES_MAX:
                break
        # The C knows the spec's own tables, and where these lie.
        plain = [state for state in self.states.values() if _holds_only_a(state)]
        values = list(self.wording.registry.home)
        tables = [table.symbol for _, table in self.spec.tables()]
        registering = [Register(self.wording, *pair) for pair in product(values, tables)]
        level = self.expand(plain[:_HIDDEN_STATES_MAX], registering)
        removing = [Unregister(self.wording, value) for value in values]
        self.expand(level, [Iterate(self.wording), *removing])

    def start(self) -> bool:
        """Enter the state before the first call; False if it can't even be read."""
        (answer,) = self.driver.ask(["slots 0"])
        if answer.failure:
            message = f"reading the slots before the first call crashes: {answer.text}"
            self.keep(Finding("crash", self.spec.c.array, message))
            return False
        first = self.enter(answer)
        if first.slots != self.wording.registry.initial:
            held = self.wording.state(first.slots)
            message = f"slots are not empty before the first call: {held}"
            self.keep(Finding("initial-state", self.spec.c.array, message))
        return True

    def expand(self, level: list[Reached], calls: Sequence[Call]) -> list[Reached]:
        """Make and judge all calls in each of these states; the new states that they lead to."""
        states = map(self.step, self.check(product(level, calls)))
        return [state for state in states if state]

    def step(self, check: Check) -> Reached | None:
        """Note what a call shows; the state that it leads to, if that is new."""
        before, answer = check.before, check.answer
        for finding in check.findings:
            self.note(finding, before, check.call)
        stays = answer.failure or not isinstance(check.call, Change)
        if stays or answer.state in self.states:
            return None
        if answer.state < 0:
            message = "there is no end of states: something counts"
            self.note(Finding("hidden-state", self.spec.c.array, message), before, check.call)
            return None
        self.origins[answer.state] = check
        return self.enter(answer)

    def enter(self, answer: Answer) -> Reached:
        """Remember a new state, and look at what it holds besides what the slots should."""
        state = self.states[answer.state] = Reached(answer.state, answer.slots)
        array = self.spec.c.array
        for index, slot in enumerate(self.spec.slots):
            if str(index) in answer.words:
                message = f"'{slot.pointer}' doesn't point to slot {index} of '{array}'"
                self.note(Finding("slot-pointer", slot.pointer, message), state)
        if self.by_slots.setdefault(state.slots, state.number) != state.number:
            message = "memory outside the slots differs between calls that leave the same slots"
            self.note(Finding("hidden-state", array, message), state)
        return state

    def note(self, finding: Finding, state: Reached, *calls: Call) -> None:
        """Keep a fault with the shortest calls that lead to it: to a state, and one more."""
        if (finding.rule, finding.subject) in self.kept:
            return
        steps = [str(call) for call in calls]
        while origin := self.origins.get(state.number):
            steps.insert(0, str(origin.call))
            state = origin.before
        self.keep(finding, *steps)


def _holds_only_a(state: Reached) -> bool:
    return all(table in (None, "A") for _, table in state.slots)
