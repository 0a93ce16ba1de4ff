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
from xenhostgen.spec.model import ClearBss
from xenhostgen.verify.calls import MISUSE
from xenhostgen.verify.driver import Answer, Ending
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import boot_inputs, numbered_inputs
from xenhostgen.verify.protocol import POWER_ON, Call, Runner
from xenhostgen.verify.wording import Wording

# What the driver tells when a boot function returns.
_END = "end"


@dataclass(frozen=True, slots=True)
class Boot(Call):
    """A boot from power-on. ``in_bss``: whether the array of slots lies in .bss."""

    wording: Wording
    scenario: Scenario
    booted: Booted
    in_bss: bool
    words: str = ""
    due: tuple[str, ...] = ()
    """What the spec's steps do, as the driver tells it."""

    def __str__(self) -> str:
        return str(self.scenario)

    def line(self, state: int) -> str:
        """The boot as the driver reads it."""
        return f"boot {self.words}"

    def expected(self, before: Answer) -> str:
        """What the slots should hold in the end, by rules 9 and 10."""
        return self.wording.state(self.booted.state)

    def happened(self, before: Answer, answer: Answer) -> str:
        """What the slots hold behind each stage, and how a boot ends that doesn't return."""
        named = zip(self.booted.stages, answer.stages, strict=False)
        stages = [f"{stage}: {self.wording.state(slots)}" for stage, slots in named]
        return "; ".join(filter(None, [*stages, answer.failure]))

    def findings(self, before: Answer, answer: Answer) -> Iterator[Finding]:
        """Why the slots don't hold in the end what they should."""
        path, misuse = self.scenario.path, self.booted.misuse
        if misuse:
            message = f"the spec's own steps are misuse: {MISUSE[self.booted.reason][0]}"
            subject = misuse.table or misuse.guest
            yield Finding("boot-misuse", subject, message, spec_at=misuse.step.at)
        elif answer.failure:
            rule = "boot-crash" if answer.ending is Ending.CRASH else "boot-bug"
            message = f"the boot {answer.failure}"
            yield Finding(rule, path.kind, message, answer.place, path.at)
        else:
            yield from (differences := list(self._steps(answer.words)))
            # Of an empty slot in .bss, clearing it takes the ops; that such a slot begins without
            # any has been noted.
            cleared = (0, None) if self.in_bss else None
            for index, due in enumerate(self.booted.state):
                is_empty = due == self.wording.registry.empty and answer.slots[index] == cleared
                if answer.slots[index] != due and not is_empty:
                    finding = self._difference(answer.stages, index)
                    if not (differences and finding.rule.startswith("boot-")):
                        yield finding

    def _steps(self, words: Sequence[str]) -> Iterator[Finding]:
        """Where boot code first does otherwise than the spec's steps; a real boot tells nothing."""
        due = {word.split(":")[0] for word in self.due}
        others = self.wording.functions - due
        actual = [word for word in words if word.split(":")[0] not in others]
        for index, (should, does) in enumerate(zip(self.due, actual, strict=False)):
            if should != does:
                guests = [stage for stage in self.booted.stages if stage != CLEAR_BSS]
                guest = self.wording.spec.guest(guests[self.due[:index].count(_END)])
                function = guest.boot.function
                rule, message = _misstep(self.due[index:], actual[index:])
                yield Finding(rule, function, f"{function}() {message}")
                return

    def _difference(self, stages: Sequence[State], index: int) -> Finding:
        """Why a slot is not what was promised."""
        spec, holds = self.wording.spec, self.wording.state(stages[-1])
        slot = spec.slots[index]
        for promise in reversed(self.booted.promises):
            step = promise.step
            if spec.slot_of(step.type) is slot:
                break
        else:
            message = f"no boot step promises this: {holds}"
            return Finding("boot-registration-wrong", slot.pointer, message, spec_at=slot.at)
        array, table = spec.c.array, promise.table or spec.c.type(step.type)
        verb = "registered" if promise.table else "unregistered"
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
            askers = [guest for guest, other in spec.host_steps() if other.when == step.when]
            functions = ", ".join(f"{guest.boot.function}()" for guest in askers)
            message = f"the condition reads {read} too early, so '{table}' is never {verb}"
            message += f"; read in {functions}"
            return Finding("state-read-before-set", subject, message, spec_at=step.at)
        message = f"{function} should have {verb} '{table}' as {step.type}; in the end {holds}"
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


def _misstep(due: Sequence[str], actual: Sequence[str]) -> tuple[str, str]:
    """The rule and the message where boot code does something else than what is due next.

    Either has the kernel's variables in front of each call.
    """
    due_calls, calls = ([word for word in words if "=" not in word] for words in (due, actual))
    should, does = (
        "ends" if word == _END else f"does '{word.replace(',', ', ')}'"
        for word in (due_calls[0], calls[0])
    )
    rule = "step-order" if calls[0] in due_calls else "step-unknown"
    if calls[0] == _END:
        rule = "step-missing"
    if "=" in due[0]:
        return rule, f"{does} with {actual[0]}, should be {due[0]}"
    return rule, f"{does}, but by the spec's steps it {should}"


def boots(wording: Wording, in_bss: bool, off: Sequence[str] = ()) -> Iterator[Boot]:
    """Every boot of an interface, without some of the kernel's options."""
    spec = wording.spec
    inputs, guests = numbered_inputs(spec), [guest.name for guest in spec.guests]
    numbers = {stage: number for number, stage in enumerate([CLEAR_BSS, *guests], -1)}
    for scenario in scenarios(spec):
        booted = boot(spec, scenario, off)
        words = [*(inputs.index(c) for c in boot_inputs(scenario)), ";"]
        words += [numbers[stage] for stage in booted.stages]
        yield Boot(wording, scenario, booted, in_bss, " ".join(map(str, words)))


class BootRunner(Runner):
    """Boots every scenario."""

    seen_by = "boot model"
    counted = "boots"

    def run(self) -> None:
        """Boot all; raises ``DriverError``."""
        program = self.driver.program
        calls = list(boots(self.wording, program.in_bss, program.off))
        due = self.driver.ask(call.line(0).replace("boot", "due", 1) for call in calls)
        pairs = zip(calls, due, strict=True)
        list(self.check((POWER_ON, replace(call, due=answer.words)) for call, answer in pairs))
