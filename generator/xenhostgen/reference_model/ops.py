# SPDX-License-Identifier: GPL-2.0-only
"""Rules 11 and 12: what a call of a wrapper must lead to.

11. Every op that a wrapper may call is set in the table, or has a declared fallback.
12. On an empty slot a wrapper does what the table ``none`` says; without that table nothing is
    right.

Says for each wrapper and table which function a call must end in, with which arguments, and what it
returns; ``Dispatch.null`` where the wrapper would call through NULL.
"""

import re
from dataclasses import dataclass

from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import NONE, Op

_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(([^()]*)\)")
_CONSTANT = re.compile(r"-?(?:\d+|[A-Z][A-Z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What calling a wrapper must lead to.

    ``called`` is the function that is reached in the end, empty if none; ``arguments`` are its
    arguments, by the names of the wrapper's parameters; ``result`` is a constant that is returned,
    None where the called function's own result is, or nothing.
    """

    called: str = ""
    arguments: tuple[str, ...] = ()
    result: str | None = None
    null: bool = False


def dispatch(op: Op, table: str | None) -> Dispatch:
    """The effect of an op's wrapper for a table (GUEST.ROLE, NONE or ``only``), or for no host."""
    if table is None:
        if op.wrapper == "guarded" and op.when_no_host is None:
            return Dispatch()
        return _evaluated(op.when_no_host) if op.when_no_host else Dispatch(null=True)
    if table == NONE and NONE not in [entry.table for entry in op.tables]:
        return Dispatch(null=True)
    functions = {table: table} if table == only(op.name) else {}
    for entry in op.tables:
        if entry.table == table and entry.calls is not None:
            return _evaluated(entry.calls)
        if entry.is_kernels:
            functions[entry.table] = entry.function
    if table in functions:
        return Dispatch(functions[table], ("xh", *map(declared_name, op.args)))
    if op.when_missing is not None:
        return _evaluated(op.when_missing)
    return Dispatch(null=op.wrapper != "optional")


def only(op: str) -> str:
    """A made-up table that sets one op alone, to a function of its name, to tell wrappers apart."""
    return f"only_{op}"


def _evaluated(c: str) -> Dispatch:
    """A fallback or an adapter's body: a call, a constant, or nothing."""
    c = c.strip()
    if call := _CALL.fullmatch(c):
        arguments = [word.strip() for word in call[2].split(",")]
        return Dispatch(call[1], tuple(filter(None, arguments)))
    return Dispatch(result=c if _CONSTANT.fullmatch(c) else None)
