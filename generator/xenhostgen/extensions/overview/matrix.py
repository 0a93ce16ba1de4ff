# SPDX-License-Identifier: GPL-2.0-only
"""The matrix of ops: a row an op, a column a table, and what a call comes to in each cell."""

from typing import NamedTuple

from xenhostgen.reference_model.ops import dispatch
from xenhostgen.spec.model import NONE, Interface, Op
from xenhostgen.spec.source import At


class Column(NamedTuple):
    """A table by the guest and role that register it; ``file`` is the C file that has it.

    ``table`` is the table as ops name it: of a borrower, that of another guest.
    """

    name: str
    table: str
    file: str


class Cell(NamedTuple):
    """What an op is in a table.

    ``kind``: "set" to a function, "fallback" of the wrapper, "NULL" where nothing catches a call,
    or "borrowed". ``text`` is the function, or the fallback in C. ``at``: where the spec says so.
    """

    kind: str
    text: str
    at: At


def columns(spec: Interface) -> list[Column]:
    """The tables of each guest, its own and borrowed ones, and that of empty slots."""
    result = []
    for guest in spec.guests:
        owner = spec.guest(guest.borrows) if guest.borrows else guest
        own = [(guest, table) for table in guest.tables]
        for home, table in [*own, *((owner, table) for table in spec.borrowed(guest))]:
            name, key = f"{guest.name}.{table.role}", f"{home.name}.{table.role}"
            result.append(Column(name, key, home.file))
    return [*result, Column(NONE, NONE, spec.source.file)]


def cell(op: Op, column: Column) -> Cell:
    """What a call of an op comes to in a table, by rules 11 and 12."""
    for entry in op.tables:
        if entry.table == column.table and entry.function != "NULL":
            kind = "set" if column.name == column.table else "borrowed"
            return Cell(kind, entry.function, entry.function.at)
    due = dispatch(op, column.table)
    if due is None:
        return Cell("NULL", "NULL", op.at)
    return Cell("fallback", due.c or "nothing", op.at)
