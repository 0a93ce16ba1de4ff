# SPDX-License-Identifier: GPL-2.0-only
"""By what a piece of a kernel's file is known to be an interface's: its names, what it sets."""

import re
from collections.abc import Iterable

from xenhostgen.extensions.kernel_tree.c_tree import bare
from xenhostgen.spec.model import Assign, Interface, Step


def own_names(spec: Interface) -> list[str]:
    """What the interface defines, types and predicates left out: these may be used by anybody."""
    c = spec.c
    names = [c.register, c.unregister, c.array, c.iterator, c.slot_count, c.none]
    names += [slot.pointer for slot in spec.slots]
    names += [table.symbol for _, table in spec.tables()]
    names += [c.type(name) for name in spec.values]
    for op in spec.ops:
        names.append(c.wrapper(op.name))
        names += [entry.function for entry in op.tables if entry.body is not None]
    return names


def targets(steps: Iterable[Step]) -> list[str]:
    """What boot steps set."""
    names: list[str] = []
    for step in steps:
        names += (assignment.target for assignment in step.parts(Assign))
    return names


def setting(names: Iterable[str]) -> re.Pattern[str]:
    """Matches C without comments that sets one of these."""
    target = f"(?:{'|'.join(re.escape(bare(name)) for name in names) or '(?!)'})"
    by_operator = rf"(?<![\w.>]){target}\s*(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--)"
    by_call = rf"\b(?:(?:memset|memcpy|memmove|xchg)\s*\(\s*&|WRITE_ONCE\(){target}\b"
    return re.compile(f"{by_operator}|{by_call}")
