# SPDX-License-Identifier: GPL-2.0-only
"""No keyword, no reserved word, and no two things by one name once prefixed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from xenhostgen.spec.c_names import KEYWORDS, RESERVED, declared_name
from xenhostgen.spec.model import (
    Call,
    Calling,
    Constant,
    EnumFact,
    Interface,
    Macro,
    StructFact,
    Variable,
)
from xenhostgen.spec.rules.ops import names_taken
from xenhostgen.spec.source import Fault, Nearest, Placed, Text, is_slip
from xenhostgen.spec.template_sets import style

_RESERVED = re.compile(r"_[A-Z]|__builtin_")


class Claim(NamedTuple):
    """A name in C, what it names, and where the spec says so."""

    name: str
    what: str
    place: Placed


def symbols(spec: Interface) -> Iterator[Fault]:
    """No keyword, no reserved word, and no two things by one name once prefixed."""
    if not spec.interface:
        return  # each name is made from it
    claims = [*_generated(spec), *_named(spec), *_wrappers(spec)]
    yield from _collisions(claims, spec.guard)
    yield from _collisions(_tags(spec), "")
    yield from _members(spec)
    taken = {claim.name for claim in claims}
    yield from _functions(spec, taken)
    yield from _adapters(spec, taken)


def _collisions(claims: Iterable[Claim], guard: str) -> Iterator[Fault]:
    """The faults of names in one of C's name spaces."""
    first: dict[str, Claim] = {}
    for claim in claims:
        name, what, place = claim
        if name in KEYWORDS:
            yield "c-keyword", f"'{name}' is a keyword of C", place, "choose another name"
        elif name in RESERVED or (name != guard and _RESERVED.match(name)):
            message = f"'{name}' is reserved for the compiler or the kernel"
            yield "reserved-name", message, place, "choose another name"
        elif first.setdefault(name, claim) is not claim:
            other = first[name]
            message = f"{what} '{name}' collides with {other.what} of that name"
            yield "name-collision", message, place, f"that one is on line {other.place.at.line}"


def _members(spec: Interface) -> Iterator[Fault]:
    for struct in spec.kernel.structs:
        for member in struct.members:
            if member.name in KEYWORDS:
                message = f"'{member.name}' is a keyword of C"
                yield "c-keyword", message, member.name, "name it as the kernel does"


def _tags(spec: Interface) -> Iterator[Claim]:
    """Each tag of a structure or enum."""
    yield Claim(spec.c.enum, "the enum", spec.interface)
    yield Claim(spec.c.ops_tag, "the struct", spec.interface)
    if not spec.typedefs:
        yield Claim(spec.c.prefix, "the struct", spec.interface)
    facts: list[StructFact | EnumFact] = [*spec.kernel.structs, *spec.kernel.enums]
    for fact in facts:
        yield Claim(fact.name, "the kernel's name", fact.name)


def _generated(spec: Interface) -> Iterator[Claim]:
    """The names that are made from the prefix, in C's ordinary name space."""
    c, prefix, choices = spec.c, spec.interface, spec.names
    yield Claim(c.array, "the array", choices.array or prefix)
    yield Claim(c.register, "the function", choices.register or prefix)
    yield Claim(c.unregister, "the function", choices.unregister or prefix)
    yield Claim(c.iterator, "the iterator", choices.iterator or prefix)
    yield Claim(spec.guard, "the include guard", spec.header.guard or prefix)
    if spec.typedefs:
        yield Claim(c.host, "the typedef", prefix)
        yield Claim(c.ops, "the typedef", prefix)
    else:
        yield Claim(c.slot_count, "the macro", prefix)
        yield Claim(c.prefix, "the struct", prefix)
    if spec.none:
        yield Claim(c.none, "the table of empty slots", prefix)
    for variable in ("type", "ops", "xh"):  # which would hide what is called alike
        yield Claim(variable, "the generated variable", prefix)
    for helper in style(spec.templates).helpers:
        yield Claim(f"{c.prefix}_{helper}", "the function", prefix)
    for host_type in spec.types.values:
        yield Claim(c.type(host_type.name), "the type", host_type.name)


