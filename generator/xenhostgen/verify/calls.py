# SPDX-License-Identifier: GPL-2.0-only
"""The calls on a registry: registering, unregistering and iterating, held against rules 1 to 8."""

import errno
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from xenhostgen.reference_model.registry import EMPTY, Outcome, Registry, State
from xenhostgen.spec.model import Interface
from xenhostgen.verify.driver import Answer, Ending
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import errno_value
from xenhostgen.verify.protocol import Call, Reached, place_in

_OUTSIDE = (-1, 1 << 30, (1 << 31) - 1, -(1 << 31))
# By the model's reason for misuse: its words, and the rule of the finding if misuse succeeds.
_MISUSE = {
    "type": ("nothing such can be registered", "unlisted-type-accepted"),
    "ops": ("nothing such can be registered", "null-ops-accepted"),
    "occupied": ("the slot is taken", "slot-overwritten"),
    "requires": ("the slot that it requires is empty", "vacuous-guard"),
    "absent": ("no host of that type is registered", "unregister-wrong-type"),
    "required": ("a taken slot requires this one", "orphaned-remote"),
}


class Wording:
    """Words for what one interface's registry does and holds."""

    def __init__(self, spec: Interface) -> None:
        self.spec = spec
        self.registry = Registry(spec)
        self.type_names = {value: name for name, value in spec.values.items()}
        self.state = cache(self._state)  # explored states recur in thousands of checks

    def type(self, value: int) -> str:
        """A host type in C."""
        name = self.type_names.get(value)
        return self.spec.c.type(name) if name else str(value)

    def wrapper(self, op: str, slot: int) -> str:
        """The C of a wrapper called for the host in a slot; -1 is no host."""
        host = self.spec.slots[slot].pointer if slot >= 0 else "NULL"
        return f"{self.spec.c.wrapper(op)}({host})"

    def _state(self, state: State) -> str:
        """What the slots hold."""
        words = []
        for slot, held in zip(self.spec.slots, state, strict=True):
            value, table = held
            if table and table.startswith("0x"):  # an address, which differs from run to run
                table = "what is no table"
            holds = f"{self.type_names.get(value, value)}:{table or 'NULL'}"
            words.append(f"{slot.name}={'empty' if held == EMPTY else holds}")
        return " ".join(words)

    def visited(self, indexes: Iterable[str]) -> str:
        """The slots that an iteration visits, by the driver's words for them."""
        names: dict[str, str] = {"-1": "what is no slot"}
        for index, slot in enumerate(self.spec.slots):
            names[str(index)] = slot.name
        return ", ".join(names.get(index, index) for index in indexes) or "nothing"


@dataclass(frozen=True, slots=True)
class RegistryCall(Call):
    """A call of one of the registry's functions, or of its iterator."""

    verb: ClassVar[str]
    wording: Wording
    type: int = 0
    table: str = ""  # by the driver's name for it

    @abstractmethod
    def outcome(self, state: State) -> Outcome:
        """What the call must lead to in a state."""

    def line(self, state: int) -> str:
        """The call as the driver reads it."""
        return f"{self.verb} {state} {self.type} {self.table}"


class Iterate(RegistryCall):
    """Iteration over the registered hosts."""

    verb = "iterate"

    def __str__(self) -> str:
        return f"{self.wording.spec.c.iterator}()"

    def outcome(self, state: State) -> Outcome:
        """Success that changes nothing."""
        return Outcome(state, 8)

    def expected(self, before: Reached) -> str:
        """The slots to visit, by rule 8."""
        return f"visits {self.wording.visited(self._due(before))}"

    def happened(self, before: Reached, answer: Answer) -> str:
        """The slots that are visited."""
        return answer.failure or f"visits {self.wording.visited(answer.words)}"

    def findings(self, before: Reached, answer: Answer) -> Iterable[Finding]:
        """Other visits than rule 8 asks for, and changes."""
        where = None
        if answer.ending is Ending.CRASH:
            message, where = f"{self} {answer.failure}", place_in(answer.text)
        elif answer.failure or answer.words != self._due(before):
            due = self.expected(before).replace("visits", "visit", 1)
            did = answer.failure or f"it {self.happened(before, answer)}"
            message = f"should {due}; {did}"
        elif answer.state != before.number:
            message = "should only look at the slots; it changes memory of the judged files"
        else:
            return ()
        return [Finding("iteration-wrong", self.wording.spec.c.iterator, message, where)]

    def _due(self, before: Reached) -> tuple[str, ...]:
        return tuple(map(str, self.wording.registry.visited(before.slots)))


