# SPDX-License-Identifier: GPL-2.0-only
"""Where a spec has the symbols and files that it makes."""

from typing import Any

from xenhostgen.spec.model import Call, Interface
from xenhostgen.spec.source import At


def spec_places(spec: Interface) -> dict[str, At]:
    """The place in the spec for each generated symbol and file."""
    c, boots = spec.c, [guest.boot for guest in spec.guests]
    places = {c.enum: spec.types.at}
    for symbol in (c.array, c.iterator, c.register, c.unregister, c.slot_count):
        places[symbol] = spec.registry.at
    places |= {c.type(host_type.name): host_type.at for host_type in spec.types.values}
    places |= {c.wrapper(op.name): op.at for op in spec.ops}
    functions: list[Any] = []
    functions += (entry for _, entry in spec.cells)
    for boot in boots:
        functions += [boot, *boot.steps_of(Call)]
    places[c.none] = spec.ops[0].at if spec.ops else spec.at
    named = {
        "file": (spec.header, spec.source, spec.predicates, spec.object, *spec.guests),
        "pointer": spec.slots,
        "name": (*spec.macros, *spec.kernel.enums),
        "function": functions,
        "symbol": [table for _, table in spec.tables()],
        "kind": spec.kinds,
    }
    for attribute, parts in named.items():
        places |= {getattr(part, attribute): part.at for part in parts}
    return places
