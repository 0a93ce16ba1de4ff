# SPDX-License-Identifier: GPL-2.0-only
"""Every kind of guest booted through the judged boot functions, held against what the model promises."""

from dataclasses import replace

from xenhostgen.reference_model.boot import (
    CLEAR_BSS,
    Booted,
    Promise,
    Scenario,
    boot,
    reads,
    scenarios,
)
from xenhostgen.reference_model.registry import State
from xenhostgen.spec import expr
from xenhostgen.spec.model import Assign, Call, ClearBss, Interface, Slot
from xenhostgen.verify.calls import Runner, place_in
from xenhostgen.verify.driver import Answer, Driver, decoded
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import given, numbered_inputs


class BootRunner(Runner):
    """Boots every scenario; ``in_bss``: whether the array of slots lies in .bss."""

    seen_by = "boot model"

    def __init__(self, spec: Interface, driver: Driver, in_bss: bool) -> None:
        super().__init__(spec, driver)
        self.in_bss = in_bss
        self.numbers = numbered_inputs(spec)

    def run(self) -> None:
        """Boot all; raises ``DriverError``."""
        todo = [(scenario, boot(self.spec, scenario)) for scenario in scenarios(self.spec)]
        for (scenario, booted), answer in zip(
            todo, self.driver.ask(self.line(*each) for each in todo), strict=True
        ):
            self.count += 1
            self.judge(scenario, booted, answer)

    def line(self, scenario: Scenario, booted: Booted) -> str:
        """A boot as the driver reads it."""
        stages = {guest.name: str(number) for number, guest in enumerate(self.spec.guests)} | {
            CLEAR_BSS: "-1"
        }
        inputs = " ".join(str(self.numbers[pair]) for pair in given(scenario))
        return f"b{inputs} ; {' '.join(stages[stage] for stage in booted.stages)}"

    def judge(self, scenario: Scenario, booted: Booted, answer: Answer) -> None:
        """Hold one boot against the model's."""
        kind, at, where = scenario.path.kind, scenario.path.at, place_in(answer.text)
        if booted.misuse:
            misuse, step = "the spec's own steps are misuse", booted.misuse.step
            self.keep(
                Finding("boot-misuse", booted.misuse.table, misuse, spec_at=step.at), str(scenario)
            )
        elif answer.how == "crash":
            self.keep(
                Finding("boot-crash", kind, f"the boot crashes: {answer.text}", where, at),
                str(scenario),
            )
        elif answer.how == "bug":
            self.keep(
                Finding("boot-bug", kind, f"the boot ends in a BUG at {answer.text}", where, at),
                str(scenario),
            )
        else:
            stages = [decoded(slots) for slots in answer.stages]
            for index, slot in enumerate(self.spec.slots):
                if stages[-1][index] != booted.state[index]:
                    self.keep(self.differs(booted, stages, index, slot), str(scenario))

    def differs(self, booted: Booted, stages: list[State], index: int, slot: Slot) -> Finding:
        """Why a slot is not what was promised."""
        spec, holds = self.spec, self.wording.state(stages[-1])
        made = ((spec.values[each.step.type], each.table) for each in booted.promises)
        promised = (
            each
            for each, held in zip(booted.promises, made, strict=True)
            if held == booted.state[index]
        )
        if (promise := next(promised, None)) is None:
            message = f"no boot step promises this: {holds}"
            return Finding("boot-registration-wrong", slot.pointer, message, spec_at=slot.at)
        step, array = promise.step, spec.c.array
        function = f"{spec.guest(promise.guest).boot.function}()"
        if self.wiped(booted, stages, index, promise):
            message = f"{function} registers before the kernel clears .bss, and '{array}' lies there: the entry is lost"
            return Finding("registry-in-bss", array, message, spec_at=spec.registry.at)
        if promise.early and step.when:
            return self.asked_early(promise, step.when, function)
        message = f"{function} should have registered '{promise.table}' as {step.type}; in the end {holds}"
        return Finding("boot-registration-missing", promise.table, message, spec_at=step.at)

    def asked_early(self, promise: Promise, when: str, function: str) -> Finding:
        """A condition that is asked before the kernel sets what it depends on; one finding names all who do so."""
        # Placeholders don't ask the kernel's state.
        answers = {macro.name for macro in self.spec.predicates.placeholders}
        rule = "state-read-before-set"
        asked = {name.removesuffix("()") for name in expr.names(expr.parse(when))}
        subject = ", ".join(sorted(asked - answers))
        if first := self.found.get((rule, subject)):
            if function not in first.message:
                self.found[rule, subject] = replace(first, message=f"{first.message}, {function}")
            return first
        steps = [step for guest in self.spec.guests for step in guest.boot.steps]
        steps += [each for step in steps if isinstance(step, Call) for each in step.sets]
        sets = [expr.names(expr.parse(step.target)) for step in steps if isinstance(step, Assign)]
        read = ", ".join(sorted(reads(self.spec, when) & set().union(*sets)))
        message = f"asked before {read} is set, so '{promise.table}' is never registered; asked in {function}"
        return Finding(rule, subject, message, spec_at=promise.step.at)

    def wiped(self, booted: Booted, stages: list[State], index: int, promise: Promise) -> bool:
        """Whether a registration was there and went when .bss was cleared, between functions or within one."""
        want = booted.state[index]
        for earlier, later, stage in zip(stages, stages[1:], booted.stages[1:], strict=False):
            if earlier[index] == want and later[index] != want and stage == CLEAR_BSS:
                return True
        steps = self.spec.guest(promise.guest).boot.steps
        cleared_after = any(
            isinstance(step, ClearBss) for step in steps[steps.index(promise.step) :]
        )
        return cleared_after and self.in_bss
