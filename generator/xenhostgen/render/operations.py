# SPDX-License-Identifier: GPL-2.0-only
"""The C of each op, put together once for the header, the tables and the stubs."""

from collections.abc import Iterable
from typing import NamedTuple

from xenhostgen.render.style import COLUMNS, wrapped
from xenhostgen.spec.model import Entry, Interface, Op
from xenhostgen.spec.rules import declared_name
from xenhostgen.spec.source import At


class OpC(NamedTuple):
    """An op as the templates name it."""

    name: str
    doc: str
    member: str
    wrapper: str
    guarded: bool
    optional: bool
    head: str
    call: str
    result: str
    when_no_host: str
    when_missing: str
    at: At


def operations(spec: Interface) -> list[OpC]:
    """All ops in the order of the spec."""
    return [_operation(op, spec.c.host, spec.c.prefix, not spec.typedefs) for op in spec.ops]


def pointer(c_type: str) -> str:
    """A C type with the blank that stands between it and a name, none behind a '*'."""
    return c_type if c_type.endswith("*") else c_type + " "


def _operation(op: Op, host: str, prefix: str, plain: bool) -> OpC:
    name, args = op.name, op.args
    params = [f"{host} *{op.host}", *args]
    member = f"{pointer(op.returns)}(*{name})({', '.join(params)});"
    if len(member) + 8 > COLUMNS:
        member = wrapped(f"\t{pointer(op.returns)}(*{name})", params, ");").lstrip("\t")
    given = op.wrapper_returns or op.returns
    params[0] = f"{host} *xh"
    head = f"static inline {pointer(given)}{prefix}_{name}({', '.join(params)})"
    if len(head) > COLUMNS:
        head = wrapped(f"static inline {pointer(given)}{prefix}_{name}", params)
    passed = ", ".join(["xh", *map(declared_name, args)]) if args else "xh"
    return OpC(
        name,
        op.doc,
        member,
        op.wrapper,
        op.wrapper == "guarded",
        op.wrapper == "optional",
        head,
        f"xh->ops->{name}({passed})" if plain else f"(xh->ops->{name})({passed})",
        "" if given == "void" else "return ",
        op.when_no_host or "",
        op.when_missing or "",
        op.at,
    )


def prototypes(spec: Interface, entries: Iterable[tuple[Op, Entry]]) -> dict[str, str]:
    """The declaration of each kernel function that table entries name."""
    made: dict[str, str] = {}
    host = spec.c.host
    for op, entry in entries:
        function = entry.function
        if function not in made and entry.is_kernels:
            head, params = pointer(op.returns) + function, f"{host} *{op.host}"
            if op.args:
                params = ", ".join((params, *op.args))
            line = f"{head}({params});"
            made[function] = line if len(line) <= COLUMNS else wrapped(head, [f"{host} *{op.host}", *op.args], ");")
    return made


def adapters(spec: Interface, tables: Iterable[str]) -> list[tuple[str, str, str]]:
    """Name, head and body of each adapter that tables (GUEST.ROLE) need, in op order."""
    made: dict[str, tuple[str, str, str]] = {}
    wanted = set(tables)
    rows = ((op, entry) for op in spec.ops for entry in op.tables if entry.calls is not None)
    for op, entry in rows:
        if entry.table in wanted:
            head = wrapped(f"static {pointer(op.returns)}{entry.function}", [f"{spec.c.host} *{op.host}", *op.args])
            result = "" if op.returns == "void" else "return "
            made.setdefault(entry.function, (entry.function, head, f"{result}{entry.calls};" if entry.calls else ""))
    return list(made.values())
