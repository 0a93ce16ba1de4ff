# SPDX-License-Identifier: GPL-2.0-only
"""The states of a registry by its rules: as a table of calls, and as a picture by Graphviz."""

import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from xenhostgen.extensions.overview.timeline import TimeLine
from xenhostgen.reference_model.registry import Outcome, Registry
from xenhostgen.sandbox.process import BuildError, Job, run
from xenhostgen.spec.model import Interface

STATES_MAX = 40  # a picture of more can't be read
_LOOK = """rankdir=LR; bgcolor=transparent;
node [shape=box, style=rounded, fontname=Helvetica, fontsize=12];
edge [fontname=Helvetica, fontsize=10];"""


class Target(NamedTuple):
    """Where a call leads: to the state of a number, or to a refusal in words."""

    number: int
    refusal: str = ""


class StateRow(NamedTuple):
    """A state: what each slot holds, the kinds of guests that end in it, where calls lead."""

    holds: tuple[str, ...]
    kinds: tuple[str, ...]
    targets: tuple[Target, ...]


class States(NamedTuple):
    """The first states that calls lead to; ``is_whole`` if there are no others."""

    calls: tuple[str, ...]
    rows: tuple[StateRow, ...]
    is_whole: bool


def registry_states(spec: Interface, lines: Sequence[TimeLine]) -> States:
    """What registering and unregistering each type leads to, from the empty registry on."""
    registry = Registry(spec)
    names = {value: name for name, value in spec.values.items()}
    values = sorted(registry.home)
    numbers, queue = {registry.initial: 0}, deque([registry.initial])
    rows: list[StateRow] = []
    while queue and len(rows) < STATES_MAX:
        state = queue.popleft()
        outcomes = [registry.register(state, value, "ops") for value in values]
        outcomes += [registry.unregister(state, value) for value in values]
        for outcome in outcomes:
            if outcome.state not in numbers:
                numbers[outcome.state] = len(numbers)
                queue.append(outcome.state)
        held = [value for value, _ in state]
        ends = [line.kind for line in lines if [value for value, _ in line.final] == held]
        holds = tuple(names[value] if value else "empty" for value in held)
        targets = tuple(Target(numbers[call.state], _refusal(call)) for call in outcomes)
        rows.append(StateRow(holds, tuple(dict.fromkeys(ends)), targets))
    verbs = ("register", "unregister")
    calls = tuple(f"{verb} {names[value]}" for verb in verbs for value in values)
    return States(calls, tuple(rows), not queue)


def _refusal(outcome: Outcome) -> str:
    """How a call is refused; empty if it isn't."""
    return f"{outcome.errno or 'BUG'} (rule {outcome.rule})" if outcome.misuse else ""


def picture(spec: Interface, states: States) -> str:
    """The states as SVG; empty without Graphviz, or where it fails."""
    source = "\n".join(["digraph {", _LOOK, *_statements(spec, states), "}"])
    try:
        done = run(Job(["dot", "-Tsvg"], input=source.encode()))
    except BuildError:
        return ""
    # Pictures of several specs share a page, on which an id stands once.
    plain = re.sub(' id="[^"]*"', "", done.text)
    return plain[plain.find("<svg") :] if done.status == 0 else ""


def _statements(spec: Interface, states: States) -> Iterator[str]:
    """The picture in Graphviz' language: a box a state, an arrow for all calls between two."""
    for number, row in enumerate(states.rows):
        pairs = zip(spec.slots, row.holds, strict=True)
        label = "\n".join([f"state {number}", *(f"{slot.name}: {held}" for slot, held in pairs)])
        ends = f"\nends: {', '.join(row.kinds)}" if row.kinds else ""
        yield f"s{number} [label={json.dumps(label + ends)}];"
        arrows: dict[int, list[str]] = {}
        for call, target in zip(states.calls, row.targets, strict=True):
            if number != target.number < len(states.rows):
                arrows.setdefault(target.number, []).append(call)
        for other, calls in arrows.items():
            yield f"s{number} -> s{other} [label={json.dumps(chr(10).join(calls))}];"
