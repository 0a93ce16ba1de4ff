# SPDX-License-Identifier: GPL-2.0-only
"""Breadth-first over every state that the C can reach, each call held against the model.

A state is whatever the judged objects' memory holds, so exploration is over what the C really does,
not over what it should do. Every transition is judged where it starts, also in states that the
model would never be in, unless a slot holds what is no host: what follows from that is no fault of
its own. The first counterexample of each kind is the shortest one.
"""

from collections.abc import Sequence
from ctypes import c_int
from itertools import product, starmap

from xenhostgen.reference_model.registry import State
from xenhostgen.verify.calls import Change, Iterate, IterateAmong, Register, Unregister, all_changes
from xenhostgen.verify.driver import Answer, Driver
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.oracle import Oracle
from xenhostgen.verify.protocol import Call, Runner
from xenhostgen.verify.wording import Wording

# Once hidden memory has shown, more of its states tell nothing new.
_HIDDEN_STATES_MAX = 300
# With that many calls, states of large registries are left out.
_CALLS_MAX = 100_000
_LEFT_OUT = f"states of the registry that take more than {_CALLS_MAX} calls to try"
# Types that no spec lists, or few: to code that keeps some bits of them they are others.
_FEW = 4
_NEAR = range(-300, 301)
_BITS = [sign << bit for sign in (1, -1) for bit in range(9, 31)] + [-(1 << 31), (1 << 31) - 1]


class Explorer(Runner):
    """Explores one interface. ``states``: those reached, by the driver's numbers."""

    seen_by = "exploration"
    counted = "transitions"

    def __init__(self, wording: Wording, driver: Driver, oracle: Oracle | None = None) -> None:
        super().__init__(wording, driver, oracle)
        self.states: dict[int, Answer] = {}
        self.by_slots: dict[State, int] = {}

    def run(self) -> None:
        """Visit every state; raises ``DriverError`` when the judged C breaks the driver."""
        level = self.start()
        calls = [Iterate(self.wording), *all_changes(self.wording)]
        while level and not self.left_out:
            level = self.expand(level, calls)
            if len(self.by_slots) < len(self.states) and len(self.states) > _HIDDEN_STATES_MAX:
                break
        self.expand_far()
        # The C knows the spec's own tables, and where these lie.
        plain = [
            state
            for state in self.states.values()
            if {table for _, table in state.slots} <= {self.wording.registry.empty[1], "A"}
        ]
        values = list(self.wording.registry.home)
        pairs = product(values, self.wording.tables)
        registering = [Register(self.wording, value, table) for value, table in pairs]
        level = self.expand(plain[:_HIDDEN_STATES_MAX], registering)
        removing = [Unregister(self.wording, value) for value in values]
        self.expand(level, [Iterate(self.wording), *removing])

    def expand_far(self) -> None:
        """Try types of all sizes, each once, and with the most hosts that there are to remove."""
        wording, states = self.wording, list(self.states.values())
        visited = wording.registry.visited
        full = sorted(states, key=lambda state: len(visited(state.slots)))[-1:]
        listed = [*wording.registry.home][:_FEW]
        flipped = [c_int(value ^ (1 << bit)).value for value in listed for bit in range(9, 32)]
        values = dict.fromkeys([*_NEAR, *_BITS, *flipped])
        self.expand(states[:1], [Register(wording, value, "A") for value in values])
        self.expand(full, [Unregister(wording, value) for value in values])
        slots = range(len(self.spec.slots))
        holes = [IterateAmong(wording, slot, how) for slot in slots for how in ("alone", "others")]
        self.expand(states[:1], holes)

    def start(self) -> list[Answer]:
        """Enter the state before the first call; none if it can't even be read."""
        (answer,) = self.driver.ask(["slots 0"])
        if answer.failure:
            rule, message = "crash", f"reading the slots before the first call {answer.failure}"
        elif answer.slots != self.wording.registry.initial:
            held = self.wording.state(answer.slots)
            rule, message = "initial-state", f"slots are not empty before the first call: {held}"
        else:
            self.enter(answer)
            return [answer]
        self.note(Finding(rule, self.spec.c.array, message), answer)
        return []

    def expand(self, level: Sequence[Answer], calls: Sequence[Call]) -> list[Answer]:
        """Make and judge all calls in each of these states; the new states that they lead to.

        In some of these states, one at least, where all would be too many calls.
        """
        room = max(1, (_CALLS_MAX - self.done[self.counted]) // len(calls))
        if room < len(level):
            self.left_out, level = _LEFT_OUT, level[:room]
        followed = starmap(self.follow, self.check(product(level, calls)))
        return [state for state in followed if state]

    def follow(self, before: Answer, call: Call, answer: Answer) -> Answer | None:
        """Enter the state that a call leads to; returns it if it is new."""
        stays = answer.failure or not isinstance(call, Change)
        if stays or answer.state in self.states:
            return None
        if not self.wording.registry.is_possible(answer.slots):
            return None
        if answer.state < 0 and len(self.by_slots) == len(self.states):
            self.left_out = _LEFT_OUT
            return None
        if answer.state < 0:
            message = "the number of states keeps growing: something counts"
            self.note(Finding("hidden-state", self.spec.c.array, message), before, call)
            return None
        self.origins[answer.state] = before, call
        self.enter(answer)
        return answer

    def enter(self, state: Answer) -> None:
        """Remember a new state, and look at what it holds besides what the slots should."""
        self.states[state.state] = state
        self.done["states"] += 1
        array = self.spec.c.array
        for index, slot in enumerate(self.spec.slots):
            if str(index) in state.words:
                message = f"'{slot.pointer}' doesn't point to slot {index} of '{array}'"
                self.note(Finding("slot-pointer", slot.pointer, message), state)
        if self.by_slots.setdefault(state.slots, state.state) != state.state:
            message = "memory outside the slots differs between calls that leave the same slots"
            self.note(Finding("hidden-state", array, message), state)
