# SPDX-License-Identifier: GPL-2.0-only
"""The calls that exploring makes, and the words in which calls, results and states are told."""

import errno
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from xenhostgen.contract.registry import EMPTY, Outcome, State
from xenhostgen.spec.model import Interface
from xenhostgen.verify.findings import Where

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
    """Every call that can make a difference, with types in and out of range."""
    yield Call("i")
    values = sorted(spec.values.values())
    outside = [value for value in (*_OUTSIDE, values[-1] + 1) if value not in values]
    for value in (*values, *outside):
        for ops in _tables(spec):
            yield Call("r", value, ops)
        yield Call("u", value)


def _tables(spec: Interface) -> tuple[str, ...]:
    """Tables are all alike to the registry: two tell whether it keeps the right one.

    With many slots one keeps the number of states in reach. NULL is a table like others where the
    interface takes it, and misuse where it has an errno for that.
    """
    slots = len(spec.slots)
    tables = ("A", "B") if slots <= 4 else ("A",)
    return (*tables, "NULL") if slots <= 2 or spec.registry.misuse else tables


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
            holds = "empty" if (value, ops) == EMPTY else f"{self.names.get(value, value)}:{ops or 'NULL'}"
            said.append(f"{slot.name}={holds}")
        return " ".join(said)

    def outcome(self, outcome: Outcome) -> str:
        """What the model expects."""
        if not outcome.misuse:
            return f"success, with {self.state(outcome.state)}"
        how = outcome.errno or "a BUG"
        return f"{how} and no change, for {_REASONS[outcome.rule]}"

    def done(self, result: str | None, before: State, after: State) -> str:
        """What the C did; a result of None is a BUG."""
        how = "a BUG" if result is None else "success" if result == "0" else errno_name(result)
        return f"{how} and no change" if before == after else f"{how}, with {self.state(after)}"

    def slot(self, index: str) -> str:
        """The slot that an iteration visits, by the driver's number for it."""
        if index.isdigit() and int(index) < len(self.spec.slots):
            return self.spec.slots[int(index)].name
        return "what is no slot" if index == "-1" else index

    def visits(self, indexes: Iterable[str]) -> str:
        """The slots that an iteration visits."""
        return ", ".join(map(self.slot, indexes)) or "nothing"


def errno_value(name: str) -> str:
    """The number of ``-EINVAL`` and the like, as C returns it; 0 and numbers stand for themselves."""
    return str(-getattr(errno, name[1:], 0)) if name.startswith("-E") else name


def errno_name(value: str) -> str:
    """The name of an errno as a function returns it, else the number."""
    name = errno.errorcode.get(-int(value))
    return f"-{name}" if name else value


def place_in(text: str) -> Where | None:
    """The place in judged C that a crash or a BUG tells of."""
    found = re.match(r"(?:it crashes: )?([^\s:]+/[^\s:]+):(\d+)(?::(\d+))?", text)
    return Where(found[1], int(found[2]), int(found[3] or 1)) if found and not found[1].startswith("/") else None
