# SPDX-License-Identifier: GPL-2.0-only
"""Rules 9 and 10: what the slots must hold when a guest has booted.

A step that registers or unregisters is a *promise*: its condition is meant about the guest as it
is, so it is evaluated in the state that the kernel settles in, not in the half-set state in which
the code may ask too soon. All else that a boot function does happens when it happens.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, product
from typing import NamedTuple

from xenhostgen.reference_model.memory import Memory
from xenhostgen.reference_model.registry import Registry, State
from xenhostgen.spec import expr
from xenhostgen.spec.model import Assign, BootPath, Guest, HostStep, Interface, ReturnIf, Step

CLEAR_BSS = "clear_bss"


class Scenario(NamedTuple):
    """One boot: the kind of guest, what the hypervisor hands over, and what placeholders say."""

    path: BootPath
    inputs: tuple[tuple[str, str], ...]
    placeholders: tuple[tuple[str, bool], ...]

    def __str__(self) -> str:
        inputs = [f"{target}={value}" for target, value in self.inputs]
        inputs += [f"{name}()={int(value)}" for name, value in self.placeholders]
        return f"boot {self.path.kind}" + (f" with {', '.join(inputs)}" if inputs else "")


class Promise(NamedTuple):
    """What is due in the end; ``early`` if its condition was false when asked.

    ``table``: the one that is registered, empty where a host is unregistered.
    """

    guest: str
    step: HostStep
    table: str
    early: bool


class Passed(NamedTuple):
    """What a boot comes to: a stage, as ``step`` is None, or a step of it.

    ``holds``: whether the step's condition holds then; without one it does.
    """

    stage: str
    step: Step | None = None
    holds: bool = True


class Booted(NamedTuple):
    """What the model expects of a boot: which functions run, what is registered at the end.

    ``misuse`` is the first step of the spec's own that registers or unregisters wrongly,
    ``reason`` why that is, as an ``Outcome`` has it.
    """

    stages: tuple[str, ...]
    promises: tuple[Promise, ...]
    state: State
    misuse: Promise | None = None
    passed: tuple[Passed, ...] = ()
    reason: str = ""


def scenarios(spec: Interface) -> Iterator[Scenario]:
    """Every kind of guest with every combination of inputs and placeholders."""
    placeholders = spec.predicates.placeholders
    answers = list(product(*([(macro.name, False), (macro.name, True)] for macro in placeholders)))
    for path in spec.kinds:
        choices = [product([put.target], put.values) for put in path.inputs]
        for inputs in dict.fromkeys(map(_meaningful, product(*choices))):
            yield from (Scenario(path, inputs, answer) for answer in answers)


def _meaningful(inputs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Without the members of objects that aren't there."""
    absent = {target for target, value in inputs if value == "NULL"}
    return tuple(put for put in inputs if put[0] in absent or put[0].split("->")[0] not in absent)


def boot(spec: Interface, scenario: Scenario, off: Sequence[str] = ()) -> Booted:
    """What a boot must lead to, without some of the kernel's options."""
    memory = Memory(spec, dict(scenario.placeholders), off)
    for target, value in scenario.inputs:
        memory.set(target, f"{target}*" if value == "object" else memory.value(value))
    stages: list[str] = []
    passed: list[Passed] = []
    for stage in scenario.path.runs:
        stages.append(stage)
        passed.append(Passed(stage))
        left_early = stage != CLEAR_BSS and _run(spec.guest(stage), memory, passed)
        if left_early and stages == [stage]:
            break  # without what its entry needs the guest doesn't boot on
    promises = tuple(
        Promise(guest, step, spec.table(spec.guest(guest), step), not holds)
        for guest, step, holds in passed
        if isinstance(step, HostStep) and memory.true(step.when)
    )
    registry = Registry(spec)
    state, misuse, reason = registry.initial, None, ""
    for promise in promises:
        host, table = spec.values[promise.step.type], promise.table
        outcome = (
            registry.register(state, host, table) if table else registry.unregister(state, host)
        )
        if outcome.misuse:
            misuse, reason = promise, outcome.reason
            break
        state = outcome.state
    return Booted(tuple(stages), promises, state, misuse, tuple(passed), reason)


def _run(guest: Guest, memory: Memory, passed: list[Passed]) -> bool:
    """Run one boot function on the memory; True if it returned before its end."""
    for step in guest.boot.steps:
        holds = memory.true(getattr(step, "condition", getattr(step, "when", None)))
        passed.append(Passed(guest.name, step, holds))
        if holds and isinstance(step, ReturnIf):
            return True
        # ClearBss does nothing: the model's registry lies nowhere that could be cleared (rule 10).
        for assignment in step.parts(Assign):
            memory.set(assignment.target, memory.value(assignment.value))
    return False


def reads(spec: Interface, condition: str) -> set[str]:
    """The variables and constants that a condition depends on, through all its macros."""
    memory = Memory(spec, {macro.name: False for macro in spec.predicates.placeholders})
    memory.true(condition)
    return memory.named


def reads_before_set(spec: Interface, condition: str) -> set[str]:
    """The variables that a condition depends on and that boot code sets."""
    targets = (expr.names(expr.parse(step.target)) for step in spec.steps(Assign))
    return reads(spec, condition).intersection(chain.from_iterable(targets))
