# SPDX-License-Identifier: GPL-2.0-only
"""Types, slots, members and exports: what the registry is made of."""

import errno
import re
from collections.abc import Iterator

from xenhostgen.spec.c_names import KEYWORDS, declared_name
from xenhostgen.spec.model import HostType, Interface, Slot
from xenhostgen.spec.rules.circles import circles
from xenhostgen.spec.source import Fault, Nearest, Text, repeated

INT_MIN, INT_MAX = -(1 << 31), (1 << 31) - 1
ERRNO_MAX = 4095  # the kernel takes what is further from 0 for an address


def types(spec: Interface) -> Iterator[Fault]:
    """Types have names and values of their own, and one of them marks an empty slot."""
    yield from repeated(
        "duplicate-type",
        (host_type.name for host_type in spec.types.values),
        "type '{name}' is declared twice",
        "the first is on line {line}",
    )
    owners: dict[int, str] = {}
    fitted = True
    for host_type, value in spec.types.counted:
        place = host_type.name if host_type.value is None else host_type.value
        if value in owners:
            message = f"type '{host_type.name}' has the value {value} of '{owners[value]}'"
            yield "duplicate-value", message, place, "give each type its own value"
        owners.setdefault(value, host_type.name)
        fits = INT_MIN <= value <= INT_MAX
        # Those below that have no value of their own count on from it.
        if not fits and (fitted or host_type.value is not None):
            message = f"{value} does not fit an enumerator"
            yield "value-range", message, place, "enumerators are 32-bit ints"
        fitted = fits
    if fitted and 0 not in owners:
        hint = "the type of value 0 marks an empty slot; add '{name: invalid, value: 0}'"
        empty = [host_type.value for host_type in _homeless(spec)] if spec.registry else []
        wrong = empty[0] if len(empty) == 1 else None
        if wrong is not None:
            hint = "a type that no slot accepts marks an empty slot, by the value 0"
        yield "no-empty-type", "no type has the value 0", wrong or spec.types, hint


def slots(spec: Interface) -> Iterator[Fault]:
    """Each type has one slot, and what a slot requires can be taken before it."""
    if not spec.slots:
        hint = "list at least one under 'slots'"
        yield "no-slot", "the registry has no slot", spec.registry, hint
    yield from repeated(
        "duplicate-slot",
        (slot.name for slot in spec.slots),
        "slot '{name}' is declared twice",
        "the first is on line {line}",
    )
    homes: dict[str, str] = {}
    for slot in spec.slots:
        yield from _accepted(spec, slot, homes)
    yield from _required(spec)


def homes(spec: Interface) -> Iterator[Fault]:
    """Each type but the empty one has a slot."""
    for host_type in _homeless(spec):
        if spec.values[host_type.name] != 0:
            hint = "add it to a slot's 'accepts', or remove it"
            yield "homeless-type", f"no slot accepts type '{host_type.name}'", host_type.name, hint


def _homeless(spec: Interface) -> list[HostType]:
    accepted = {name for slot in spec.slots for name in slot.accepts}
    return [host_type for host_type in spec.types.values if host_type.name not in accepted]


def _accepted(spec: Interface, slot: Slot, homes: dict[str, str]) -> Iterator[Fault]:
    """A slot takes types that no other slot takes; ``homes`` has the slot of each type so far."""
    if not slot.accepts:
        message = f"slot '{slot.name}' accepts no type"
        yield "useless-slot", message, slot, "list types under 'accepts'"
    for name in slot.accepts:
        if name not in spec.values:
            message = f"unknown type '{name}' in slot '{slot.name}'"
            yield "unknown-type", message, name, Nearest(name, spec.values)
        elif spec.values[name] == 0 and [*spec.values.values()].count(0) == 1:
            message = f"slot '{slot.name}' can't accept '{name}', which marks an empty slot"
            yield "empty-type-in-slot", message, name, "remove it"
        elif name in homes:
            message = f"type '{name}' is accepted by slot '{homes[name]}' already"
            yield "two-homes", message, name, "a type lives in one slot"
        homes.setdefault(name, slot.name)


def _required(spec: Interface) -> Iterator[Fault]:
    """A slot requires another one, which doesn't require it in turn."""
    requires = {slot.name: [slot.requires] for slot in spec.slots if slot.requires}
    names = [slot.name for slot in spec.slots]
    for slot in spec.slots:
        if slot.requires and slot.requires not in names:
            message = f"slot '{slot.name}' requires an unknown slot '{slot.requires}'"
            others = [name for name in names if name != slot.name]
            yield "unknown-slot", message, slot.requires, Nearest(slot.requires, others)
    for name in circles(requires):
        (required,) = requires[name]
        message = f"slot '{name}' requires itself by way of '{required}'"
        yield "requires-cycle", message, required, "it could never be taken"


def members(spec: Interface) -> Iterator[Fault]:
    """Each further member of the host structure declares one name."""
    declared = {"type": "the host's type", "ops": "the host's ops table"}
    for member in spec.fields:
        if (member.c is None) == (not member.struct):
            hint = "write one declaration, or a list of them"
            yield "field-form", "a field has either 'c' or 'struct'", member, hint
        for c in filter(None, (member.c, *member.struct)):
            name = declared_name(c)
            if not name or name in KEYWORDS:
                hint = "write it as in C: 'struct page *page'"
                yield "field-name", f"'{c}' declares no name", c, hint
            elif name in declared:
                message = f"field '{name}' appears twice"
                yield "duplicate-field", message, c, f"the other is {declared[name]}"
            else:
                declared[name] = f"on line {c.line}"


def misuse(spec: Interface) -> Iterator[Fault]:
    """What a misuse returns is a negative errno, which no caller takes for success."""
    if spec.registry.misuse is None:
        return
    for name, value in vars(spec.registry.misuse).items():
        if isinstance(value, Text) and not _is_errno(value):
            message = f"'{value}' for the misuse '{name}' is no negative errno"
            hint = "write it as '-EINVAL', so that callers can tell it from success"
            yield "no-errno", message, value, hint


def _is_errno(value: str) -> bool:
    if re.fullmatch(r"-[0-9]+", value):
        return -ERRNO_MAX <= int(value) < 0
    return value.startswith("-E") and hasattr(errno, value[1:])


def exports(spec: Interface) -> Iterator[Fault]:
    """What is exported is a symbol of the interface, once."""
    pointers = [slot.pointer for slot in spec.slots]
    known = [spec.c.array, *pointers, spec.c.register, spec.c.unregister]
    exported: list[Text] = []
    for export in spec.registry.exports:
        exported += export.symbols
    for symbol in exported:
        if symbol not in known:
            message = f"'{symbol}' is no symbol of this interface"
            yield "unknown-export", message, symbol, Nearest(symbol, known)
    yield from repeated("duplicate-export", exported, "'{name}' is exported twice", "remove one")
