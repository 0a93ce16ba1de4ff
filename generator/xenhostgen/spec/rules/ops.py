# SPDX-License-Identifier: GPL-2.0-only
"""Operations: their tables, parameters and wrappers."""

from collections.abc import Iterable, Iterator

from xenhostgen.spec.c_names import KEYWORDS, RESERVED, STORAGE, declared_name, declares_one
from xenhostgen.spec.model import NONE, Each, Interface, Op
from xenhostgen.spec.source import Fault, Nearest, Text


def names_taken(spec: Interface) -> frozenset[str]:
    """The words that can't name a parameter."""
    constants = [constant.name for constant in spec.kernel.constants]
    return KEYWORDS.union(RESERVED, constants)


def ops(spec: Interface) -> Iterator[Fault]:
    """Ops are set in tables that exist, and their wrappers have a value to return."""
    keys = [f"{guest.name}.{table.role}" for guest, table in spec.tables()]
    tables = dict.fromkeys([*keys, NONE])
    taken = names_taken(spec)
    yield from _empty_slots(spec)
    for op in spec.ops:
        for entry in op.tables:
            if entry.table not in tables:
                message = f"op '{op.name}' names unknown table '{entry.table}'"
                yield "unknown-table", message, entry.table, Nearest(entry.table, tables)
            if entry.shared and entry.body is None:
                message = f"'{entry.function}' has no 'body', so that it is no adapter to share"
                yield "shared-without-body", message, entry.function, "give it 'body', or say less"
            if entry.function in KEYWORDS:
                message = f"'{entry.function}' is a keyword of C"
                yield "c-keyword", message, entry.function, "name a kernel function"
        if op.host in taken and op.host != "xh":
            message = f"'{op.host}' can't name a parameter"
            yield "arg-name", message, op.host, "choose another name"
        if op.wrapper == "none":
            yield from parameters(op.args, taken, {op.host})
            if fallback := op.no_host or op.fallback:
                message = f"'{op.name}' has no wrapper to which this applies"
                yield "no-wrapper", message, fallback, "remove it, or 'wrapper: none'"
        else:
            yield from parameters(op.args, taken, {op.host, "xh"})
            yield from _wrapper(op)
    yield from _called(spec)


def _called(spec: Interface) -> Iterator[Fault]:
    """The ops that boot steps call have wrappers, and as many parameters."""
    counts = {op.name: len(op.args) for op in spec.ops if op.wrapper != "none"}
    for step in spec.steps(Each):
        if counts.get(step.op) != len(step.args):
            message = f"no op '{step.op}' has a wrapper for {len(step.args)} arguments"
            hint = "name an op with a wrapper, and C for each of its parameters under 'args'"
            yield "unknown-op", message, step.op, hint


def _empty_slots(spec: Interface) -> Iterator[Fault]:
    """What empty slots do is said of each op or of none, and done by functions of ours."""
    silent = []
    for op in spec.ops:
        entries = [entry for entry in op.tables if entry.table == NONE]
        if not entries:
            silent.append(op)
        for entry in entries:
            if entry.body is None:
                message = f"op '{op.name}' needs an adapter for an empty slot"
                hint = "give it 'body': a value, a call, or an empty text"
                yield "none-without-calls", message, entry.function, hint
    for op in silent if len(silent) < len(spec.ops) else ():
        message = f"op '{op.name}' says nothing about an empty slot, unlike other ops"
        yield "op-without-none", message, op.name, f"add '{NONE}' to its 'tables'"


def parameters(params: Iterable[Text], taken: frozenset[str], others: set[str]) -> Iterator[Fault]:
    """Each parameter of C declares one name, neither ``taken`` nor among the ``others``."""
    for param in params:
        name = declared_name(param)
        first, _, rest = param.replace("*", " ").partition(" ")
        if name in KEYWORDS and rest:
            message = f"'{name}' is a keyword of C, which can't name a parameter"
            yield "arg-name", message, param, "write it as in C: 'int cpu'"
        elif not name or name in taken or not rest or first in STORAGE or not declares_one(param):
            message = f"'{param}' is no C parameter with a name"
            yield "arg-name", message, param, "write it as in C: 'int cpu'"
        elif name in others:
            yield "duplicate-arg", f"parameter '{name}' appears twice", param, "rename one"
        others.add(name)


def _wrapper(op: Op) -> Iterator[Fault]:
    """A wrapper that promises a value has one to give, whatever happens."""
    value = op.wrapper_type
    if value == "void":
        return
    if op.returns == "void":
        message = f"the wrapper of '{op.name}' can't return '{value}': the op returns nothing"
        hint = "remove 'wrapper_returns', or give the op a 'returns'"
        yield "no-value", message, op.wrapper_returns or op.name, hint
    elif op.wrapper == "optional":
        message = (
            f"the optional wrapper of '{op.name}' returns nothing where the table lacks the op"
        )
        hint = "remove 'wrapper': a plain one returns the 'fallback' there"
        yield "no-fallback", message, op.name, hint
    elif op.wrapper == "guarded" and op.no_host is None:
        message = f"the guarded wrapper of '{op.name}' returns nothing when there is no host"
        hint = "add 'no_host', or 'wrapper_returns: void'"
        yield "no-fallback", message, op.name, hint
