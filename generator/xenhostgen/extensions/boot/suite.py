# SPDX-License-Identifier: GPL-2.0-only
"""The KUnit suites of an interface: every call in every state of the model, as C tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xenhostgen.reference_model.ops import dispatch
from xenhostgen.reference_model.registry import Outcome, State
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import NONE, Interface
from xenhostgen.spec.source import Text
from xenhostgen.verify.calls import Change, Iterate, RegistryCall, all_changes
from xenhostgen.verify.harness import rendered
from xenhostgen.verify.wording import Wording

_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(([\w\s,]*)\)")
_CONSTANT = re.compile(r"-?(?:\d+|[A-Z][A-Z0-9_]*)")
DATA = Path(__file__).with_name("data")


@dataclass(frozen=True, slots=True)
class Row:
    """A call in a state, and what must come of it."""

    before: State
    call: RegistryCall
    outcome: Outcome


class Suite:
    """All states and calls of an interface, numbered as the C tables have them."""

    def __init__(self, spec: Interface) -> None:
        self.spec = spec
        self.wording = Wording(spec)
        self.registry = self.wording.registry
        self.origins: dict[State, tuple[State, RegistryCall] | None] = {self.registry.initial: None}
        self.rows: list[Row] = []
        calls: list[RegistryCall] = [Iterate(self.wording)]
        calls += [call for call in all_changes(self.wording) if abs(call.type) < 1 << 30]
        todo = [self.registry.initial]
        for before in todo:
            for call in calls:
                outcome = call.outcome(before)
                self.rows.append(Row(before, call, outcome))
                if outcome.state not in self.origins:
                    self.origins[outcome.state] = (before, call)
                    todo.append(outcome.state)

    @cached_property
    def fatal(self) -> list[int]:
        """The rows that take a boot of their own: a BUG, and where misuse is one, iteration too.

        Of those that differ neither in rule nor in slot nor in taken slots there is only the first.
        """
        kept: dict[tuple[object, ...], int] = {}
        for number, row in enumerate(self.rows if self.spec.registry.misuse is None else ()):
            about: object = self.registry.visited(row.before)
            if isinstance(row.call, Change):
                about = self.registry.home.get(row.call.type)
                if row.outcome.errno:
                    continue
            kept.setdefault((type(row.call), row.outcome.rule, about), number)
        return list(kept.values())

    @property
    def cases(self) -> tuple[str, ...]:
        """The test cases that every guest must pass."""
        wrappers = ["wrappers"] if self.wrappers else []
        iteration = [] if self.fatal else ["walked", "iteration"]
        return ("registered", "entries", *wrappers, "rules", *iteration)

    @property
    def folder(self) -> str:
        """The folder of the interface's C file: the tests stand beside it."""
        return str(Path(self.spec.source.file).parent)

    @property
    def placeholders(self) -> list[str]:
        """The predicates that the command line can answer."""
        return [macro.name for macro in self.spec.predicates.placeholders]

    def files(self) -> dict[str, str]:
        """The new files by path; they stand beside the interface's C file."""
        prefix = f"{self.folder}/{self.spec.c.prefix}_kunit_"
        files = {f"{prefix}override.c": (DATA / "override.c").read_text(encoding="utf-8")}
        for name in ("boot.c", "rules.c", "override.h"):
            files[prefix + name] = self._rendered(name)
        return files

    def appendices(self) -> dict[str, str]:
        """What is added to the ends of files that the kernel has, by path."""
        return {f"{self.folder}/{name}": self._rendered(name) for name in ("Kconfig", "Makefile")}

    def _rendered(self, name: str) -> str:
        source = Path(self.spec.source.file).name
        overridden = [Path(guest.file).stem + ".o" for guest in self.spec.guests]
        return rendered(
            f"kunit/{name}", self.spec, suite=self, source=source, overridden=overridden
        )

    def path(self, state: State) -> tuple[str, ...]:
        """The calls that lead to a state."""
        origin = self.origins[state]
        return (*self.path(origin[0]), str(origin[1])) if origin else ()

    @cached_property
    def number(self) -> dict[State, int]:
        """The states' numbers in the C table."""
        return {state: number for number, state in enumerate(self.origins)}

    def c_call(self, call: RegistryCall) -> str:
        """A call as the C table has it."""
        return f"'{call.verb[0]}', {call.type}, {call.table or 'NULL'}"

    def c_slots(self, state: State) -> str:
        """A state's slots as the C table has them."""
        empty, none = self.registry.empty, f"&{self.spec.none}" if self.spec.none else "NULL"
        slots = ((value, none if (value, ops) == empty else ops) for value, ops in state)
        return ", ".join(f"{{ {value}, {ops or 'NULL'} }}" for value, ops in slots)

    def entries(self) -> Iterator[tuple[str, str, str]]:
        """For each table and op the function that must stand there, or NULL."""
        for symbol, key in self.tables():
            entries = self.spec.entries[key]
            functions = {op.name: entry.function for op, entry in entries}
            for op in self.spec.ops:
                yield symbol, op.name, functions.get(op.name, "NULL")

    def tables(self) -> Iterator[tuple[str, str]]:
        """Each ops table by its C name, with its key; that of empty slots included."""
        for guest, table in self.spec.tables():
            yield table.symbol, f"{guest.name}.{table.role}"
        if self.spec.none:
            yield self.spec.none, NONE

    @cached_property
    def wrappers(self) -> list[dict[str, str]]:
        """Calls of wrappers that end in a constant, in nothing, or in a kernel function.

        That has a result and no pointers.
        """
        kernels = {function.name: function for function in self.spec.kernel.functions}
        calls: list[dict[str, str]] = []
        for op in (op for op in self.spec.ops if op.wrapper != "none"):
            arguments = ", ".join(["&host", *"0" * len(op.args)])
            call = f"{self.spec.c.wrapper(op.name)}({arguments})"
            for symbol, key in self.tables():
                due = dispatch(op, key)
                if not due:
                    continue
                expected = due.c
                if called := _CALL.fullmatch(due.c):
                    function = kernels.get(Text(called[1]))
                    if not function or function.returns == "void" or "*" in function.prototype:
                        continue
                    words = [word.strip() for word in called[2].split(",") if word.strip()]
                    values = {op.host: "&host", **dict.fromkeys(map(declared_name, op.args), "0")}
                    expected = f"{called[1]}({', '.join(values.get(word, word) for word in words)})"
                if not due.c or called or _CONSTANT.fullmatch(due.c):
                    calls.append({"table": symbol, "call": call, "expected": expected})
        return calls
