# SPDX-License-Identifier: GPL-2.0-only
"""Types, slots, members and exports: what the registry is made of."""

from collections.abc import Iterator

from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problems, Text, did_you_mean
from xenhostgen.spec.words import KEYWORDS, at_of, declared_name

INT_MIN, INT_MAX = -(1 << 31), (1 << 31) - 1


def types(spec: Interface, problems: Problems) -> None:
    """Types have names and values of their own, and one of them marks an empty slot."""
    seen: dict[str, Text] = {}
    values: dict[int, str] = {}
    for host_type, value in zip(spec.types.values, _counted(spec), strict=True):
        name = host_type.name
        if name in seen:
            message = f"type '{name}' is declared twice"
            problems.add("duplicate-type", message, name, f"the first is on line {seen[name].at.line}")
        seen.setdefault(name, name)
        place = at_of(host_type.value, name.at)
        if value in values:
            message = f"type '{name}' has the value {value} of '{values[value]}'"
            problems.add("duplicate-value", message, place, "give each type its own value")
        values.setdefault(value, name)
        if not INT_MIN <= value <= INT_MAX:
            problems.add("value-range", f"{value} does not fit an enumerator", place, "enumerators are 32-bit ints")
    if 0 not in values:
        message = "no type has the value 0"
        hint = "the type of value 0 marks an empty slot; add '{name: invalid, value: 0}'"
        problems.add("no-empty-type", message, spec.types.at, hint)


def _counted(spec: Interface) -> Iterator[int]:
    following = 0
    for host_type in spec.types.values:
        value = following if host_type.value is None else int(host_type.value)
        yield value
        following = value + 1


def slots(spec: Interface, problems: Problems) -> None:
    """Each type has one slot, and what a slot requires can be taken before it."""
    known = [host_type.name for host_type in spec.types.values]
    empty = {name for name, value in zip(known, _counted(spec), strict=True) if value == 0}
    by_name: dict[str, Text] = {}
    home: dict[str, str] = {}
    if not spec.slots:
        problems.add("no-slot", "the registry has no slot", spec.registry.at, "list at least one under 'slots'")
    for slot in spec.slots:
        if slot.name in by_name:
            message = f"slot '{slot.name}' is declared twice"
            problems.add("duplicate-slot", message, slot.name, f"the first is on line {by_name[slot.name].at.line}")
        by_name.setdefault(slot.name, slot.name)
        if not slot.accepts:
            problems.add("useless-slot", f"slot '{slot.name}' accepts no type", slot.at, "list types under 'accepts'")
        for name in slot.accepts:
            if name not in known:
                message = f"unknown type '{name}' in slot '{slot.name}'"
                problems.add("unknown-type", message, name, did_you_mean(name, known))
            elif name in empty:
                message = f"slot '{slot.name}' can't accept '{name}', which marks an empty slot"
                problems.add("empty-type-in-slot", message, name, "remove it")
            elif name in home:
                message = f"type '{name}' is accepted by slot '{home[name]}' already"
                problems.add("two-homes", message, name, "a type lives in one slot")
            home.setdefault(name, slot.name)
    for slot in spec.slots:
        if slot.requires is None:
            continue
        if slot.requires not in by_name:
            others = [name for name in by_name if name != slot.name]
            message = f"slot '{slot.name}' requires an unknown slot '{slot.requires}'"
            problems.add("unknown-slot", message, slot.requires, did_you_mean(slot.requires, others))
        elif slot.requires == slot.name:
            message = f"slot '{slot.name}' requires itself"
            problems.add("requires-itself", message, slot.requires, "it could never be taken; remove 'requires'")
        elif _in_cycle(spec, slot.name):
            message = f"slot '{slot.name}' requires itself by way of '{slot.requires}'"
            problems.add("requires-cycle", message, slot.requires, "none of them could ever be taken")
    for host_type in spec.types.values:
        if host_type.name not in home and host_type.name not in empty:
            message = f"no slot accepts type '{host_type.name}'"
            problems.add("homeless-type", message, host_type.name, "add it to a slot's 'accepts', or remove it")


def _in_cycle(spec: Interface, start: str) -> bool:
    requires: dict[str, str | None] = {slot.name: slot.requires for slot in spec.slots}
    seen: set[str] = set()
    name = requires.get(start)
    while name is not None and name != start and name not in seen:
        seen.add(name)
        name = requires.get(name)
    return name == start


def members(spec: Interface, problems: Problems) -> None:
    """Each further member of the host structure declares one name."""
    seen = {"type": "the host's type", "ops": "the host's ops table"}
    for member in spec.fields:
        if (member.c is None) == (not member.struct):
            message = "a field has either 'c' or 'struct'"
            problems.add("field-form", message, member.at, "write one declaration, or a list of them")
        for c in ([member.c] if member.c else []) + list(member.struct):
            name = declared_name(c)
            if not name or name in KEYWORDS:
                problems.add("field-name", f"'{c}' declares no name", c, "write it as in C: 'struct page *page'")
            elif name in seen:
                problems.add("duplicate-field", f"field '{name}' stands twice", c, f"the other is {seen[name]}")
            else:
                seen[name] = f"on line {c.at.line}"


def exports(spec: Interface, problems: Problems) -> None:
    """What is exported is a symbol of the interface, once."""
    known = [spec.c.array, *(slot.pointer for slot in spec.slots), spec.c.register, spec.c.unregister]
    seen: set[str] = set()
    for export in spec.registry.exports:
        for symbol in export.symbols:
            if symbol not in known:
                message = f"'{symbol}' is no symbol of this interface"
                problems.add("unknown-export", message, symbol, did_you_mean(symbol, known))
            elif symbol in seen:
                problems.add("duplicate-export", f"'{symbol}' is exported twice", symbol, "remove one")
            seen.add(symbol)
