# SPDX-License-Identifier: GPL-2.0-only
"""Breadth-first over every state that the C can reach, each call held against the model.

A state is whatever the judged objects' memory holds, so exploration is over what the C really does, not
over what it should do. Every transition is judged where it starts, also in states that the model would
never be in; the first counterexample of each kind is the shortest one.
"""

from xenhostgen.reference_model.registry import State
from xenhostgen.spec.model import Interface
from xenhostgen.verify.calls import Call, Runner, all_calls
from xenhostgen.verify.driver import Answer, Driver, Slots, decoded
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.transitions import Transitions

# Once hidden memory has shown, more of its states tell nothing new.
_HIDDEN_STATES_MAX = 300


class Explorer(Runner):
    """Explores one interface."""

    seen_by = "exploration"

    def __init__(self, spec: Interface, driver: Driver) -> None:
        super().__init__(spec, driver)
        self.judging = Transitions(spec)
        self.parents: dict[int, tuple[int, Call] | None] = {0: None}
        self.images: dict[int, State] = {}
        self.by_slots: dict[State, int] = {}

    def run(self) -> None:
        """Visit every state; raises ``DriverError`` when the judged C breaks the driver."""
        level = [0] if self.start() else []
        calls = list(all_calls(self.spec))
        while level and not len(self.by_slots) < len(self.images) > _HIDDEN_STATES_MAX:
            level = self.reach(level, calls)
        # The C knows the spec's own tables, and where these lie.
        level = [
            state for state, held in self.images.items() if {ops for _, ops in held} <= {None, "A"}
        ]
        values = [self.spec.values[name] for slot in self.spec.slots for name in slot.accepts]
        registering = [
            Call("r", value, table.symbol) for value in values for _, table in self.spec.tables()
        ]
        level = self.reach(level[:_HIDDEN_STATES_MAX], registering)
        self.reach(level, [Call("i"), *(Call("u", value) for value in values)])

    def reach(self, level: list[int], calls: list[Call]) -> list[int]:
        """Make and judge all calls in each of these states; the new states that they lead to."""
        asked = [(state, call) for state in level for call in calls]
        answers = zip(
            asked, self.driver.ask(call.line(state) for state, call in asked), strict=True
        )
        return [answer.state for (state, call), answer in answers if self.step(state, call, answer)]

    def start(self) -> bool:
        """Enter the state before the first call; False if it can't even be read."""
        (first,) = self.driver.ask(["s 0"])
        if first.how != "ok":
            message = f"reading the slots before the first call crashes: {first.text}"
            self.note(Finding("crash", self.spec.c.array, message), 0)
            return False
        self.enter(0, first.slots)
        if self.images[0] != self.judging.registry.initial:
            message = (
                f"slots are not empty before the first call: {self.wording.state(self.images[0])}"
            )
            self.note(Finding("initial-state", self.spec.c.array, message), 0)
        return True

    def step(self, state: int, call: Call, answer: Answer) -> bool:
        """Judge one call; True if it leads to a new state, which is then entered."""
        self.count += 1
        if finding := self.judging.judge(self.images[state], call, answer):
            self.note(finding, state, call)
        elif answer.how == "visit" and answer.state != state:
            message = "should only look at the slots; it changes memory of the judged files"
            self.note(Finding("iteration-wrong", self.spec.c.iterator, message), state, call)
        if answer.how != "ok" or answer.state in self.parents:
            return False
        if answer.state < 0:
            message = "there is no end of states: something counts"
            self.note(Finding("hidden-state", self.spec.c.array, message), state, call)
            return False
        self.parents[answer.state] = (state, call)
        self.enter(answer.state, answer.slots)
        return True

    def enter(self, state: int, slots: Slots) -> None:
        """Remember a new state, and look at what it holds besides what the slots should."""
        held = self.images[state] = decoded(slots)
        for index, (slot, image) in enumerate(zip(self.spec.slots, slots, strict=True)):
            if image.pointer != index:
                message = f"'{slot.pointer}' doesn't point to slot {index} of '{self.spec.c.array}'"
                self.note(Finding("slot-pointer", slot.pointer, message), state)
        if self.by_slots.setdefault(held, state) != state:
            message = "memory outside the slots differs between calls that leave the same slots"
            self.note(Finding("hidden-state", self.spec.c.array, message), state)

    def note(self, finding: Finding, state: int, call: Call | None = None) -> None:
        """Keep a fault with the shortest sequence of calls that leads to it: to a state, and one more."""
        if (finding.rule, finding.subject) in self.found:
            return
        steps = [call] if call else []
        while (parent := self.parents[state]) is not None:
            state, call = parent
            steps.append(call)
        self.keep(finding, *map(self.wording.call, reversed(steps)))
