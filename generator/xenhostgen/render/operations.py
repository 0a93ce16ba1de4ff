# SPDX-License-Identifier: GPL-2.0-only
"""The C of each op, put together once for the header, the tables and the stubs."""

from typing import NamedTuple

from xenhostgen.render.style import COLUMNS, wrapped
from xenhostgen.spec.model import Interface, Op
from xenhostgen.spec.rules import declared_name


class OpC(NamedTuple):
    """An op as the templates name it."""

    name: str
    doc: str
    member: str
    wrapper: str
    guarded: bool
    head: str
    call: str
    result: str
    when_no_host: str
    when_missing: str


def operations(spec: Interface) -> list[OpC]:
    """All ops in the order of the spec."""
    return [_operation(op, spec.c.host, spec.c.prefix) for op in spec.ops]


def pointer(c_type: str) -> str:
    """A C type with the blank that stands between it and a name, none behind a '*'."""
    return c_type if c_type.endswith("*") else c_type + " "


def _operation(op: Op, host: str, prefix: str) -> OpC:
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
        head,
        f"(xh->ops->{name})({passed})",
        "" if given == "void" else "return ",
        op.when_no_host or "",
        op.when_missing or "",
    )


def prototype(spec: Interface, op: Op, function: str) -> str:
    """The declaration of a kernel function that implements an op."""
    return wrapped(
        f"{pointer(op.returns)}{function}", [f"{spec.c.host} *{op.host}", *op.args], ");"
    )
