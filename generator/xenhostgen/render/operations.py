# SPDX-License-Identifier: GPL-2.0-only
"""The C of each op, put together once for the header, the tables and the stubs."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from xenhostgen.render.style import wrapped
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import Entry, Interface, Op


class OpC(NamedTuple):
    """The C of an op; ``returns`` ends where a name may follow."""

    returns: str
    params: tuple[str, ...]
    member: str
    head: str  # of its wrapper
    call: str
    result: str


def operations(spec: Interface) -> dict[str, OpC]:
    """All ops by name, in the order of the spec."""
    return {
        op.name: _operation(op, spec.c.host, spec.c.prefix, not spec.typedefs) for op in spec.ops
    }


def pointer(c_type: str) -> str:
    """A C type with the blank that stands between it and a name, none behind a '*'."""
    return c_type if c_type.endswith("*") else c_type + " "


def _operation(op: Op, host: str, prefix: str, plain: bool) -> OpC:
    name, args, returns = str(op.name), op.args, pointer(op.returns)
    params = (f"{host} *{op.host!s}", *args)
    member = wrapped(f"\t{returns}(*{name})", params, ");").lstrip("\t")
    wrapper_type = op.wrapper_type
    answer = returns if wrapper_type is op.returns else pointer(wrapper_type)
    wrapper = f"static inline {answer}{prefix}_{name}"
    head = wrapped(wrapper, (f"{host} *xh", *args))
    passed = ", ".join(["xh", *map(declared_name, args)])
    call = f"xh->ops->{name}({passed})" if plain else f"(xh->ops->{name})({passed})"
    result = "" if wrapper_type == "void" else "return "
    return OpC(returns, params, member, head, call, result)


def prototypes(ops: Mapping[str, OpC], entries: Iterable[tuple[Op, Entry]]) -> dict[str, str]:
    """The declaration of each function that table entries name."""
    heads: dict[str, str] = {}
    for op, entry in entries:
        c, function = ops[op.name], entry.function
        if function not in heads:
            heads[function] = wrapped(f"{c.returns}{function}", c.params, ");")
    return heads


def adapters(spec: Interface, ops: Mapping[str, OpC], owner: str) -> Iterator[tuple[str, str, str]]:
    """Name, head and body of each adapter that a guest's file defines, or for NONE the C file."""
    for op, entry in spec.adapters(owner):
        c, function = ops[op.name], entry.function
        static = "" if function in spec.shared_adapters else "static "
        head = wrapped(f"{static}{c.returns}{function}", c.params)
        result = "" if op.returns == "void" else "return "
        yield function, head, f"{result}{entry.body};" if entry.body else ""
