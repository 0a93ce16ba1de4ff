# SPDX-License-Identifier: GPL-2.0-only
"""The C of each op, put together once for the header, the tables and the stubs."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from xenhostgen.render.style import wrapped
from xenhostgen.spec.c_names import declared_name, spaced_type
from xenhostgen.spec.model import Entry, Interface, Op

Adapter = tuple[str, str, str]
"""Name, head and body of an adapter."""


class OpC(NamedTuple):
    """The C of an op and of its wrapper, as templates put it together."""

    returns: str
    """What the op returns, up to where a name follows: ``int `` or ``char *``."""
    params: tuple[str, ...]
    """The op's parameters, the host first."""
    member: str
    """The op's member of the structure of ops."""
    head: str
    """The wrapper's, up to its body."""
    call: str
    """The wrapper's call of the op, without a semicolon."""
    result: str
    """What stands in front of that call: ``return `` or nothing."""


def operations(spec: Interface) -> dict[str, OpC]:
    """All ops by name, in the order of the spec."""
    return {op.name: _operation(spec, op) for op in spec.ops}


def _operation(spec: Interface, op: Op) -> OpC:
    host, returns = spec.c.host, spaced_type(op.returns)
    params = (f"{host} *{op.host}", *op.args)
    member = wrapped(f"\t{returns}(*{op.name})", params, ");").lstrip("\t")
    wrapper = f"static inline {spaced_type(op.wrapper_type)}{spec.c.wrapper(op.name)}"
    head = wrapped(wrapper, (f"{host} *xh", *op.args))
    passed = ", ".join(["xh", *map(declared_name, op.args)])
    function = f"xh->ops->{op.name}"
    call = f"({function})({passed})" if spec.typedefs else f"{function}({passed})"
    result = "" if op.wrapper_type == "void" else "return "
    return OpC(returns, params, member, head, call, result)


def prototypes(ops: Mapping[str, OpC], entries: Iterable[tuple[Op, Entry]]) -> dict[str, str]:
    """The declaration of each function that table entries name."""
    heads: dict[str, str] = {}
    for op, entry in entries:
        in_c, function = ops[op.name], entry.function
        if function not in heads:
            heads[function] = wrapped(f"{in_c.returns}{function}", in_c.params, ");")
    return heads


def adapters(spec: Interface, ops: Mapping[str, OpC], owner: str) -> Iterator[Adapter]:
    """Each adapter that a guest's file defines, or for NONE the C file."""
    for op, entry in spec.adapters(owner):
        in_c, function = ops[op.name], entry.function
        linkage = "" if function in spec.shared_adapters else "static "
        head = wrapped(f"{linkage}{in_c.returns}{function}", in_c.params)
        result = "" if op.returns == "void" else "return "
        yield function, head, f"{result}{entry.body};" if entry.body else ""
