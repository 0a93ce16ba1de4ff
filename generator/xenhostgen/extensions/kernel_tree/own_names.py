# SPDX-License-Identifier: GPL-2.0-only
"""Tells an interface's code in a kernel's file: by names that it defines, by what it sets."""

import re
from collections.abc import Iterable

from xenhostgen.extensions.kernel_tree.c_tree import bare
from xenhostgen.spec.model import Assign, Interface, Step


def own_names(spec: Interface) -> list[str]:
    """The C names that only the interface's code has: its types and predicates anybody may use."""
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
    """The variables and members that boot steps set."""
    names: list[str] = []
    for step in steps:
        names += (assignment.target for assignment in step.parts(Assign))
    return names


def setting(names: Iterable[str]) -> re.Pattern[str]:
    """Matches where C without comments sets one of these, by an operator or a call; none: never."""
    alternatives = "|".join(re.escape(bare(name)) for name in names)
    target = f"(?:{alternatives})" if alternatives else "(?!)"
    by_operator = rf"(?<![\w.>]){target}\s*(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--)"
    by_call = rf"\b(?:(?:memset|memcpy|memmove|xchg)\s*\(\s*&|WRITE_ONCE\(){target}\b"
    return re.compile(f"{by_operator}|{by_call}")
