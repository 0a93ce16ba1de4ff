# SPDX-License-Identifier: GPL-2.0-only
"""What shows that code holds another kind of interface than a spec can say."""

from collections.abc import Mapping
from itertools import pairwise

from xenhostgen.csource.tokens import code_tokens
from xenhostgen.spec.source import At, Problem

# What such code uses, and the names that show it.
_KINDS = {
    "a list of any length": "list_head hlist_head LIST_HEAD",
    "numbers for what is registered": "DEFINE_IDR DEFINE_XARRAY idr_alloc xa_alloc",
    "a chain of notifiers": "notifier_block ATOMIC_NOTIFIER_HEAD BLOCKING_NOTIFIER_HEAD",
    "the driver core's buses and classes": "bus_type class_register bus_register device_driver",
}
_OPS = "ops for each object"


def other_kind(files: Mapping[str, str], has_types: bool) -> Problem | None:
    """The problem at the first line that shows another kind of interface; None if none does.

    Beside an enum of types, objects with ops are what a spec wants.
    """
    kinds = _KINDS if has_types else {**_KINDS, _OPS: ""}
    for what, names in kinds.items():
        for path, text in files.items():
            for token, following in pairwise(code_tokens(text)):
                is_ops = not names and token.text.endswith("_ops") and following.text == "*"
                if is_ops or token.text in names.split():
                    message = (
                        f"this uses {what}; a spec can only describe an array of slots, each "
                        "for some types of an 'enum X_type' beside 'struct X'"
                    )
                    line = text.split("\n")[token.line - 1]
                    at = At(token.line, token.column)
                    return Problem("no-interface", message, path, at, excerpt=line)
    return None