class Change(RegistryCall):
    """A call that may change a slot."""

    noun: ClassVar[str]

    def expected(self, before: Reached) -> str:
        """The result and the slots by rules 1 to 7."""
        outcome = self.outcome(before.slots)
        if outcome.misuse:
            reason, _ = _MISUSE[outcome.reason]
            return f"{outcome.errno or 'a BUG'} and no change, for {reason}"
        return f"success, with {self.wording.state(outcome.state)}"

    def happened(self, before: Reached, answer: Answer) -> str:
        """The result, and what the slots hold."""
        if answer.ending is Ending.CRASH:
            return answer.failure
        name = errno.errorcode.get(-answer.result)
        result = f"-{name}" if name else str(answer.result)
        if answer.ending is Ending.BUG:
            result = "a BUG"
        elif answer.result == 0:
            result = "success"
        if answer.slots == before.slots:
            return f"{result} and no change"
        return f"{result}, with {self.wording.state(answer.slots)}"

    def findings(self, before: Reached, answer: Answer) -> Iterable[Finding]:
        """The rule of 1 to 7 that is broken."""
        rule, message = "crash", ""
        if answer.ending is not Ending.CRASH:
            rule = self._broken_rule(before, answer)
            message = f": expected {self.expected(before)}; the C:" if rule else ""
        if not rule:
            return ()
        message = f"{self}{message} {self.happened(before, answer)}"
        return [Finding(rule, self._subject(rule), message, place_in(answer.text))]

    def _broken_rule(self, before: Reached, answer: Answer) -> str:
        """The name of the fault that an answer shows; empty for none."""
        outcome = self.outcome(before.slots)
        result = None if answer.failure else str(answer.result)
        due = outcome.errno and errno_value(outcome.errno)
        unchanged = answer.slots == before.slots
        if result == due and answer.slots == outcome.state:
            return ""
        if outcome.misuse and result != "0":
            return "misuse-misreported" if unchanged else "misuse-changes-state"
        if outcome.misuse:
            _, rule = _MISUSE[outcome.reason]
            return rule
        if outcome.rule == 6 and outcome.state == before.slots:
            return "unregister-wrong-type"
        return f"{self.noun}-wrong" if result == "0" else f"{self.noun}-refused"

    def _subject(self, rule: str) -> str:
        """What a fault is about: the slot that lacks its guard, else the function."""
        registry = self.wording.registry
        slot = registry.home.get(self.type)
        if rule == "orphaned-remote":
            slot = registry.requires.index(slot)
        elif rule != "vacuous-guard":
            slot = None
        function, _, _ = str(self).partition("(")
        return function if slot is None else self.wording.spec.slots[slot].pointer


class Register(Change):
    """Registering a type with a table."""

    verb = "register"
    noun = "registration"

    def __str__(self) -> str:
        return f"{self.wording.spec.c.register}({self.wording.type(self.type)}, {self.table})"

    def outcome(self, state: State) -> Outcome:
        """What registering must lead to."""
        table = None if self.table == "NULL" else self.table
        return self.wording.registry.register(state, self.type, table)


class Unregister(Change):
    """Unregistering a type."""

    verb = "unregister"
    noun = "unregistration"

    def __str__(self) -> str:
        return f"{self.wording.spec.c.unregister}({self.wording.type(self.type)})"

    def outcome(self, state: State) -> Outcome:
        """What unregistering must lead to."""
        return self.wording.registry.unregister(state, self.type)


def all_changes(wording: Wording) -> Iterator[Change]:
    """Every changing call that can make a difference, with types in and out of range.

    Tables are all alike to the registry: two tell whether it keeps the right one, and with many
    slots one keeps the number of states in reach. NULL is a table like others where the interface
    takes it, and misuse where it has an errno for that.
    """
    spec = wording.spec
    tables = ["A"]
    if len(spec.slots) <= 4:
        tables.append("B")
    if len(spec.slots) <= 2 or spec.registry.misuse:
        tables.append("NULL")
    values = sorted(spec.values.values())
    for value in values:
        # To code that keeps only the low bits, this is the type again.
        beyond = value + (1 << 30)
        if value < 1 << 30 and beyond not in values:
            yield Register(wording, beyond, "A")
            yield Unregister(wording, beyond)
    for value in dict.fromkeys((*values, *_OUTSIDE, values[-1] + 1)):
        for table in tables:
            yield Register(wording, value, table)
        yield Unregister(wording, value)
