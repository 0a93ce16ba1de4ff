# SPDX-License-Identifier: GPL-2.0-only
"""Every kind of guest booted through the judged boot functions, against what the model promises."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xenhostgen.reference_model.boot import (
    CLEAR_BSS,
    Booted,
    Promise,
    Scenario,
    boot,
    reads_before_set,
    scenarios,
)
from xenhostgen.reference_model.registry import State
from xenhostgen.spec import expr
from xenhostgen.spec.model import ClearBss, Interface
from xenhostgen.verify.calls import Wording
from xenhostgen.verify.driver import Answer, Driver, Ending
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import given, numbered_inputs
from xenhostgen.verify.protocol import Call, Reached, Runner, place_in

_POWER_ON = Reached(0, ())
_ASKED_IN = "; asked in "


@dataclass(frozen=True, slots=True)
class Boot(Call):
    """A boot from power-on. ``in_bss``: whether the array of slots lies in .bss."""

    wording: Wording
    scenario: Scenario
    booted: Booted
    in_bss: bool
    words: str = ""

    def __str__(self) -> str:
        return str(self.scenario)

    def line(self, state: int) -> str:
        """The boot as the driver reads it."""
        return f"boot {self.words}"

    def expected(self, before: Reached) -> str:
        """What the slots should hold in the end, by rules 9 and 10."""
        return self.wording.state(self.booted.state)

    def happened(self, before: Reached, answer: Answer) -> str:
        """What the slots hold behind each stage."""
        named = zip(self.booted.stages, answer.stages, strict=False)
        stages = [f"{stage}: {self.wording.state(slots)}" for stage, slots in named]
        if answer.failure:
            stages.append(f"{answer.ending} {answer.text}")
        return "; ".join(stages)

    def findings(self, before: Reached, answer: Answer) -> Iterator[Finding]:
        """Why the slots don't hold in the end what they should."""
        path, misuse = self.scenario.path, self.booted.misuse
        where = place_in(answer.text)
        if misuse:
            message = "the spec's own steps are misuse"
            yield Finding("boot-misuse", misuse.table, message, spec_at=misuse.step.at)
        elif answer.ending is Ending.CRASH:
            message = f"the boot {answer.failure}"
            yield Finding("boot-crash", path.kind, message, where, path.at)
        elif answer.ending is Ending.BUG:
            message = f"the boot ends in {answer.failure}"
            yield Finding("boot-bug", path.kind, message, where, path.at)
        else:
            for index, due in enumerate(self.booted.state):
                if answer.slots[index] != due:
                    yield self._difference(answer.stages, index)

    def _difference(self, stages: Sequence[State], index: int) -> Finding:
        """Why a slot is not what was promised."""
        spec, holds = self.wording.spec, self.wording.state(stages[-1])
        slot, due = spec.slots[index], self.booted.state[index]
        for promise in self.booted.promises:
            if (spec.values[promise.step.type], promise.table) == due:
                break
        else:
            message = f"no boot step promises this: {holds}"
            return Finding("boot-registration-wrong", slot.pointer, message, spec_at=slot.at)
        step, table, array = promise.step, promise.table, spec.c.array
        function = f"{spec.guest(promise.guest).boot.function}()"
        if self._wiped(stages, index, promise):
            message = (
                f"{function} registers before the kernel clears .bss, and '{array}' lies there: "
                "the entry is lost"
            )
            return Finding("registry-in-bss", array, message, spec_at=spec.registry.at)
        if promise.early and step.when:
            # Placeholders don't ask the kernel's state.
            names = expr.names(expr.parse(step.when))
            names -= {f"{macro.name}()" for macro in spec.predicates.placeholders}
            subject = ", ".join(sorted(name.removesuffix("()") for name in names))
            read = ", ".join(sorted(reads_before_set(spec, step.when)))
            message = f"asked before {read} is set, so '{table}' is never registered"
            message += f"{_ASKED_IN}{function}"
            return Finding("state-read-before-set", subject, message, spec_at=step.at)
        message = f"{function} should have registered '{table}' as {step.type}; in the end {holds}"
        return Finding("boot-registration-missing", table, message, spec_at=step.at)

    def _wiped(self, stages: Sequence[State], index: int, promise: Promise) -> bool:
        """Whether clearing .bss, between functions or within one, wiped a registration."""
        due = self.booted.state[index]
        cleared = zip(stages, stages[1:], self.booted.stages[1:], strict=False)
        for earlier, later, stage in cleared:
            if stage == CLEAR_BSS and earlier[index] == due != later[index]:
                return True
        steps = self.wording.spec.guest(promise.guest).boot.steps
        following = steps[steps.index(promise.step) :]
        return self.in_bss and any(isinstance(step, ClearBss) for step in following)


def boots(wording: Wording, in_bss: bool) -> Iterator[Boot]:
    """Every boot of an interface."""
    numbers = numbered_inputs(wording.spec)
    stages: dict[str, int] = {guest.name: index for index, guest in enumerate(wording.spec.guests)}
    stages[CLEAR_BSS] = -1
    for scenario in scenarios(wording.spec):
        booted = boot(wording.spec, scenario)
        inputs = [str(numbers[pair]) for pair in given(scenario)]
        words = [*inputs, ";", *(str(stages[stage]) for stage in booted.stages)]
        yield Boot(wording, scenario, booted, in_bss, " ".join(words))


class BootRunner(Runner):
    """Boots every scenario; ``in_bss``: whether the array of slots lies in .bss."""

    seen_by = "boot model"

    def __init__(self, spec: Interface, driver: Driver, in_bss: bool) -> None:
        super().__init__(spec, driver)
        self.in_bss = in_bss

    def run(self) -> None:
        """Boot all; raises ``DriverError``."""
        calls = [(_POWER_ON, call) for call in boots(Wording(self.spec), self.in_bss)]
        for check in self.check(calls):
            for finding in check.findings:
                self.keep(finding, str(check.call))

    def keep(self, finding: Finding, *steps: str) -> None:
        """Keep a fault; of conditions asked too early, one names all functions that ask."""
        key = (finding.rule, finding.subject)
        _, _, function = finding.message.partition(_ASKED_IN)
        if function and key in self.kept:
            message = self.kept[key].message
            if function not in message:
                self.kept[key] = replace(self.kept[key], message=f"{message}, {function}")
        else:
            super().keep(finding, *steps)
