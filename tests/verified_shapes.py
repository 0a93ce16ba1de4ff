# SPDX-License-Identifier: GPL-2.0-only
"""Specs without a fault that are large in one thing each, for what verifying them costs."""

import re
from collections.abc import Callable
from pathlib import Path

PAIR = (Path(__file__).parent / "verify" / "succ_pair.yaml").read_text()
_GUESTS = PAIR[PAIR.index("guests:\n") : PAIR.index("kinds:")]
_STEP = "        - register: {type: right, table: own, when: pair_is_on()}\n"
# Ops of several shapes, in turn.
_OPS = (
    "returns: int, args: [unsigned int number, void *where], fallback: -ENODEV",
    "wrapper: optional",
    "returns: bool, args: [u64 mask], fallback: 0",
)


def _types(names: list[str]) -> str:
    values = ", ".join(f"{{name: {name}, doc: a type}}" for name in names)
    return re.sub(r"\{name: left, doc.*?\]", f"{values}]", PAIR)


def types(count: int) -> str:
    """Types in one slot."""
    names = [f"t{number}" for number in range(count)]
    spec = _types([*names, "right"])
    return spec.replace("accepts: [left]", f"accepts: [{', '.join(names)}]")


def slots(count: int, chained: bool = False) -> str:
    """Slots of a type each, independent or each requiring the one before; boot code takes all."""
    spec = _types([f"t{number}" for number in range(count)])
    rows, steps = "", ""
    for number in range(count):
        requires = f", requires: s{number - 1}" if chained and number else ""
        rows += f"    - {{name: s{number}, pointer: p{number}, accepts: [t{number}]{requires}}}\n"
        steps += _STEP.replace("right", f"t{number}")
    spec = re.sub(r"(  slots:\n)(    - .*\n)+", rf"\g<1>{rows}", spec)
    return spec.replace(_STEP, steps)


def chain(count: int) -> str:
    """Slots that each require the one before."""
    return slots(count, chained=True)


def guests(count: int) -> str:
    """Guests of a table and a registration each."""
    rows = [_GUESTS.removeprefix("guests:\n")] * count
    rows = [re.sub(r"\bonly", f"g{number}", row) for number, row in enumerate(rows)]
    kinds = "".join(f"  g{number}: {{runs: [g{number}]}}\n" for number in range(count))
    spec = PAIR.replace(_GUESTS, f"guests:\n{''.join(rows)}")
    return re.sub(r"kinds: .*\n", f"kinds:\n{kinds}", spec)


def ops(count: int) -> str:
    """Ops, each with an entry of the kernel's and what an empty slot does."""
    rows = ""
    for number in range(count):
        shape = _OPS[number % len(_OPS)]
        value = '""' if "optional" in shape else "-ENODEV" if "int," in shape else "0"
        none = f"none: {{function: no_{number}, body: {value}}}"
        rows += f"  op_{number}: {{{shape}, doc: an op,"
        rows += f" tables: {{{none}, only.own: only_{number}}}}}\n"
    spec = PAIR.replace("<linux/types.h>", "<linux/types.h>, <linux/errno.h>")
    return spec.replace("guests:\n", f"ops:\n{rows}guests:\n")


SHAPES: dict[str, tuple[Callable[[int], str], int]] = {
    "slots in a chain": (chain, 64),
    "independent slots": (slots, 64),
    "types in a slot": (types, 500),
    "guests": (guests, 200),
    "ops": (ops, 300),
}
