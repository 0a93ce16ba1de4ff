# SPDX-License-Identifier: GPL-2.0-only
"""What must hold in a spec beyond its shape: a function a subject. A spec that passes all can be rendered."""

from xenhostgen.spec.model import Interface
from xenhostgen.spec.rules.conditions import conditions
from xenhostgen.spec.rules.guests import guests, kinds, registrations
from xenhostgen.spec.rules.hosts import exports, members, slots, types
from xenhostgen.spec.rules.ops import declared_types, expected, ops
from xenhostgen.spec.rules.sets import templates
from xenhostgen.spec.rules.symbols import symbols
from xenhostgen.spec.rules.texts import comments, messages, paths, places
from xenhostgen.spec.source import Problems

# These ask of each part alone, or for two that are alike: what can't be read makes them find less, not more.
_OF_PARTS = (symbols, members, paths, comments, expected, declared_types, templates)
# Of these what the spec says below its other keys decides, too.
_OF_THE_WHOLE = (
    (types, "types"),
    (slots, "types registry"),
    (exports, "interface names registry"),
    (guests, "guests kinds"),
    (registrations, "guests types registry"),
    (places, "object predicates guests"),
    (conditions, "kernel predicates kinds guests"),
    (kinds, "kinds guests kernel"),
    (ops, "ops guests"),
    (messages, "series guests"),
)


def check(spec: Interface, problems: Problems, unread: set[str]) -> None:
    """Note every breach of every rule; of a spec with keys that are ``unread``, as far as it is there."""
    for rule, needs in _OF_THE_WHOLE:
        if unread.isdisjoint(needs.split()):
            rule(spec, problems)
    for rule in _OF_PARTS:
        rule(spec, problems)
