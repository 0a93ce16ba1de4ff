# SPDX-License-Identifier: GPL-2.0-only
"""The KUnit suite of an interface: every call in every state of the reference model, as C tables."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xenhostgen.contract.ops import dispatch
from xenhostgen.contract.registry import Outcome, Registry, State
from xenhostgen.render.environment import environment, guarded
from xenhostgen.render.fresh import template_root
from xenhostgen.spec.model import FunctionFact, Interface
from xenhostgen.verify.calls import Call, all_calls

# Where the kernel declares what wrappers lead to.
_HEADERS = ("<asm/xen/hypervisor.h>", "<xen/xen-ops.h>")
DATA = Path(__file__).parent.parent / "data"
_TABLES = ("NULL", "A", "B")


@dataclass(frozen=True, slots=True)
class Row:
    """A call in a state, and what must come of it."""

    before: State
    call: Call
    outcome: Outcome


class Suite:
    """All states and calls of an interface, numbered as the C tables have them."""

    def __init__(self, spec: Interface) -> None:
        self.spec = spec
        self.registry = registry = Registry(spec)
        self.origins: dict[State, tuple[State, Call] | None] = {registry.initial: None}
        self.rows: list[Row] = []
        self.fatal: list[Row] = []
        calls = [call for call in all_calls(spec) if abs(call.type) < 1 << 30]
        todo = [registry.initial]
        while todo:
            before = todo.pop(0)
            for call in calls:
                row = Row(before, call, self._outcome(before, call))
                if call.kind != "i":
                    (self.fatal if row.outcome.errno is None else self.rows).append(row)
                elif not self.iterable:
                    self.fatal.append(row)
                if row.outcome.state not in self.origins:
                    self.origins[row.outcome.state] = (before, call)
                    todo.append(row.outcome.state)
        self.fatal = self._distinct(self.fatal)

    @property
    def iterable(self) -> bool:
        """Whether to iterate among other tests: where misuse is a BUG, that gets boots of its own as well."""
        return self.spec.registry.misuse is not None

    def _outcome(self, state: State, call: Call) -> Outcome:
        if call.kind == "r":
            return self.registry.register(state, call.type, None if call.ops == "NULL" else call.ops)
        return self.registry.unregister(state, call.type) if call.kind == "u" else Outcome(state, 8)

    def _distinct(self, rows: list[Row]) -> list[Row]:
        """The first of those rows that differ in no slot, no rule and no taken slots: a boot each is dear."""
        kept: dict[tuple[object, ...], Row] = {}
        for row in rows:
            iterates = row.call.kind == "i"
            home = None if iterates else self.registry.home.get(row.call.type)
            taken = self.registry.visited(row.before) if iterates else ()
            kept.setdefault((row.call.kind, row.outcome.rule, home, taken), row)
        return list(kept.values())

    def sources(self) -> dict[str, str]:
        """The files to put beside the interface's own, by name; ``+`` marks what is added to a file's end."""
        spec, c = self.spec, self.spec.c
        templates = environment("kunit", template_root())
        by_pointer = spec.registry.cursor == "pointer"
        context = {
            "c": c,
            "slots": spec.slots,
            "empty": spec.empty,
            "macros": [*spec.kernel.macros, *spec.predicates.macros],
            "placeholders": self.placeholders,
            "headers": _HEADERS,
            "header": f"<{spec.header.file.removeprefix('include/')}>",
            "predicates": f"<{spec.predicates.file.removeprefix('include/')}>",
            "required": {slot.name: slot.pointer for slot in spec.slots},
            "table_type": spec.table_type,
            "tables": self._tables(),
            "wrappers": self.wrappers,
            "iterable": self.iterable,
            "cursor": f"{c.host} **" if by_pointer else f"{c.host} *",
            "visited": "*cursor" if by_pointer else "cursor",
            "errno": spec.registry.misuse is not None,
            "renamed": [c.array, c.register, c.unregister, *(slot.pointer for slot in spec.slots)],
            "source": Path(spec.source.file).name,
            "folder": self.folder,
            "overridden": [Path(guest.file).stem + ".o" for guest in spec.guests],
            "states": self._states(),
            "transitions": [self._row(row) for row in self.rows],
            "fatal": [self._row(row) for row in self.fatal],
        }
        names = {"boot.c": f"{c.prefix}_kunit_boot.c", "rules.c": f"{c.prefix}_kunit_rules.c"}
        names |= {"override.h": f"{c.prefix}_kunit_override.h", "Kconfig": "+Kconfig", "Makefile": "+Makefile"}
        made = {
            name: guarded(templates.get_template(f"{template}.j2").render, **context)
            for template, name in names.items()
        }
        return made | {f"{c.prefix}_kunit_override.c": (DATA / "override.c").read_text(encoding="utf-8")}

    @property
    def folder(self) -> str:
        """The folder of the interface's C file: the tests stand beside it."""
        return str(Path(self.spec.source.file).parent)

    @property
    def placeholders(self) -> list[str]:
        """The predicates that the command line can answer."""
        return [macro.name for macro in self.spec.predicates.macros if macro.placeholder]

    @cached_property
    def _number(self) -> dict[State, int]:
        return {state: number for number, state in enumerate(self.origins)}

    def _states(self) -> list[dict[str, object]]:
        made: list[dict[str, object]] = []
        for state, origin in self.origins.items():
            slots = ", ".join(f"{{ {value}, {_TABLES.index(ops or 'NULL')} }}" for value, ops in state)
            before, by = (self._number[origin[0]], _call(origin[1])) if origin else (0, "0")
            made.append({"origin": before, "by": by, "slots": slots})
        return made

    def _row(self, row: Row) -> dict[str, object]:
        to = self._number[row.outcome.state]
        return {"origin": self._number[row.before], "call": _call(row.call), "result": row.outcome.errno, "to": to}

    def _tables(self) -> list[dict[str, object]]:
        made: list[dict[str, object]] = []
        for guest, table in self.spec.tables():
            given = {op.name: entry.function for op, entry in self.spec.entries[f"{guest.name}.{table.role}"]}
            entries = [(op.name, given.get(op.name, "NULL")) for op in self.spec.ops]
            made.append({"symbol": table.symbol, "entries": entries})
        return made

    @cached_property
    def wrappers(self) -> list[dict[str, str]]:
        """Calls of wrappers that end in a constant, in nothing, or in a kernel function that only answers."""
        kernels: dict[str, FunctionFact] = {function.name: function for function in self.spec.kernel.functions}
        made: list[dict[str, str]] = []
        for op in (op for op in self.spec.ops if op.wrapper != "none"):
            for guest, table in self.spec.tables():
                leads = dispatch(self.spec, op, f"{guest.name}.{table.role}")
                function = kernels.get(leads.called)
                if leads.null or (leads.called and (function is None or not _only_answers(function.prototype))):
                    continue
                expected = leads.result or (f"{leads.called}({', '.join('0' * len(leads.arguments))})" * bool(function))
                call = f"{self.spec.c.wrapper(op.name)}({', '.join(['&host', *('0' for _ in op.args)])})"
                made.append({"table": table.symbol, "call": call, "expected": expected})
        return made


def _only_answers(prototype: str) -> bool:
    """Whether a function returns something and takes no pointer: such ones ask the hypervisor or a table."""
    return not prototype.startswith("void ") and "*" not in prototype


def _call(call: Call) -> str:
    return f"'{call.kind}', {call.type}, {_TABLES.index(call.ops or 'NULL')}"
