# SPDX-License-Identifier: GPL-2.0-only
"""Every kind of guest booted through the judged boot functions, held against what the model promises."""

from collections.abc import Mapping
from dataclasses import replace

from xenhostgen.contract.boot import CLEAR_BSS, Booted, Promise, Scenario, boot, reads, scenarios
from xenhostgen.contract.registry import State
from xenhostgen.spec import expr
from xenhostgen.spec.model import Assign, Call, ClearBss, Interface, Slot
from xenhostgen.verify.calls import Wording, place_in
from xenhostgen.verify.driver import Answer, Driver, decoded
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import given, numbered_inputs


class BootRunner:
    """Boots every scenario with a running driver, and keeps what it has found.

    ``sections`` tells where symbols lie, by nm's letters.
    """

    def __init__(self, spec: Interface, driver: Driver, sections: Mapping[str, str]) -> None:
        self.spec = spec
        self.driver = driver
        self.sections = sections
        self.wording = Wording(spec)
        self.found: dict[tuple[str, str], Finding] = {}
        self.count = 0

    def run(self) -> None:
        """Boot all; raises ``DriverError``."""
        todo = [(scenario, boot(self.spec, scenario)) for scenario in scenarios(self.spec)]
        lines = [line(self.spec, scenario, booted) for scenario, booted in todo]
        for (scenario, booted), answer in zip(todo, self.driver.ask(lines), strict=True):
            self.count += 1
            self.judge(scenario, booted, answer)

    def judge(self, scenario: Scenario, booted: Booted, answer: Answer) -> None:
        """Hold one boot against the model's."""
        kind, at, where = scenario.path.kind, scenario.path.at, place_in(answer.text)
        if booted.misuse:
            misuse, step = "the spec's own steps are misuse", booted.misuse.step
            self.note(Finding("boot-misuse", booted.misuse.table, misuse, spec_at=step.at), scenario)
        elif answer.how == "crash":
            self.note(Finding("boot-crash", kind, f"the boot crashes: {answer.text}", where, at), scenario)
        elif answer.how == "bug":
            self.note(Finding("boot-bug", kind, f"the boot ends in a BUG at {answer.text}", where, at), scenario)
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
        self.note(Finding("boot-registration-wrong", slot.pointer, message, spec_at=slot.at), scenario)

    def missing(self, scenario: Scenario, booted: Booted, stages: list[State], index: int, promise: Promise) -> None:
        """Say why a promised registration isn't there in the end."""
        spec, step = self.spec, promise.step
        function = f"{spec.guest(promise.guest).boot.function}()"
        if self.wiped(booted, stages, index, promise):
            array = spec.c.array
            message = f"{function} registers before the kernel clears .bss, and '{array}' lies there: the entry is lost"
            self.note(Finding("registry-in-bss", array, message, spec_at=spec.registry.at), scenario)
        elif promise.early and step.when:
            # Placeholders don't ask the kernel's state.
            answers = {macro.name for macro in spec.predicates.macros if macro.placeholder}
            subject = ", ".join(sorted(expr.names(expr.parse(step.when)) - answers))
            read = ", ".join(sorted(reads(spec, step.when) & self.assigned()))
            rule = "state-read-before-set"
            message = f"asked before {read} is set, so '{promise.table}' is never registered; asked in {function}"
            self.note(Finding(rule, subject, message, spec_at=step.at), scenario)
            first = self.found[rule, subject]
            if function not in first.message:
                self.found[rule, subject] = replace(first, message=f"{first.message}, {function}")
        else:
            holds = self.wording.state(stages[-1])
            message = f"{function} should have registered '{promise.table}' as {step.type}; in the end {holds}"
            self.note(Finding("boot-registration-missing", promise.table, message, spec_at=step.at), scenario)

    def wiped(self, booted: Booted, stages: list[State], index: int, promise: Promise) -> bool:
        """Whether a registration was there and went when .bss was cleared, between functions or within one."""
        want = booted.state[index]
        for earlier, later, stage in zip(stages, stages[1:], booted.stages[1:], strict=False):
            if earlier[index] == want and later[index] != want and stage == CLEAR_BSS:
                return True
        steps = self.spec.guest(promise.guest).boot.steps
        cleared_after = any(isinstance(step, ClearBss) for step in steps[steps.index(promise.step) :])
        return cleared_after and self.sections.get(self.spec.c.array) in ("b", "B")

    def assigned(self) -> set[str]:
        """The variables that boot steps set."""
        steps = [step for guest in self.spec.guests for step in guest.boot.steps]
        steps += [each for step in steps if isinstance(step, Call) for each in step.sets]
        return set().union(*(expr.names(expr.parse(step.target)) for step in steps if isinstance(step, Assign)))

    def note(self, finding: Finding, scenario: Scenario) -> None:
        """Keep the first counterexample of each fault."""
        told = replace(finding, counterexample=(str(scenario),), seen_by="boot model")
        self.found.setdefault((finding.rule, finding.subject), told)


def line(spec: Interface, scenario: Scenario, booted: Booted) -> str:
    """A boot as the driver reads it."""
    numbers = numbered_inputs(spec)
    names: list[str] = [guest.name for guest in spec.guests]
    inputs = [numbers[pair] for pair in given(scenario)]
    stages = [-1 if stage == CLEAR_BSS else names.index(stage) for stage in booted.stages]
    return f"b{' '.join(map(str, inputs))} ; {' '.join(map(str, stages))}"
