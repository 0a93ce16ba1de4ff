# SPDX-License-Identifier: GPL-2.0-only
"""The words in which calls, states and findings of one interface are told."""

from collections.abc import Iterable
from functools import cache

from xenhostgen.reference_model.ops import only
from xenhostgen.reference_model.registry import Registry, State
from xenhostgen.spec.model import NONE, Interface
from xenhostgen.verify.harness import Wrapper, kernel_functions, wrappers
from xenhostgen.verify.oracle import OTHER, due_calls


class Wording:
    """Words for what one interface's registry does and holds, and what the words are of.

    ``tables`` has the key (GUEST.ROLE) of each ops table by its symbol, ``made_up`` the tables that
    set no op, or one, each with the wrappers to try, ``due_calls`` what wrappers must amount to,
    ``functions`` the kernel's.
    """

    def __init__(self, spec: Interface) -> None:
        self.spec = spec
        self.registry = Registry(spec)
        self.type_names = {value: name for name, value in spec.values.items()}
        self.slot_names: dict[str, str] = {"-1": "something that isn't a slot"}
        self.slot_names |= {str(index): slot.name for index, slot in enumerate(spec.slots)}
        self.tables: dict[str, str] = {
            table.symbol: f"{guest.name}.{table.role}" for guest, table in spec.tables()
        }
        self.wrappers = wrappers(spec)
        self.made_up = {"A": self.wrappers}
        self.made_up |= {only(wrapper.op.name): [wrapper] for wrapper in self.wrappers}
        self.due_calls = due_calls(spec)
        self.functions = {function.fact.name for function in kernel_functions(spec)}
        self.state = cache(self._state)  # explored states recur in thousands of checks
        self.due = cache(self._due)  # and each call of a wrapper with other arguments

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
                table = "not a table"
            holds = f"{self.type_names.get(value, value)}:{table or 'NULL'}"
            words.append(f"{slot.name}={holds if self.registry.is_taken(held) else 'empty'}")
        return " ".join(words)

    def _due(self, op: str, slot: int, table: str) -> Wrapper | None:
        """What a wrapper must amount to for a slot's host, or none; None where it calls NULL."""
        key = table if table == only(op) else self.tables.get(table, OTHER)
        key = key if table else NONE
        return self.due_calls.get((op, None if slot < 0 else key))

    def visits(self, indexes: Iterable[str]) -> str:
        """The slots that an iteration visits, by the driver's words for them."""
        names = [self.slot_names.get(index, index) for index in indexes]
        return f"visits to {', '.join(names) or 'nothing'}"
