# SPDX-License-Identifier: GPL-2.0-only
"""Rules 11 and 12: what a call of a wrapper must lead to.

11. Every op that a wrapper may call is set in the table, or has a declared fallback.
12. On an empty slot a wrapper does what the table ``none`` says; without that table nothing is
    right.

Says for each wrapper and table which function or expression of the spec's is due. What that does C
itself says: the reference model evaluates none of it.
"""

from typing import NamedTuple

from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import NONE, Op


class Dispatch(NamedTuple):
    """What calling a wrapper must lead to, as C over the op's parameters; empty for nothing.

    ``returns`` is the type that its value has before the wrapper's.
    """

    c: str
    returns: str


def dispatch(op: Op, table: str | None) -> Dispatch | None:
    """The effect of an op's wrapper for a table (GUEST.ROLE, NONE or ``only``), or for no host.

    None where the wrapper would call through NULL.
    """
    if table is None:
        return Dispatch(op.no_host or "", op.wrapper_type) if op.takes_no_host else None
    if table == NONE and NONE not in [entry.table for entry in op.tables]:
        return None
    function = table if table == only(op.name) else ""
    for entry in op.tables:
        if entry.table == table and entry.body is not None:
            return Dispatch(entry.body.strip(), op.returns)
        if entry.table == table and entry.is_kernels:
            function = entry.function
    if function:
        return Dispatch(
            f"{function}({', '.join([op.host, *map(declared_name, op.args)])})", op.returns
        )
    if op.fallback is None and op.wrapper != "optional":
        return None
    return Dispatch(op.fallback or "", op.wrapper_type)


def only(op: str) -> str:
    """A made-up table that sets one op alone, to a function of its name, to tell wrappers apart."""
    return f"only_{op}"
