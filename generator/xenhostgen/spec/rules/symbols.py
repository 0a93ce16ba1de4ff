# SPDX-License-Identifier: GPL-2.0-only
"""No keyword, no reserved word, and no two things by one name once prefixed."""

import re
from collections.abc import Iterator

from xenhostgen.spec.model import Constant, Interface, Macro, Variable
from xenhostgen.spec.source import At, Problems
from xenhostgen.spec.words import KEYWORDS, RESERVED, at_of

_RESERVED = re.compile(r"_[A-Z]|__builtin_")


def symbols(spec: Interface, problems: Problems) -> None:
    """No keyword, no reserved word, and no two things by one name once prefixed."""
    claimed: dict[str, tuple[str, At]] = {}
    guard = spec.guard
    for name, what, at in _claims(spec):
        if name in KEYWORDS:
            problems.add("c-keyword", f"'{name}' is a keyword of C", at, "choose another name")
        elif name in RESERVED or (name.startswith("_") and name != guard and _RESERVED.match(name)):
            message = f"'{name}' is reserved for the compiler or the kernel"
            problems.add("reserved-name", message, at, "choose another name")
        elif name in claimed:
            other, first = claimed[name]
            message = f"{what} '{name}' collides with {other} of that name"
            problems.add("name-collision", message, at, f"that one is on line {first.line}")
        else:
            claimed[name] = (what, at)


def _claims(spec: Interface) -> Iterator[tuple[str, str, At]]:
    """Each name in C's ordinary name space with what it names and where the spec says so."""
    c = spec.c
    prefix = at_of(spec.interface, spec.at)
    yield c.array, "the array", at_of(spec.names.array, prefix)
    yield c.register, "the function", at_of(spec.names.register, prefix)
    yield c.unregister, "the function", at_of(spec.names.unregister, prefix)
    yield c.iterator, "the iterator", at_of(spec.names.iterator, prefix)
    yield spec.guard, "the include guard", at_of(spec.header.guard, prefix)
    if spec.typedefs:
        yield c.host, "the typedef", prefix
        yield c.ops, "the typedef", prefix
    else:
        yield c.slot_count, "the macro", prefix
        yield c.prefix, "the struct", prefix
    for host_type in dict.fromkeys(spec.types.values):
        yield c.type(host_type.name), "the type", host_type.name.at
    for slot in spec.slots:
        yield slot.pointer, "the pointer", slot.pointer.at
    for macro in spec.predicates.macros:
        yield macro.name, "the predicate", macro.name.at
    for guest in spec.guests:
        for table in guest.tables:
            yield table.symbol, "the table", table.symbol.at
        yield guest.boot.function, "the boot function", guest.boot.function.at
    kernel = spec.kernel
    facts: tuple[Constant | Variable | Macro, ...]
    facts = (*kernel.constants, *kernel.variables, *kernel.macros)
    for fact in facts:
        yield fact.name, "the kernel's name", fact.name.at
    for enum in kernel.enums:
        for value in enum.values:
            yield value, "the kernel's name", value.at
    for op in spec.ops:
        if op.name in KEYWORDS:
            yield op.name, "the op", op.name.at
        elif op.wrapper != "none":
            yield c.wrapper(op.name), "the wrapper", op.name.at
