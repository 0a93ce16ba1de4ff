# SPDX-License-Identifier: GPL-2.0-only
"""Types, slots, members and exports: what the registry is made of."""

from collections.abc import Iterable, Iterator, Mapping

from xenhostgen.spec.c_names import KEYWORDS, declared_name
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problems, Text

INT_MIN, INT_MAX = -(1 << 31), (1 << 31) - 1


def repeated(names: Iterable[Text]) -> Iterator[tuple[Text, Text]]:
    """Each name that stands there again, with the one that stood there first."""
    first: dict[str, Text] = {}
    for name in names:
        if first.setdefault(name, name) is not name:
            yield name, first[name]


def types(spec: Interface, problems: Problems) -> None:
    """Types have names and values of their own, and one of them marks an empty slot."""
    for name, first in repeated(host_type.name for host_type in spec.types.values):
        hint = f"the first is on line {first.at.line}"
        problems.add("duplicate-type", f"type '{name}' is declared twice", name, hint)
    values: dict[int, str] = {}
    for host_type, value in zip(spec.types.values, spec.types.counted, strict=True):
        place = getattr(host_type.value, "at", host_type.name.at)
        if value in values:
            message = f"type '{host_type.name}' has the value {value} of '{values[value]}'"
            problems.add("duplicate-value", message, place, "give each type its own value")
        values.setdefault(value, host_type.name)
        if not INT_MIN <= value <= INT_MAX:
            problems.add(
                "value-range",
                f"{value} does not fit an enumerator",
                place,
                "enumerators are 32-bit ints",
            )
    if 0 not in values:
        hint = "the type of value 0 marks an empty slot; add '{name: invalid, value: 0}'"
        problems.add("no-empty-type", "no type has the value 0", spec.types.at, hint)


def slots(spec: Interface, problems: Problems) -> None:
    """Each type has one slot, and what a slot requires can be taken before it."""
    known = [host_type.name for host_type in spec.types.values]
    empty = {name for name, value in zip(known, spec.types.counted, strict=True) if value == 0}
    home: dict[str, str] = {}
    if not spec.slots:
        problems.add(
            "no-slot",
            "the registry has no slot",
            spec.registry.at,
            "list at least one under 'slots'",
        )
    for name, first in repeated(slot.name for slot in spec.slots):
        hint = f"the first is on line {first.at.line}"
        problems.add("duplicate-slot", f"slot '{name}' is declared twice", name, hint)
    for slot in spec.slots:
        if not slot.accepts:
            problems.add(
                "useless-slot",
                f"slot '{slot.name}' accepts no type",
                slot.at,
                "list types under 'accepts'",
            )
        for name in slot.accepts:
            if name not in known:
                message = f"unknown type '{name}' in slot '{slot.name}'"
                problems.add("unknown-type", message, name, problems.did_you_mean(name, known))
            elif name in empty:
                message = f"slot '{slot.name}' can't accept '{name}', which marks an empty slot"
                problems.add("empty-type-in-slot", message, name, "remove it")
            elif name in home:
                message = f"type '{name}' is accepted by slot '{home[name]}' already"
                problems.add("two-homes", message, name, "a type lives in one slot")
            home.setdefault(name, slot.name)
    requires = {slot.name: slot.requires for slot in spec.slots}
    for slot in spec.slots:
        if slot.requires is None:
            continue
        if slot.requires not in requires:
            others = [name for name in requires if name != slot.name]
            message = f"slot '{slot.name}' requires an unknown slot '{slot.requires}'"
            problems.add(
                "unknown-slot", message, slot.requires, problems.did_you_mean(slot.requires, others)
            )
        elif slot.requires == slot.name:
            message = f"slot '{slot.name}' requires itself"
            problems.add(
                "requires-itself",
                message,
                slot.requires,
                "it could never be taken; remove 'requires'",
            )
        elif _in_cycle(slot.name, requires):
            message = f"slot '{slot.name}' requires itself by way of '{slot.requires}'"
            problems.add(
                "requires-cycle", message, slot.requires, "none of them could ever be taken"
            )
    for host_type in spec.types.values:
        if host_type.name not in home and host_type.name not in empty:
            message = f"no slot accepts type '{host_type.name}'"
            problems.add(
                "homeless-type",
                message,
                host_type.name,
                "add it to a slot's 'accepts', or remove it",
            )


def _in_cycle(start: Text, requires: Mapping[Text, Text | None]) -> bool:
    name: Text | None = start
    for _ in requires:
        name = requires.get(name) if name else None
        if name == start:
            return True
    return False


def members(spec: Interface, problems: Problems) -> None:
    """Each further member of the host structure declares one name."""
    seen = {"type": "the host's type", "ops": "the host's ops table"}
    for member in spec.fields:
        if (member.c is None) == (not member.struct):
            message = "a field has either 'c' or 'struct'"
            problems.add(
                "field-form", message, member.at, "write one declaration, or a list of them"
            )
        for c in ([member.c] if member.c else []) + list(member.struct):
            name = declared_name(c)
            if not name or name in KEYWORDS:
                problems.add(
                    "field-name",
                    f"'{c}' declares no name",
                    c,
                    "write it as in C: 'struct page *page'",
                )
            elif name in seen:
                problems.add(
                    "duplicate-field",
                    f"field '{name}' stands twice",
                    c,
                    f"the other is {seen[name]}",
                )
            else:
                seen[name] = f"on line {c.at.line}"


def exports(spec: Interface, problems: Problems) -> None:
    """What is exported is a symbol of the interface, once."""
    known = [
        spec.c.array,
        *(slot.pointer for slot in spec.slots),
        spec.c.register,
        spec.c.unregister,
    ]
    exported = [symbol for export in spec.registry.exports for symbol in export.symbols]
    for symbol in exported:
        if symbol not in known:
            message = f"'{symbol}' is no symbol of this interface"
            problems.add("unknown-export", message, symbol, problems.did_you_mean(symbol, known))
    for symbol, _ in repeated(exported):
        problems.add("duplicate-export", f"'{symbol}' is exported twice", symbol, "remove one")
