# SPDX-License-Identifier: GPL-2.0-only
"""Every kind of guest booted through the judged boot functions, held against what the model promises."""

from collections.abc import Mapping
from dataclasses import replace

from xenhostgen.contract.boot import CLEAR_BSS, Booted, Promise, Scenario, boot, reads, scenarios
from xenhostgen.contract.registry import State
from xenhostgen.spec import expr
from xenhostgen.spec.model import Assign, Call, ClearBss, Interface, Slot
from xenhostgen.spec.source import At
from xenhostgen.verify.calls import Wording, decoded, place_in
from xenhostgen.verify.driver import Answer, Driver
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import numbered_inputs
from xenhostgen.verify.transitions import Fault


class BootRunner:
    """Boots every scenario with a running driver; ``findings`` grow while it does.

    ``sections`` tells where symbols lie, by nm's letters.
    """

    def __init__(self, spec: Interface, driver: Driver, sections: Mapping[str, str]) -> None:
        self.spec = spec
        self.driver = driver
        self.sections = sections
        self.wording = Wording(spec)
        self.found: dict[tuple[str, str], Finding] = {}
        self.asking: dict[tuple[str, str], list[str]] = {}
        self.count = 0

    @property
    def findings(self) -> list[Finding]:
        """What was found so far; where one predicate is asked too soon in several places, all of them."""
        return [
            replace(finding, message=f"{finding.message} {', '.join(self.asking[key])}")
            if key in self.asking
            else finding
            for key, finding in self.found.items()
        ]

    def run(self) -> None:
        """Boot all; raises ``DriverError``."""
        todo = [(scenario, boot(self.spec, scenario)) for scenario in scenarios(self.spec)]
        lines = [line(self.spec, scenario, booted) for scenario, booted in todo]
        for (scenario, booted), answer in zip(todo, self.driver.ask(lines), strict=True):
            self.count += 1
            self.judge(scenario, booted, answer)

    def judge(self, scenario: Scenario, booted: Booted, answer: Answer) -> None:
        """Hold one boot against the model's."""
        kind, at = scenario.path.kind, scenario.path.at
        if booted.misuse:
            table, step = booted.misuse.table, booted.misuse.step
            self.note(Fault("boot-misuse", table, "the spec's own steps are misuse"), scenario, step.at)
        elif answer.how == "crash":
            message = f"the boot crashes: {answer.text}"
            self.note(Fault("boot-crash", kind, message, place_in(answer.text)), scenario, at)
        elif answer.how == "bug":
            message = f"the boot ends in a BUG at {answer.text}"
            self.note(Fault("boot-bug", kind, message, place_in(answer.text)), scenario, at)
        else:
            stages = [decoded(slots) for slots in answer.stages]
            for index, slot in enumerate(self.spec.slots):
                if stages[-1][index] != booted.state[index]:
                    self.differs(scenario, booted, stages, index, slot)

    def differs(self, scenario: Scenario, booted: Booted, stages: list[State], index: int, slot: Slot) -> None:
        """Say how a slot is not what was promised."""
        for promise in booted.promises:
            held = (self.spec.values[promise.step.type], promise.table)
            if promise.step.type in slot.accepts and held == booted.state[index]:
                self.missing(scenario, booted, stages, index, promise)
                return
        message = f"no boot step promises this: {self.wording.state(stages[-1])}"
        self.note(Fault("boot-registration-wrong", slot.pointer, message), scenario, slot.at)

    def missing(self, scenario: Scenario, booted: Booted, stages: list[State], index: int, promise: Promise) -> None:
        """Say why a promised registration isn't there in the end."""
        spec, step = self.spec, promise.step
        function = spec.guest(promise.guest).boot.function
        if self.wiped(booted, stages, index, promise):
            array = spec.c.array
            message = (
                f"{function}() registers before the kernel clears .bss, and '{array}' lies there: the entry is lost"
            )
            self.note(Fault("registry-in-bss", array, message), scenario, spec.registry.at)
        elif promise.early and step.when:
            subject = ", ".join(sorted(self.asked(step.when)))
            read = ", ".join(sorted(reads(spec, step.when) & self.assigned()))
            message = f"asked before {read} is set, so '{promise.table}' is never registered; asked in"
            self.note(Fault("state-read-before-set", subject, message), scenario, step.at)
            places = self.asking.setdefault(("state-read-before-set", subject), [])
            if f"{function}()" not in places:
                places.append(f"{function}()")
        else:
            holds = self.wording.state(stages[-1])
            message = f"{function}() should have registered '{promise.table}' as {step.type}; in the end {holds}"
            self.note(Fault("boot-registration-missing", promise.table, message), scenario, step.at)

    def wiped(self, booted: Booted, stages: list[State], index: int, promise: Promise) -> bool:
        """Whether a registration was there and went when .bss was cleared, between functions or within one."""
        want = booted.state[index]
        for earlier, later, stage in zip(stages, stages[1:], booted.stages[1:], strict=False):
            if earlier[index] == want and later[index] != want and stage == CLEAR_BSS:
                return True
        steps = self.spec.guest(promise.guest).boot.steps
        cleared_after = any(isinstance(step, ClearBss) for step in steps[steps.index(promise.step) :])
        return cleared_after and self.sections.get(self.spec.c.array) in ("b", "B")

    def asked(self, condition: str) -> set[str]:
        """The predicates of a condition that depend on the kernel's state."""
        placeholders = {macro.name for macro in self.spec.predicates.macros if macro.placeholder}
        return expr.names(expr.parse(condition)) - placeholders

    def assigned(self) -> set[str]:
        """The variables that boot steps set."""
        found: set[str] = set()
        for step in (step for guest in self.spec.guests for step in guest.boot.steps):
            sets = step.sets if isinstance(step, Call) else (step,)
            for each in sets:
                if isinstance(each, Assign):
                    found |= expr.names(expr.parse(each.target))
        return found

    def note(self, fault: Fault, scenario: Scenario, at: At) -> None:
        """Keep the first counterexample of each fault."""
        rule, subject = fault.rule, fault.subject
        finding = Finding(rule, subject, fault.message, fault.where, at, (str(scenario),), "boot model")
        self.found.setdefault((rule, subject), finding)


def line(spec: Interface, scenario: Scenario, booted: Booted) -> str:
    """A boot as the driver reads it."""
    numbers = numbered_inputs(spec)
    names: list[str] = [guest.name for guest in spec.guests]
    inputs = [numbers[pair] for pair in scenario.inputs]
    inputs += [numbers[f"driver_{name}", str(int(answer))] for name, answer in scenario.placeholders]
    stages = [-1 if stage == CLEAR_BSS else names.index(stage) for stage in booted.stages]
    return f"b{' '.join(map(str, inputs))} ; {' '.join(map(str, stages))}"
