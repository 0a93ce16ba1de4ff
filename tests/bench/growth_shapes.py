# SPDX-License-Identifier: GPL-2.0-only
"""Specs that are large in one thing each, for the figures of growth."""

from collections.abc import Callable
from pathlib import Path

MINIMAL = (Path(__file__).parents[1] / "spec" / "cases" / "succ_minimal.yaml").read_text()
REGISTER = "        - register: {type: near, table: direct}\n"
_INCLUDE = "include: {line: <widget.h>, place: {after: <linux/init.h>}}"


def guests(count: int) -> str:
    """Guests of a table and a registration each."""
    rows = ""
    for number in range(count):
        name = f"g{number}"
        rows += f"  {name}:\n    file: arch/{name}.c\n    context: [<linux/init.h>]\n"
        rows += f"    {_INCLUDE}\n    tables: {{direct: {name}_ops}}\n"
        rows += f"    place: {{after: {name}_setup}}\n    boot:\n      function: {name}_init\n"
        rows += f"      steps:\n{REGISTER}"
    kinds = ", ".join(f"g{number}: [g{number}]" for number in range(count))
    return f"{MINIMAL[: MINIMAL.index('guests:')]}guests:\n{rows}kinds: {{{kinds}}}\n"


def slots(count: int) -> str:
    """A chain of slots, each of which requires the one before."""
    pointers = "  slots:\n    - {name: s0, pointer: p0, accepts: [near]}\n"
    names, steps = "{name: near}", REGISTER
    for number in range(1, count):
        names += f", {{name: t{number}}}"
        slot = f"name: s{number}, pointer: p{number}, accepts: [t{number}]"
        pointers += f"    - {{{slot}, requires: s{number - 1}}}\n"
        steps += REGISTER.replace("near", f"t{number}")
    old = "  slots: [{name: main, pointer: widget_main, accepts: [near]}]\n"
    spec = MINIMAL.replace(old, pointers).replace(REGISTER, steps)
    return spec.replace("{name: near}", names)


def types(count: int) -> str:
    """Types in one slot."""
    names = [f"t{number}" for number in range(count)]
    declared = ", ".join(f"{{name: {name}}}" for name in names)
    spec = MINIMAL.replace("{name: near}", f"{{name: near}}, {declared}")
    return spec.replace("accepts: [near]", f"accepts: [near, {', '.join(names)}]")


def macros(count: int) -> str:
    """A chain of kernel macros, each of which expands to the next."""
    rows = "".join(f"    m{number}: m{number + 1}()\n" for number in range(count))
    return f"{MINIMAL}kernel:\n  macros:\n{rows}    m{count}: 0\n"


def fields(count: int) -> str:
    """Members of the host structure."""
    return f"{MINIMAL}fields:\n" + "".join(f"  - c: int f{number}\n" for number in range(count))


def steps(count: int) -> str:
    """Assignments in one boot function."""
    rows = "".join(f"        - assign: {{v: {number}}}\n" for number in range(count))
    spec = MINIMAL.replace("      steps:\n", f"      steps:\n{rows}")
    return f"{spec}kernel: {{variables: {{v: int}}}}\n"


# The largest sizes; half of each is measured, too.
SHAPES: dict[str, tuple[Callable[[int], str], int]] = {
    "guests": (guests, 1_000),
    "slots in a chain": (slots, 64),
    "types": (types, 500),
    "macros in a chain": (macros, 4_000),
    "fields": (fields, 4_000),
    "boot steps": (steps, 2_000),
}
