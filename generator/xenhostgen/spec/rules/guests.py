# SPDX-License-Identifier: GPL-2.0-only
"""Guests, their registrations, and the kinds of guest that boot."""

import re
from collections.abc import Iterator

from xenhostgen.spec.c_names import KEYWORDS, declared_name, declares_one
from xenhostgen.spec.model import BootPath, Guest, HostStep, Input, Interface, Register, Unregister
from xenhostgen.spec.rules.ops import names_taken, parameters
from xenhostgen.spec.source import Fault, Nearest

_LINKAGE = frozenset("extern inline const __attribute__ __inline".split())


def guests(spec: Interface) -> Iterator[Fault]:
    """Each guest borrows from one that is there, has a place for its tables, and boots."""
    run = set[str]().union(*(path.runs for path in spec.kinds))
    known = {"clear_bss", *(guest.name for guest in spec.guests)}
    for guest in spec.guests:
        yield from _borrowed(spec, guest)
        if guest.tables and guest.place is None:
            message = f"guest '{guest.name}' doesn't say where its tables go"
            yield "no-place", message, guest, "add 'place: {after: FUNCTION}'"
        if guest.name not in run and run <= known:  # else its name may be misspelt there
            message = f"no kind of guest runs '{guest.name}'"
            hint = "add it to a 'runs' list under 'kinds', or remove it"
            yield "guest-never-boots", message, guest.name, hint


def _borrowed(spec: Interface, guest: Guest) -> Iterator[Fault]:
    if guest.borrows is None:
        return
    others = [other.name for other in spec.guests if other is not guest]
    if guest.borrows not in others:
        message = f"guest '{guest.name}' borrows from unknown guest '{guest.borrows}'"
        yield "unknown-guest", message, guest.borrows, Nearest(guest.borrows, others)
    elif not spec.borrowed(guest):
        message = f"guest '{guest.borrows}' has no tables to borrow"
        hint = "name the guest that defines them"
        yield "nothing-to-borrow", message, guest.borrows, hint


def registrations(spec: Interface) -> Iterator[Fault]:
    """Boot steps register types and tables that exist; all tables are used."""
    registered: set[str] = set()
    is_misnamed = False
    for guest, step in spec.host_steps():
        registered.add(symbol := spec.table(guest, step))
        if isinstance(step, Register) and not symbol:
            roles = [table.role for table in (*spec.borrowed(guest), *guest.tables)]
            is_misnamed = True
            message = f"guest '{guest.name}' has no table '{step.table}'"
            yield "unknown-table", message, step.table, Nearest(step.table, roles)
        if step.type not in spec.values:
            message = f"unknown type '{step.type}' in a boot step of '{guest.name}'"
            yield "unknown-type", message, step.type, Nearest(step.type, spec.values)
    for guest, table in spec.tables():
        if table.symbol not in registered and not is_misnamed:
            message = f"no boot step registers table '{table.role}' of guest '{guest.name}'"
            hint = "add a 'register' step, or remove the table"
            yield "unregistered-table", message, table.symbol, hint


def order(spec: Interface) -> Iterator[Fault]:
    """What boot steps register has a slot, which isn't taken yet, and what that requires is."""
    for _, step in spec.host_steps():
        if step.type in spec.values and spec.slot_of(step.type) is None:
            message = f"no slot can take type '{step.type}'"
            hint = "register a type that a slot accepts"
            yield "no-slot-for-type", message, step.type, hint
    for guest in spec.guests:
        yield from _order(spec, guest)


def _order(spec: Interface, guest: Guest) -> Iterator[Fault]:
    """Within one boot function a slot is taken once, and after the slot that it requires."""
    own = [step for step in guest.boot.steps if isinstance(step, HostStep)]
    steps = [(step, slot) for step in own if (slot := spec.slot_of(step.type))]
    last = {slot.name: step for step, slot in reversed(steps) if isinstance(step, Register)}
    taken: dict[str, Register] = {}
    for step, slot in steps:
        if isinstance(step, Unregister):
            taken.pop(slot.name, None)
            continue
        earlier = taken.get(slot.name)
        if earlier and earlier.when in (None, step.when):
            message = f"slot '{slot.name}' is taken by an earlier step already"
            yield "slot-taken", message, step.type, "a second registration would be misuse"
        taken.setdefault(slot.name, step)
        if slot.requires and slot.requires not in taken and slot.requires in last:
            message = f"slot '{slot.name}' requires '{slot.requires}', which is registered later"
            hint = f"move it below line {last[slot.requires].at.line}"
            yield "registered-too-early", message, step.type, hint


def boot_functions(spec: Interface) -> Iterator[Fault]:
    """A boot function's parameters are C, and so is what stands before its return type."""
    for guest in spec.guests:
        if guest.boot.params != ("void",):
            yield from parameters(guest.boot.params, names_taken(spec), set())
        linkage = guest.boot.linkage
        words = re.findall(r"\w+", linkage or "")
        if "static" in words:
            message = f"'{guest.boot.function}' can't be static: the test harness calls it by name"
            yield "linkage", message, linkage or guest.boot, "leave 'static' out"
        elif linkage and not (declares_one(linkage) and KEYWORDS.isdisjoint({*words} - _LINKAGE)):
            message = f"'{linkage[:60]}' are not specifiers of a function"
            hint = "write what stands before its return type, as 'asmlinkage __visible'"
            yield "linkage", message, linkage, hint


def kinds(spec: Interface) -> Iterator[Fault]:
    """Each kind of guest runs boot functions that exist, from inputs that exist."""
    if spec.guests and not spec.kinds:
        hint = "list the boot functions of each under 'kinds'"
        yield "no-kind", "no kind of guest boots", spec, hint
    names = [str(guest.name) for guest in spec.guests]
    is_pointer: dict[str, bool] = {
        variable.name: "*" in variable.type for variable in spec.kernel.variables
    }
    for guest in spec.guests:
        is_pointer |= {declared_name(param): "*" in param for param in guest.boot.params}
    for path in spec.kinds:
        yield from _runs(path, names)
        for place in path.inputs:
            yield from _input(place, is_pointer)


def _runs(path: BootPath, guests: list[str]) -> Iterator[Fault]:
    known = [*guests, "clear_bss"]
    for name in path.runs:
        if name not in known:
            message = f"kind '{path.kind}' runs unknown guest '{name}'"
            yield "unknown-guest", message, name, Nearest(name, known)
    if {*path.runs} <= {"clear_bss"}:
        message = f"kind '{path.kind}' runs no boot function"
        yield "kind-runs-nothing", message, path, "list guests under 'runs'"


def _input(place: Input, is_pointer: dict[str, bool]) -> Iterator[Fault]:
    """An input is a variable or parameter; only a pointer may begin at an object."""
    target = place.target
    base = re.split(r"->|\.", target)[0].strip()
    if base not in is_pointer:
        message = f"'{base}' is no variable of 'kernel' and no parameter of a boot function"
        yield "unknown-name", message, target, Nearest(base, is_pointer)
    elif "object" in place.values and not (base == target and is_pointer[base]):
        message = f"'{target}' is no pointer to an object"
        yield "not-a-pointer", message, target, "give it numbers or constants"
    if not place.values:
        message = f"'{target}' has no initial value"
        yield "no-values", message, target, "list at least one"
