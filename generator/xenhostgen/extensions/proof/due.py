# SPDX-License-Identifier: GPL-2.0-only
"""What wrappers must amount to, as C that a prover runs beside them."""

from typing import Any

from xenhostgen.spec.model import NONE, Interface
from xenhostgen.verify.harness import Wrapper, kernel_functions, observed_variables, wrappers
from xenhostgen.verify.oracle import OTHER, due_calls, spec_alone
from xenhostgen.verify.values import Values

CALLS_MAX = 8
"""So many calls of the kernel's functions by one wrapper are compared one by one."""


def due_c(spec: Interface, parts: Values) -> dict[str, Any]:
    """What templates ask about the spec's own C.

    ``due_of`` has the due calls of each op, each with the numbers of the tables for which it is
    due; 0 is no host, 1 a table without ops, 2 an empty slot. For those in ``undue`` nothing is.
    """
    tables = (f"{guest.name}.{table.role}" for guest, table in spec.tables())
    keys = [None, OTHER, NONE, *tables]
    calls = due_calls(spec)
    due_of: dict[str, list[tuple[Wrapper, list[int]]]] = {}
    undue: dict[str, list[int]] = {}
    for op in (wrapper.op.name for wrapper in wrappers(spec)):
        by_name: dict[str, tuple[Wrapper, list[int]]] = {}
        for number, key in enumerate(keys):
            if due := calls.get((op, key)):
                by_name.setdefault(due.name, (due, []))[1].append(number)
        due_of[op] = list(by_name.values())
        undue[op] = [number for number, key in enumerate(keys[:3]) if (op, key) not in calls]
    arguments = [len(parts.of(function.fact.args)) for function in kernel_functions(spec)]
    answers = [f"driver_{macro.name}" for macro in spec.predicates.placeholders]
    return {
        "due_of": due_of,
        "undue": undue,
        "dues": [_prototyped(spec, due) for pairs in due_of.values() for due, _ in pairs],
        "compared": [*observed_variables(spec), *answers],
        "calls_max": CALLS_MAX,
        "parts": parts,
        "arguments_max": max([1, *arguments]),
        **spec_alone(spec),
    }


def _prototyped(spec: Interface, due: Wrapper) -> tuple[str, Wrapper]:
    returns = due.op.wrapper_type if due.returns else "void"
    params = ", ".join([f"{spec.c.host} *{due.op.host}", *due.op.args])
    return f"{returns} due_{due.name}({params})", due
