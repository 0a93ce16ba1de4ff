# SPDX-License-Identifier: GPL-2.0-only
"""Where the spec speaks of a symbol or of a file."""

from xenhostgen.spec.model import Call, Interface
from xenhostgen.spec.source import At


def spec_places(spec: Interface) -> dict[str, At]:
    """The place in the spec for each symbol and file that a finding may be about."""
    c, registry = spec.c, spec.registry
    places = {
        spec.path: spec.at,
        spec.header.file: spec.header.at,
        spec.source.file: spec.source.at,
        spec.predicates.file: spec.predicates.at,
        spec.object.file: spec.object.at,
        c.enum: spec.types.at,
    }
    places |= dict.fromkeys(
        (c.array, c.iterator, c.register, c.unregister, c.slot_count), registry.at
    )
    places |= {c.type(one.name): one.at for one in spec.types.values}
    places |= {slot.pointer: slot.at for slot in spec.slots}
    places |= {macro.name: macro.at for macro in spec.macros}
    places |= {enum.name: enum.at for enum in spec.kernel.enums}
    places |= {entry.function: entry.at for op in spec.ops for entry in op.tables}
    places |= {c.wrapper(op.name): op.at for op in spec.ops}
    for guest in spec.guests:
        places |= {guest.file: guest.at, guest.boot.function: guest.boot.at}
        places |= {step.function: step.at for step in guest.boot.steps if isinstance(step, Call)}
        places |= {table.symbol: table.at for table in guest.tables}
    places |= {path.kind: path.at for path in spec.kinds}
    return places
