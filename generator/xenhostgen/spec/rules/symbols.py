# SPDX-License-Identifier: GPL-2.0-only
"""No keyword, no reserved word, and no two things by one name once prefixed."""

import re
from collections.abc import Iterator

from xenhostgen.spec.model import Constant, Interface, Macro, Variable
from xenhostgen.spec.source import Placed, Problems
from xenhostgen.spec.words import KEYWORDS, RESERVED

_RESERVED = re.compile(r"_[A-Z]|__builtin_")


def symbols(spec: Interface, problems: Problems) -> None:
    """No keyword, no reserved word, and no two things by one name once prefixed."""
    claimed: dict[str, tuple[str, Placed]] = {}
    guard = spec.guard
    for name, what, place in _claims(spec):
        if name in KEYWORDS:
            problems.add("c-keyword", f"'{name}' is a keyword of C", place, "choose another name")
        elif name in RESERVED or (name.startswith("_") and name != guard and _RESERVED.match(name)):
            message = f"'{name}' is reserved for the compiler or the kernel"
            problems.add("reserved-name", message, place, "choose another name")
        elif name in claimed:
            other, first = claimed[name]
            message = f"{what} '{name}' collides with {other} of that name"
            problems.add("name-collision", message, place, f"that one is on line {first.at.line}")
        else:
            claimed[name] = (what, place)


def _claims(spec: Interface) -> Iterator[tuple[str, str, Placed]]:
    """Each name in C's ordinary name space with what it names and where the spec says so."""
    c = spec.c
    prefix = spec.interface
    yield c.array, "the array", spec.names.array or prefix
    yield c.register, "the function", spec.names.register or prefix
    yield c.unregister, "the function", spec.names.unregister or prefix
    yield c.iterator, "the iterator", spec.names.iterator or prefix
    yield spec.guard, "the include guard", spec.header.guard or prefix
    if spec.typedefs:
        yield c.host, "the typedef", prefix
        yield c.ops, "the typedef", prefix
    else:
        yield c.slot_count, "the macro", prefix
        yield c.prefix, "the struct", prefix
    for host_type in dict.fromkeys(spec.types.values):
        yield c.type(host_type.name), "the type", host_type.name
    given = [("the pointer", slot.pointer) for slot in spec.slots]
    given += [("the predicate", macro.name) for macro in spec.predicates.macros]
    for guest in spec.guests:
        given += [("the table", table.symbol) for table in guest.tables]
        given += [("the boot function", guest.boot.function)]
    kernel = spec.kernel
    facts: tuple[Constant | Variable | Macro, ...] = (*kernel.constants, *kernel.variables, *kernel.macros)
    given += [("the kernel's name", fact.name) for fact in facts]
    given += [("the kernel's name", value) for enum in kernel.enums for value in enum.values]
    yield from ((name, what, name) for what, name in given)
    for op in spec.ops:
        if op.name in KEYWORDS:
            yield op.name, "the op", op.name
        elif op.wrapper != "none":
            yield c.wrapper(op.name), "the wrapper", op.name
