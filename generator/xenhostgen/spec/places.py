# SPDX-License-Identifier: GPL-2.0-only
"""Where a spec has the symbols and files that it makes."""

from xenhostgen.spec.model import Interface
from xenhostgen.spec.shape import Part
from xenhostgen.spec.source import At

_NAMING = ("file", "pointer", "function", "symbol", "kind")
"""The keys of parts by which findings name them."""


def spec_places(spec: Interface) -> dict[str, At]:
    """The place in the spec for each generated symbol and file."""
    c = spec.c
    places = {c.enum: spec.types.at, c.none: (*spec.ops, spec)[0].at}
    for symbol in (c.array, c.iterator, c.register, c.unregister, c.slot_count):
        places[symbol] = spec.registry.at
    places |= {c.type(host_type.name): host_type.at for host_type in spec.types.values}
    places |= {c.wrapper(op.name): op.at for op in spec.ops}
    places |= {macro.name: macro.at for macro in spec.macros}
    places |= {enum.name: enum.at for enum in spec.kernel.enums}
    for part in spec.parts(Part):
        places |= {vars(part)[key]: part.at for key in _NAMING if key in vars(part)}
    return places
