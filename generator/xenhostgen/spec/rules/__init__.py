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
_OF_THE_WHOLE = (types, slots, exports, guests, registrations, places, conditions, kinds, ops, messages)


def check(spec: Interface, problems: Problems, whole: bool) -> None:
    """Note every breach of every rule; of a spec that isn't ``whole``, as far as it is there."""
    for rule in (*(_OF_THE_WHOLE if whole else ()), *_OF_PARTS):
        rule(spec, problems)
