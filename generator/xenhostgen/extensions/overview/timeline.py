# SPDX-License-Identifier: GPL-2.0-only
"""Boots as time lines: each step in its order, and what the slots hold after it.

The reference model says which steps a boot comes to and what is promised in the end. The slots
hold what the registry's rules say, and nothing once the kernel clears .bss, if they lie there.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from xenhostgen.reference_model.boot import CLEAR_BSS, Booted, boot, scenarios
from xenhostgen.reference_model.registry import Registry, State
from xenhostgen.spec.model import (
    ClearBss,
    Each,
    HostStep,
    Interface,
    Register,
    ReturnIf,
    Step,
    Unregister,
)
from xenhostgen.spec.source import At

BOOTS_MAX = 500  # nobody reads more; every placeholder doubles them


class Moment(NamedTuple):
    """A step of a boot; ``note`` is what becomes of it, ``state`` what the slots hold then.

    ``act`` is "begin" of a boot function, "clear" of .bss, "skip" where its condition is false, or
    "step".
    """

    act: str
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
    def is_kept(self) -> bool:
        """Whether the slots hold in the end what is promised."""
        return self.final == self.promised

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
        begins = str(scenario).removeprefix(f"boot {kind}").lstrip() or "in every case"
        alike.setdefault(line, []).append(begins)
    return [line._replace(boots=tuple(boots)) for line, boots in alike.items()]


def _moments(spec: Interface, booted: Booted) -> Iterator[Moment]:
    registry = Registry(spec)
    state = registry.initial
    for stage, step, holds in booted.passed:
        act, note = "step", ""
        match step:
            case None if stage != CLEAR_BSS:
                act, note = "begin", "begins"
            case None | ClearBss():
                act = "clear"
                note = f"leaves the slots, which lie in {spec.section}"
                if spec.section == ".bss":
                    state, note = registry.initial, "empties the slots, which lie in .bss"
            case ReturnIf():
                note = "returns" if holds else "goes on"
            case Register() | Unregister() if not holds:
                act, note = "skip", "skipped: the condition is false now"
            case Register() | Unregister():
                state, note = _changed(spec, registry, stage, step, state)
            case Each(op=op):
                visited = (spec.slots[index].name for index in registry.visited(state))
                note = f"calls {op} for {', '.join(visited) or 'no host'}"
        at = (step or spec.guest(stage) if stage != CLEAR_BSS else spec).at
        yield Moment(act, stage, _text(spec, stage, step), note, state, at)


def _changed(
    spec: Interface, registry: Registry, stage: str, step: HostStep, state: State
) -> tuple[State, str]:
    """What the slots hold once a host is registered or unregistered, and how that goes."""
    host, table = spec.values[step.type], spec.table(spec.guest(stage), step)
    if isinstance(step, Register):
        outcome, note = registry.register(state, host, table), "registers"
    else:
        outcome, note = registry.unregister(state, host), "unregisters"
    return outcome.state, f"refused by rule {outcome.rule}" if outcome.misuse else note


def _text(spec: Interface, stage: str, step: Step | None) -> str:
    """A step, or the beginning of a stage, in C or nearly so."""
    if step is None:
        return "clear .bss" if stage == CLEAR_BSS else f"{spec.guest(stage).boot.function}()"
    if isinstance(step, Each):
        return f"{spec.c.iterator}(xh) {spec.call(step)};"
    if not isinstance(step, Register | Unregister):
        return step.c
    call = f"{spec.c.unregister}({spec.c.type(step.type)});"
    if table := spec.table(spec.guest(stage), step):
        call = f"{spec.c.register}({spec.c.type(step.type)}, &{table});"
    return f"if ({step.when}) {call}" if step.when else call