def _named(spec: Interface) -> Iterator[Claim]:
    """The names that the spec gives, in C's ordinary name space."""
    named = [("the pointer", slot.pointer) for slot in spec.slots]
    named += [("the predicate", macro.name) for macro in spec.predicates.macros]
    named += [("the table", table.symbol) for _, table in spec.tables()]
    named += [("the boot function", guest.boot.function) for guest in spec.guests]
    named += [("the kernel's name", name) for name in _kernel_names(spec)]
    known = [function.name for function in spec.kernel.functions]
    named += [("the kernel's function", name) for name in known]
    # A helper of several guests is in the file of each, what clears .bss may be in 'kernel', too.
    steps = [
        step for step in spec.steps(Calling) if isinstance(step, Call) or step.function not in known
    ]
    named += [("the function", name) for name in dict.fromkeys(step.function for step in steps)]
    return (Claim(name, what, name) for what, name in named)


def _kernel_names(spec: Interface) -> Iterator[Text]:
    kernel = spec.kernel
    facts: list[Constant | Macro | Variable] = [*kernel.constants, *kernel.variables]
    for fact in [*facts, *kernel.typedefs, *kernel.macros]:
        yield fact.name
    for enum in kernel.enums:
        yield from enum.values


def _wrappers(spec: Interface) -> Iterator[Claim]:
    """The wrappers of ops, and ops whose member of the ops structure would be a macro."""
    taken = names_taken(spec) | {macro.name for macro in spec.macros}
    for op in spec.ops:
        if op.name in taken:
            yield Claim(op.name, "the op", op.name)
        elif op.wrapper != "none":
            yield Claim(spec.c.wrapper(op.name), "the wrapper", op.name)


def _functions(spec: Interface, taken: set[str]) -> Iterator[Fault]:
    """The kernel's functions in tables have one signature each, and no names of other things."""
    # 'kernel' may tell of functions that take a pointer first, which may be to a host.
    signatures = {
        fact.name: _signature(fact.returns, fact.args[1:])
        for fact in spec.kernel.functions
        if fact.args and "*" in fact.args[0]
    }
    others = taken - signatures.keys()
    for op in spec.ops:
        signature = _signature(op.returns, op.args)
        for entry in op.tables:
            if not entry.is_kernels:
                continue
            name = entry.function
            if signatures.setdefault(name, signature) != signature:
                hint = "every op, and 'kernel', must give it the same result and parameters"
                message = f"'{name}' has another signature elsewhere"
                yield "two-signatures", message, name, hint
            if name in others:
                yield _name_taken(name)
    yield from _misspelt(spec, signatures)


def _misspelt(spec: Interface, signatures: Mapping[Text, tuple[object, ...]]) -> Iterator[Fault]:
    """No table names what is nearly a known function that could stand there, and none itself."""
    known = {function.name for function in spec.kernel.functions}
    for name, signature in signatures.items():
        fitting = [other for other in known if signatures.get(other, signature) == signature]
        meant = [other for other in fitting if is_slip(name, other)]
        if meant and name not in known:
            message = f"'{name}' is not among the functions of 'kernel', where a similar one is"
            message += "; list it there if both are right"
            yield "unknown-function", message, name, Nearest(name, meant)


def _signature(returns: str, args: tuple[str, ...]) -> tuple[object, ...]:
    """What tells one function type from another: its types, without the parameters' names."""
    types = []
    for arg in args:
        before, _, behind = arg.rpartition(declared_name(arg) or " ")
        types.append((before + behind).split())
    return returns, types


def _adapters(spec: Interface, taken: set[str]) -> Iterator[Fault]:
    """An adapter's name is its own; what is alike may share it, where it is written once."""
    first: dict[tuple[str, str], object] = {}
    for op, entry in spec.cells:
        if entry.body is None:
            continue
        name = entry.function
        adapter = (op.returns, op.host, op.args, entry.body)
        key = ("" if spec.none or name in spec.shared_adapters else entry.guest, name)
        is_new = first.setdefault(key, adapter) == adapter
        if name in taken or name in RESERVED or not is_new:
            yield _name_taken(name)


def _name_taken(name: Text) -> Fault:
    message = f"'{name}' already names something else"
    return (
        "name-collision",
        message,
        name,
        "name a function of the kernel's, or give it another name",
    )
