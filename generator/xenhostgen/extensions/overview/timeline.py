# SPDX-License-Identifier: GPL-2.0-only
"""Boots as time lines: each step in its order, and what the slots hold after it.

The reference model says which steps a boot comes to and what is promised in the end. The slots
hold what the registry's rules say, and nothing once the kernel clears .bss, if they lie there.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from xenhostgen.reference_model.boot import CLEAR_BSS, Booted, Passed, boot, scenarios
from xenhostgen.reference_model.registry import Registry, State
from xenhostgen.spec.model import ClearBss, Interface, Register, ReturnIf
from xenhostgen.spec.source import At

BOOTS_MAX = 500  # nobody reads more; every placeholder doubles them


class Moment(NamedTuple):
    """A step of a boot; ``note`` is what becomes of it, ``state`` what the slots hold then."""

    stage: str
    text: str
    note: str
    state: State
    at: At


class TimeLine(NamedTuple):
    """The boots of a kind of guest that go alike, by what they begin with.

    ``promised`` is what the slots must hold in the end; ``early`` are the tables whose registration
    asks its condition before that is true.
    """

    kind: str
    boots: tuple[str, ...]
    moments: tuple[Moment, ...]
    promised: State
    early: tuple[str, ...]

    @property
    def final(self) -> State:
        """What the slots hold in the end."""
        return self.moments[-1].state


def timelines(spec: Interface) -> list[TimeLine]:
    """The time lines of all kinds of guests, those of the first ``BOOTS_MAX`` boots."""
    alike: dict[TimeLine, list[str]] = {}
    for scenario in islice(scenarios(spec), BOOTS_MAX):
        booted, kind = boot(spec, scenario), scenario.path.kind
        early = tuple(promise.table for promise in booted.promises if promise.early)
        line = TimeLine(kind, (), tuple(_moments(spec, booted)), booted.state, early)
        begins = str(scenario).partition(" with ")[2] or "in every case"
        alike.setdefault(line, []).append(begins)
    return [line._replace(boots=tuple(boots)) for line, boots in alike.items()]


def _moments(spec: Interface, booted: Booted) -> Iterator[Moment]:
    registry = Registry(spec)
    state = registry.initial
    for passed in booted.passed:
        step = passed.step
        if step is None and passed.stage != CLEAR_BSS:
            function = spec.guest(passed.stage).boot.function
            yield Moment(passed.stage, f"{function}()", "begins", state, spec.guest(passed.stage).at)
        elif step is None:
            state, note = _cleared(spec, state)
            yield Moment("kernel", "clears .bss", note, state, spec.at)
        else:
            state, note = _after(spec, state, passed)
            yield Moment(passed.stage, _text(spec, passed), note, state, step.at)


def _after(spec: Interface, state: State, passed: Passed) -> tuple[State, str]:
    """What the slots hold after a step, and what becomes of it."""
    match passed.step:
        case ClearBss():
            return _cleared(spec, state)
        case ReturnIf():
            return state, "returns" if passed.holds else "goes on"
        case Register() if not passed.holds:
            return state, "skipped: the condition is false now"
        case Register(type=type_name, table=role):
            table = spec.table(spec.guest(passed.stage), role).symbol
            outcome = Registry(spec).register(state, spec.values[type_name], table)
            note = f"refused by rule {outcome.rule}" if outcome.misuse else "registers"
            return outcome.state, note
    return state, ""


def _cleared(spec: Interface, state: State) -> tuple[State, str]:
    """What the slots hold once .bss is cleared."""
    if spec.section == ".bss":
        return Registry(spec).initial, "empties the slots, which lie in .bss"
    return state, f"leaves the slots, which lie in {spec.section}"


def _text(spec: Interface, passed: Passed) -> str:
    """A step in C, or nearly so."""
    step = passed.step
    if not isinstance(step, Register):
        return step.c if step else ""
    table = spec.table(spec.guest(passed.stage), step.table).symbol
    call = f"{spec.c.register}({spec.c.type(step.type)}, &{table});"
    return f"if ({step.when}) {call}" if step.when else call
