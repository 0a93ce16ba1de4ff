# SPDX-License-Identifier: GPL-2.0-only
"""The names by which a piece of a kernel's file is known to be an interface's."""

from xenhostgen.spec.model import Interface


def own_names(spec: Interface) -> list[str]:
    """What the interface defines, types and predicates left out: these may be used by anybody."""
    c = spec.c
    names = [c.register, c.unregister, c.array, c.iterator, c.slot_count]
    names += [slot.pointer for slot in spec.slots]
    names += [table.symbol for _, table in spec.tables()]
    names += [c.type(name) for name in spec.values]
    for op in spec.ops:
        names.append(c.wrapper(op.name))
        names += [entry.function for entry in op.tables if entry.calls is not None]
    return names
