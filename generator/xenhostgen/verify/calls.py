# SPDX-License-Identifier: GPL-2.0-only
"""The calls that a driver is asked to make, and the words in which calls, results and states are told."""

import errno
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import ClassVar, NamedTuple

from xenhostgen.reference_model.registry import EMPTY, Outcome, State
from xenhostgen.sandbox.location import Location
from xenhostgen.spec.model import Interface
from xenhostgen.verify.driver import Driver
from xenhostgen.verify.findings import Finding

_OUTSIDE = (-1, 1 << 30, (1 << 31) - 1, -(1 << 31))
# Why the model decides as it does, by the contract's rules.
_REASONS = {
    1: "nothing such can be registered",
    2: "the slot is taken",
    3: "the slot that it requires is empty",
    6: "no host of that type is registered",
    7: "a taken slot requires this one",
}


class Call(NamedTuple):
    """One call of the interface: what is called (r, u or i), with which type and ops table.

    For a wrapper (w) these are the slot's index, -1 for no host, and the op.
    """

    kind: str
    type: int = 0
    ops: str = ""

    def line(self, state: int) -> str:
        """The call as the driver reads it."""
        return f"{self.kind} {state} {self.type} {self.ops}".rstrip()


def all_calls(spec: Interface) -> Iterator[Call]:
    """Every call that can make a difference, with types in and out of range.

    Tables are all alike to the registry: two tell whether it keeps the right one, and with many slots one
    keeps the number of states in reach. NULL is a table like others where the interface takes it, and
    misuse where it has an errno for that.
    """
    few = len(spec.slots) <= 4
    tables = [
        "A",
        *["B"] * few,
        *["NULL"] * (len(spec.slots) <= 2 or spec.registry.misuse is not None),
    ]
    values = sorted(spec.values.values())
    yield Call("i")
    # These are a type again to who keeps but the low bits.
    for value in (
        value + (1 << 30) for value in values if value < 1 << 30 and value + (1 << 30) not in values
    ):
        yield Call("r", value, "A")
        yield Call("u", value)
    for value in dict.fromkeys((*values, *_OUTSIDE, values[-1] + 1)):
        yield from (Call("r", value, ops) for ops in tables)
        yield Call("u", value)


class Wording:
    """Says in words what happens to one interface's registry."""

    def __init__(self, spec: Interface) -> None:
        self.spec = spec
        self.names = {value: name for name, value in spec.values.items()}

    def call(self, call: Call) -> str:
        """A call as C writes it, and as ``--replay`` reads it."""
        c = self.spec.c
        value = c.type(self.names[call.type]) if call.type in self.names else str(call.type)
        match call.kind:
            case "r":
                return f"{c.register}({value}, {call.ops})"
            case "u":
                return f"{c.unregister}({value})"
            case "w":
                return f"{c.wrapper(call.ops)}({self.spec.slots[call.type].pointer if call.type >= 0 else 'NULL'})"
        return f"{c.iterator}()"

    def state(self, state: State) -> str:
        """What the slots hold."""
        said = []
        for slot, (value, ops) in zip(self.spec.slots, state, strict=True):
            table = (
                "what is no table" if ops and ops.startswith("0x") else ops or "NULL"
            )  # addresses differ by run
            holds = "empty" if (value, ops) == EMPTY else f"{self.names.get(value, value)}:{table}"
            said.append(f"{slot.name}={holds}")
        return " ".join(said)

    def outcome(self, outcome: Outcome) -> str:
        """What the model expects."""
        if not outcome.misuse:
            return f"success, with {self.state(outcome.state)}"
        return f"{outcome.errno or 'a BUG'} and no change, for {_REASONS[outcome.rule]}"

    def done(self, result: str | None, before: State, after: State) -> str:
        """What the C did; a result of None is a BUG."""
        name = errno.errorcode.get(-int(result or 0))
        how = (
            "a BUG"
            if result is None
            else "success"
            if result == "0"
            else f"-{name}"
            if name
            else result
        )
        return f"{how} and no change" if before == after else f"{how}, with {self.state(after)}"

    def visits(self, indexes: Iterable[str]) -> str:
        """The slots that an iteration visits, by the driver's numbers for them."""
        names = {str(index): str(slot.name) for index, slot in enumerate(self.spec.slots)} | {
            "-1": "what is no slot"
        }
        return ", ".join(names.get(index, index) for index in indexes) or "nothing"


class Runner:
    """One interface's C in a running driver, and what calling it shows; ``count``: how often it was called."""

    seen_by: ClassVar[str]

    def __init__(self, spec: Interface, driver: Driver) -> None:
        self.spec, self.driver = spec, driver
        self.wording = Wording(spec)
        self.found: dict[tuple[str, str], Finding] = {}
        self.count = 0

    def keep(self, finding: Finding, *calls: str) -> None:
        """Keep the first counterexample of each fault."""
        told = replace(finding, counterexample=calls, seen_by=self.seen_by)
        self.found.setdefault((finding.rule, finding.subject), told)


def place_in(text: str) -> Location | None:
    """The place in judged C that a crash or a BUG tells of."""
    found = re.match(r"(?:it crashes: )?([^\s:]+/[^\s:]+):(\d+)(?::(\d+))?", text)
    return (
        Location(found[1], int(found[2]), int(found[3] or 1))
        if found and not found[1].startswith("/")
        else None
    )
