# SPDX-License-Identifier: GPL-2.0-only
"""Guests, their registrations, and the kinds of guest that boot."""

import re

from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import Guest, Interface, Register
from xenhostgen.spec.source import Problems


def guests(spec: Interface, problems: Problems) -> None:
    """Each guest borrows from one that is there, has a place for its tables, and boots."""
    names = [guest.name for guest in spec.guests]
    run = {name for path in spec.kinds for name in path.runs}
    for guest in spec.guests:
        if guest.borrows is not None:
            lender = next((other for other in spec.guests if other.name == guest.borrows), None)
            if lender is None or lender is guest:
                message = f"guest '{guest.name}' borrows from unknown guest '{guest.borrows}'"
                hint = problems.did_you_mean(guest.borrows, [n for n in names if n != guest.name])
                problems.add("unknown-guest", message, guest.borrows, hint)
            elif not lender.tables:
                message = f"guest '{guest.borrows}' has no tables to borrow"
                problems.add(
                    "nothing-to-borrow", message, guest.borrows, "name the guest that defines them"
                )
        if guest.tables and guest.place is None:
            message = f"guest '{guest.name}' doesn't say where its tables stand"
            problems.add("no-place", message, guest.at, "add 'place: {after: FUNCTION}'")
        if guest.name not in run:
            message = f"no kind of guest runs '{guest.name}'"
            hint = "add it to a 'runs' list under 'kinds', or remove it"
            problems.add("guest-never-boots", message, guest.name, hint)


def registrations(spec: Interface, problems: Problems) -> None:
    """Boot steps register types that have a slot, with tables that exist; every table is registered."""
    types_known = [host_type.name for host_type in spec.types.values]
    used: set[str] = set()
    for guest, step in spec.registrations():
        roles = {table.role: table.symbol for table in (*spec.borrowed(guest), *guest.tables)}
        if step.table in roles:
            used.add(roles[step.table])
        else:
            message = f"guest '{guest.name}' has no table '{step.table}'"
            problems.add(
                "unknown-table", message, step.table, problems.did_you_mean(step.table, list(roles))
            )
        if step.type not in types_known:
            message = f"unknown type '{step.type}' in a boot step of '{guest.name}'"
            problems.add(
                "unknown-type", message, step.type, problems.did_you_mean(step.type, types_known)
            )
        elif spec.slot_of(step.type) is None:
            message = f"no slot can take type '{step.type}'"
            problems.add(
                "no-slot-for-type", message, step.type, "register a type that a slot accepts"
            )
    for guest, table in spec.tables():
        if table.symbol not in used:
            message = f"no boot step registers table '{table.role}' of guest '{guest.name}'"
            problems.add(
                "unregistered-table",
                message,
                table.symbol,
                "add a 'register' step, or remove the table",
            )
    for guest in spec.guests:
        _order(spec, guest, problems)


def _order(spec: Interface, guest: Guest, problems: Problems) -> None:
    """Within one boot function a slot is taken once, and after the slot that it requires."""
    taken: dict[str, Register] = {}
    registered = [step for step in guest.boot.steps if isinstance(step, Register)]
    steps = [(step, slot) for step in registered if (slot := spec.slot_of(step.type))]
    for index, (step, slot) in enumerate(steps):
        earlier = taken.get(slot.name)
        if earlier and (earlier.when is None or earlier.when == step.when):
            message = f"slot '{slot.name}' is taken by an earlier step already"
            problems.add("slot-taken", message, step.type, "a second registration would be misuse")
        if slot.requires and slot.requires not in taken:
            later = next(
                (other for other, home in steps[index + 1 :] if home.name == slot.requires), None
            )
            if later:
                message = (
                    f"slot '{slot.name}' requires '{slot.requires}', which is registered later"
                )
                problems.add(
                    "registered-too-early",
                    message,
                    step.type,
                    f"move it below line {later.at.line}",
                )
        taken.setdefault(slot.name, step)


def kinds(spec: Interface, problems: Problems) -> None:
    """Each kind of guest runs boot functions that exist, from inputs that exist."""
    names = [guest.name for guest in spec.guests]
    pointers: dict[str, bool] = {
        variable.name: "*" in variable.type for variable in spec.kernel.variables
    }
    pointers |= {
        declared_name(param): "*" in param for guest in spec.guests for param in guest.boot.params
    }
    if spec.guests and not spec.kinds:
        problems.add(
            "no-kind",
            "no kind of guest boots",
            spec.at,
            "list the boot functions of each under 'kinds'",
        )
    for path in spec.kinds:
        for name in path.runs:
            if name not in names and name != "clear_bss":
                message = f"kind '{path.kind}' runs unknown guest '{name}'"
                problems.add(
                    "unknown-guest",
                    message,
                    name,
                    problems.did_you_mean(name, [*names, "clear_bss"]),
                )
        if not any(name in names for name in path.runs):
            message = f"kind '{path.kind}' runs no boot function"
            problems.add("kind-runs-nothing", message, path.at, "list guests under 'runs'")
        for put in path.inputs:
            base = re.split(r"->|\.", put.target)[0].strip()
            if base not in pointers:
                message = f"'{base}' is no variable of 'kernel' and no parameter of a boot function"
                problems.add(
                    "unknown-name", message, put.target, problems.did_you_mean(base, list(pointers))
                )
            elif "object" in put.values and not (base == put.target and pointers[base]):
                message = f"'{put.target}' is no pointer to an object"
                problems.add("not-a-pointer", message, put.target, "give it numbers or constants")
            if not put.values:
                problems.add(
                    "no-values",
                    f"'{put.target}' has no value to begin with",
                    put.target,
                    "list at least one",
                )
