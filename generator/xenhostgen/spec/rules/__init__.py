# SPDX-License-Identifier: GPL-2.0-only
"""What must hold in a spec beyond its shape: a function a subject.

A spec that passes all can be rendered.
"""

from collections.abc import Iterator

from xenhostgen.spec.model import Interface
from xenhostgen.spec.rules.conditions import conditions
from xenhostgen.spec.rules.files import files, landmarks, places
from xenhostgen.spec.rules.guests import boot_functions, guests, kinds, order, registrations
from xenhostgen.spec.rules.hosts import exports, homes, members, misuse, slots, types
from xenhostgen.spec.rules.lists import accepted, expected, messages
from xenhostgen.spec.rules.ops import ops
from xenhostgen.spec.rules.sets import templates
from xenhostgen.spec.rules.symbols import symbols
from xenhostgen.spec.source import Fault

# Rules with the sections that must have been read as a whole or, with a '?', must be there: what is
# unread in these makes the rule find less, not more. Then the rules that must have found nothing,
# lest a fault be told twice.
_RULES = (
    (types, "types"),
    (slots, "types registry"),
    (homes, "types registry", types, slots),
    (exports, "interface names registry"),
    (guests, "guests kinds"),
    (registrations, "guests types registry"),
    (order, "guests types registry", types, slots),
    (places, "object predicates guests"),
    (conditions, "kernel predicates kinds guests"),
    (kinds, "kinds guests kernel"),
    (boot_functions, "guests"),
    (ops, "ops guests"),
    (messages, "series guests"),
    (symbols, "interface? header? types? registry? predicates? guests?"),
    (members, "fields"),
    (misuse, "registry?"),
    (files, "header? source? object? predicates? guests?"),
    (landmarks, "guests?"),
    (expected, ""),
    (accepted, ""),
    (templates, "interface? templates? source? registry predicates? guests?"),
)
_SECTIONS = {section.rstrip("?") for _, sections, *_ in _RULES for section in sections.split()}
assert Interface.KEYS.keys() >= _SECTIONS, "a misspelt section"


def check(spec: Interface, unread: set[str]) -> Iterator[Fault]:
    """Every breach of every rule that can be judged where some sections are ``unread``."""
    lost = unread | {f"{section}?" for section in unread if getattr(spec, section) is None}
    broken: set[object] = set()
    for rule, sections, *groundwork in _RULES:
        if lost.isdisjoint(sections.split()) and broken.isdisjoint(groundwork):
            for fault in rule(spec):
                broken.add(rule)
                yield fault
