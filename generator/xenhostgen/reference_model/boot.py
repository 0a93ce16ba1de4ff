# SPDX-License-Identifier: GPL-2.0-only
"""Rules 9 and 10: what the slots must hold when a guest has booted.

A step that registers or unregisters is a *promise*: its condition is meant about the guest as it
is, so it is evaluated in the state that the kernel settles in, not in the half-set state in which
the code may ask too soon. All else that a boot function does happens when it happens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from xenhostgen.reference_model.memory import Memory
from xenhostgen.reference_model.registry import Registry, State
from xenhostgen.spec import expr
from xenhostgen.spec.model import Assign, BootPath, Guest, HostStep, Interface, ReturnIf

CLEAR_BSS = "clear_bss"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One boot: the kind of guest, what the hypervisor hands over, and what placeholders say."""

    path: BootPath
    inputs: tuple[tuple[str, str], ...]
    placeholders: tuple[tuple[str, bool], ...]

    def __str__(self) -> str:
        given = [f"{target}={value}" for target, value in self.inputs]
        given += [f"{name}()={int(value)}" for name, value in self.placeholders]
        return f"boot {self.path.kind}" + (f" with {', '.join(given)}" if given else "")


@dataclass(frozen=True, slots=True)
class Promise:
    """What is due in the end; ``early`` if its condition was false when asked.

    ``table``: the one that is registered, empty where a host is unregistered.
    """

    guest: str
    step: HostStep
    table: str
    early: bool


@dataclass(frozen=True, slots=True)
class Booted:
    """What the model expects of a boot: which functions run, what is registered at the end.

    ``misuse`` is the first step of the spec's own that registers or unregisters wrongly.
    """

    stages: tuple[str, ...]
    promises: tuple[Promise, ...]
    state: State
    misuse: Promise | None = None


def scenarios(spec: Interface) -> Iterator[Scenario]:
    """Every kind of guest with every combination of inputs and placeholders."""
    names = [macro.name for macro in spec.predicates.placeholders]
    answers = [
        tuple(zip(names, row, strict=True)) for row in product((False, True), repeat=len(names))
    ]
    for path in spec.kinds:
        choices = [product([put.target], put.values) for put in path.inputs]
        for inputs in dict.fromkeys(map(_meaningful, product(*choices))):
            yield from (Scenario(path, inputs, placeholders) for placeholders in answers)


def _meaningful(inputs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Without the members of objects that aren't there."""
    absent = {target for target, value in inputs if value == "NULL"}
    return tuple(
        (target, value)
        for target, value in inputs
        if target in absent or target.split("->")[0] not in absent
    )


def boot(spec: Interface, scenario: Scenario, off: Sequence[str] = ()) -> Booted:
    """What a boot must lead to, without some of the kernel's options."""
    memory = Memory(spec, dict(scenario.placeholders), off)
    for target, value in scenario.inputs:
        memory.set(target, f"{target}*" if value == "object" else memory.value(value))
    stages: list[str] = []
    asked: list[Promise] = []
    for stage in scenario.path.runs:
        stages.append(stage)
        left_early = stage != CLEAR_BSS and _run(spec, spec.guest(stage), memory, asked)
        if left_early and len(stages) == 1:
            break  # without what its entry needs the guest doesn't boot on
    promises = tuple(promise for promise in asked if memory.true(promise.step.when))
    registry = Registry(spec)
    state, misuse = registry.initial, None
    for promise in promises:
        host, table = spec.values[promise.step.type], promise.table
        outcome = (
            registry.register(state, host, table) if table else registry.unregister(state, host)
        )
        if outcome.misuse:
            misuse = promise
            break
        state = outcome.state
    return Booted(tuple(stages), promises, state, misuse)


def _run(spec: Interface, guest: Guest, memory: Memory, asked: list[Promise]) -> bool:
    """Run one boot function on the memory; True if it returned before its end."""
    for step in guest.boot.steps:
        if isinstance(step, ReturnIf) and memory.true(step.condition):
            return True
        if isinstance(step, HostStep):
            early = not memory.true(step.when)
            asked.append(Promise(guest.name, step, spec.table(guest, step), early))
        # ClearBss does nothing: the model's registry lies nowhere that could be cleared (rule 10).
        for assignment in step.parts(Assign):
            memory.set(assignment.target, memory.value(assignment.value))
    return False


def reads(spec: Interface, condition: str) -> set[str]:
    """The variables and constants that a condition depends on, through all its macros."""
    memory = Memory(spec, {macro.name: False for macro in spec.predicates.placeholders})
    memory.true(condition)
    return memory.asked


def reads_before_set(spec: Interface, condition: str) -> set[str]:
    """The variables that a condition depends on and that boot code sets."""
    targets: set[str] = set()
    for assignment in spec.parts(Assign):
        targets |= expr.names(expr.parse(assignment.target))
    return reads(spec, condition) & targets
