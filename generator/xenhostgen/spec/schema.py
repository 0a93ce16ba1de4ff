# SPDX-License-Identifier: GPL-2.0-only
"""The JSON Schema (draft 2020-12) of a spec, made from the model.

Editors complete and check by it while a spec is written. It tells shapes, not meanings: the rules
are for ``lint``.
"""

from xenhostgen.spec.model import Interface
from xenhostgen.spec.shape import Mapped, Schema


def json_schema() -> Schema:
    """The schema of a whole spec."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "xenhostgen spec",
        "description": "One host interface: its types, slots, ops, guests and boot code.",
        **Mapped(Interface).schema(),
    }
