# SPDX-License-Identifier: GPL-2.0-only
"""The calls on a registry: registering, unregistering and iterating, held against rules 1 to 8."""

import errno
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from xenhostgen.reference_model.registry import Outcome, State
from xenhostgen.verify.driver import Answer, Ending
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import errno_value
from xenhostgen.verify.protocol import Call
from xenhostgen.verify.wording import Wording

_OUTSIDE = (-1, 1 << 30, (1 << 31) - 1, -(1 << 31))
# By the model's reason for misuse: its words, and the rule of the finding if misuse succeeds.
MISUSE = {
    "type": ("no slot accepts that type", "unlisted-type-accepted"),
    "ops": ("its ops are NULL", "null-ops-accepted"),
    "occupied": ("the slot is taken", "slot-overwritten"),
    "requires": ("the slot that it requires is empty", "dependency-not-enforced"),
    "absent": ("no host of that type is registered", "unregister-wrong-type"),
    "required": ("a taken slot requires this one", "required-slot-emptied"),
}


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

    def expected(self, before: Answer) -> str:
        """The slots to visit, by rule 8."""
        return self.wording.visits(map(str, self.wording.registry.visited(before.slots)))

    def happened(self, before: Answer, answer: Answer) -> str:
        """The slots that are visited."""
        return answer.failure or self.wording.visits(answer.words) + answer.changes(before)

    def findings(self, before: Answer, answer: Answer) -> Iterator[Finding]:
        """Other visits than rule 8 asks for, and changes."""
        if self.happened(before, answer) != self.expected(before):
            subject, message = self.wording.spec.c.iterator, self.difference(before, answer)
            yield Finding("iteration-wrong", subject, message, answer.place)


class IterateAmong(Iterate):
    """Iteration where one slot alone is taken, or all others are, as no calls may lead to.

    ``type`` is the slot's number, ``table`` is "alone" or "others".
    """

    def __str__(self) -> str:
        slot = self.wording.slot_names[str(self.type)]
        taken = "alone taken" if self.table == "alone" else "alone empty"
        return f"{self.wording.spec.c.iterator}() with '{slot}' {taken}"

    @property
    def taken(self) -> list[int]:
        """The slots that are taken."""
        slots = range(len(self.wording.spec.slots))
        return [slot for slot in slots if (slot == self.type) == (self.table == "alone")]

    def line(self, state: int) -> str:
        """The call as the driver reads it, which makes the hosts."""
        spec = self.wording.spec
        types = (spec.values[spec.slots[slot].accepts[0]] for slot in self.taken)
        hosts = (Register(self.wording, value, "A").held for value in types)
        return " ".join([f"{self.verb} {state} 0 - 1", *hosts])

    def expected(self, before: Answer) -> str:
        """The slots that are taken."""
        return self.wording.visits(map(str, self.taken))


class Change(RegistryCall):
    """A call that may change a slot."""

    noun: ClassVar[str]

    def expected(self, before: Answer) -> str:
        """The result and the slots by rules 1 to 7."""
        outcome = self.outcome(before.slots)
        if outcome.misuse:
            reason, _ = MISUSE[outcome.reason]
            return f"{outcome.errno or 'a BUG'} and no change, because {reason}"
        return f"success, with {self.wording.state(outcome.state)}"

    def happened(self, before: Answer, answer: Answer) -> str:
        """The result, and what the slots hold."""
        if answer.ending is Ending.CRASH:
            return answer.failure
        name = errno.errorcode.get(-answer.result)
        result = f"-{name}" if name else str(answer.result)
        if answer.ending is Ending.BUG:
            result = "a BUG"
        elif answer.result == 0:
            result = "success"
        if answer.ending is Ending.RETURNED and answer.text:
            result = f"{answer.text} is written, {result}"
        if answer.slots == before.slots:
            return f"{result} and no change"
        return f"{result}, with {self.wording.state(answer.slots)}"

    def findings(self, before: Answer, answer: Answer) -> Iterator[Finding]:
        """The rule of 1 to 7 that is broken."""
        if rule := self._broken_rule(before, answer):
            message = self.difference(before, answer)
            yield Finding(rule, self._subject(rule), message, answer.place)

    def _broken_rule(self, before: Answer, answer: Answer) -> str:
        """The name of the fault that an answer shows; empty for none."""
        if answer.ending is Ending.CRASH:
            return "crash"
        outcome = self.outcome(before.slots)
        result = None if answer.failure else str(answer.result)
        due = outcome.errno and errno_value(outcome.errno)
        if result == due and answer.slots == outcome.state:
            return "writes-elsewhere" if answer.text and not answer.failure else ""
        if outcome.misuse and result == "0":
            _, rule = MISUSE[outcome.reason]
            return rule
        if outcome.misuse:
            unchanged = answer.slots == before.slots
            return "misuse-misreported" if unchanged else "misuse-changes-state"
        if outcome.rule == 6 and outcome.state == before.slots:
            return "unregister-wrong-type"
        return f"{self.noun}-wrong" if result == "0" else f"{self.noun}-refused"

    def _subject(self, rule: str) -> str:
        """What a fault is about: the slot that lacks its guard, else the function."""
        registry, slots = self.wording.registry, self.wording.spec.slots
        if rule == "dependency-not-enforced":
            return slots[registry.home[self.type]].pointer
        if rule == "required-slot-emptied":
            return slots[registry.requires.index(registry.home[self.type])].pointer
        return str(self).partition("(")[0]


class Register(Change):
    """Registering a type with a table."""

    verb = "register"
    noun = "registration"

    def __str__(self) -> str:
        return f"{self.wording.spec.c.register}({self.wording.type(self.type)}, {self.table})"

    @property
    def slot(self) -> int:
        """The slot that accepts the type."""
        return self.wording.registry.home[self.type]

    @property
    def held(self) -> str:
        """What it leads to, for the driver to bring about before a call."""
        return f"{self.slot} {self.type} {self.table}"

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
