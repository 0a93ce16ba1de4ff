# SPDX-License-Identifier: GPL-2.0-only
"""No keyword, no reserved word, and no two things by one name once prefixed."""

import re
from collections.abc import Iterable, Iterator

from xenhostgen.spec.c_names import KEYWORDS, RESERVED, declared_name
from xenhostgen.spec.model import Call, ClearBss, Constant, Interface, Macro, Op, Variable
from xenhostgen.spec.source import Placed, Problems
from xenhostgen.spec.template_sets import style

_RESERVED = re.compile(r"_[A-Z]|__builtin_")


Claim = tuple[str, str, Placed]  # a name, what it names, and where the spec says so
_Signature = tuple[
    str, tuple[str, ...]
]  # what a function returns, and its parameters after the host


def symbols(spec: Interface, problems: Problems) -> None:
    """No keyword, no reserved word, and no two things by one name once prefixed."""
    if not spec.interface:
        return  # each name is made from it
    taken = _claimed(_claims(spec), spec.guard, problems)
    _claimed(_tags(spec), "", problems)
    _functions(spec, taken, problems)


def _claimed(claims: Iterable[Claim], guard: str, problems: Problems) -> set[str]:
    """The names of one of C's name spaces."""
    claimed: dict[str, tuple[str, Placed]] = {}
    for name, what, place in claims:
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
    return set(claimed)


def _functions(spec: Interface, taken: set[str], problems: Problems) -> None:
    """Table entries name the kernel's functions, each in one way, or adapters by names of their own."""
    # Of the functions that 'kernel' knows those may stand in tables that take a pointer, which may be a host's.
    facts = (fact for fact in spec.kernel.functions if fact.args and "*" in fact.args[0])
    known = {fact.name: (fact.returns, fact.args[1:]) for fact in facts}
    others = taken.difference(known)
    adapters: dict[tuple[str, str], tuple[Op, str]] = {}
    for op in spec.ops:
        signature = (op.returns, op.args)
        for entry in op.tables:
            name = entry.function
            if entry.calls is None:
                clash = name in others
                first = known.setdefault(name, signature)
                if first is not signature and name != "NULL" and not _alike(first, signature):
                    hint = "what it returns and takes besides the host is the same for each op, and in 'kernel'"
                    problems.add(
                        "two-signatures", f"'{name}' has another signature elsewhere", name, hint
                    )
            else:
                maker, calls = adapters.setdefault(
                    (entry.table.split(".")[0], name), (op, entry.calls)
                )
                alike = maker is op or (maker.returns, maker.host, maker.args) == (
                    op.returns,
                    op.host,
                    op.args,
                )
                clash = name in taken or name in RESERVED or not alike or calls != entry.calls
            if clash:
                message, hint = (
                    f"'{name}' is the name of something else already",
                    "give it another name",
                )
                problems.add(
                    "name-collision", message, name, f"name a function of the kernel's, or {hint}"
                )


def _alike(one: _Signature, other: _Signature) -> bool:
    """Whether functions return the same, and take the same by whatever names."""
    if one == other:
        return True
    (returns, args), (given, taken) = one, other
    types = [
        ["".join(c.rpartition(declared_name(c))[::2]).split() for c in each]
        for each in (args, taken)
    ]
    return returns == given and types[0] == types[1]


def _tags(spec: Interface) -> Iterator[Claim]:
    """Each tag of a structure or enum."""
    yield spec.c.enum, "the enum", spec.interface
    yield spec.c.ops_tag, "the struct", spec.interface
    if not spec.typedefs:
        yield spec.c.prefix, "the struct", spec.interface
    for name in [
        *(fact.name for fact in spec.kernel.structs),
        *(fact.name for fact in spec.kernel.enums),
    ]:
        yield name, "the kernel's name", name


def _claims(spec: Interface) -> Iterator[Claim]:
    """Each name in C's ordinary name space."""
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
    for variable in ("type", "ops", "xh"):  # which would hide what is called alike
        yield variable, "the generated variable", prefix
    for helper in style(spec.templates).helpers:
        yield f"{c.prefix}_{helper}", "the function", prefix
    for host_type in dict.fromkeys(spec.types.values):
        yield c.type(host_type.name), "the type", host_type.name
    given = [("the pointer", slot.pointer) for slot in spec.slots]
    given += [("the predicate", macro.name) for macro in spec.predicates.macros]
    for guest in spec.guests:
        given += [("the table", table.symbol) for table in guest.tables]
        given += [("the boot function", guest.boot.function)]
    kernel = spec.kernel
    facts: list[Constant | Variable | Macro] = [
        *kernel.constants,
        *kernel.variables,
        *kernel.typedefs,
        *kernel.macros,
    ]
    given += [("the kernel's name", fact.name) for fact in facts]
    given += [("the kernel's name", value) for enum in kernel.enums for value in enum.values]
    functions = {function.name for function in kernel.functions}
    given += [("the kernel's function", function.name) for function in kernel.functions]
    steps = [step for guest in spec.guests for step in guest.boot.steps]
    # A helper of several guests is in the file of each; what clears .bss may be known to 'kernel' as well.
    given += [
        ("the function", name)
        for name in dict.fromkeys(s.function for s in steps if isinstance(s, Call))
    ]
    clearing = dict.fromkeys(step.function for step in steps if isinstance(step, ClearBss))
    given += [("the function", name) for name in clearing if name not in functions]
    yield from ((name, what, name) for what, name in given)
    macros = {name for what, name in given if what == "the predicate"}
    macros.update(fact.name for fact in facts if not isinstance(fact, Variable))
    for op in spec.ops:
        if op.name in KEYWORDS or op.name in macros:
            yield op.name, "the op", op.name
        elif op.wrapper != "none":
            yield c.wrapper(op.name), "the wrapper", op.name
