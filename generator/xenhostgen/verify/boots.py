# SPDX-License-Identifier: GPL-2.0-only
"""Every kind of guest booted through the judged boot functions, held against what the model promises."""

from dataclasses import dataclass, field
from pathlib import Path

from xenhostgen.contract.boot import CLEAR_BSS, Booted, Promise, Scenario, boot, reads, scenarios
from xenhostgen.contract.registry import State
from xenhostgen.spec import expr
from xenhostgen.spec.model import ClearBss, Interface
from xenhostgen.spec.source import At
from xenhostgen.verify.build import numbered_inputs
from xenhostgen.verify.driver import Answer, Driver
from xenhostgen.verify.explore import decoded
from xenhostgen.verify.findings import Finding


@dataclass(slots=True)
class Boots:
    """What booting found."""

    findings: list[Finding] = field(default_factory=list)
    count: int = 0


class BootRunner:
    """Boots every scenario with a running driver; ``sections`` tells where symbols lie."""

    def __init__(self, spec: Interface, driver: Driver, sections: dict[str, str]) -> None:
        self.spec = spec
        self.driver = driver
        self.sections = sections
        self.found: dict[tuple[str, str], tuple[Finding, list[str]]] = {}

    def run(self) -> Boots:
        """Boot all; raises ``DriverError``."""
        todo = [(scenario, boot(self.spec, scenario)) for scenario in scenarios(self.spec)]
        lines = [line(self.spec, scenario, booted) for scenario, booted in todo]
        for (scenario, booted), answer in zip(todo, self.driver.ask(lines), strict=True):
            self.judge(scenario, booted, answer)
        findings = [self.with_places(finding, places) for finding, places in self.found.values()]
        return Boots(findings, len(todo))

    def judge(self, scenario: Scenario, booted: Booted, answer: Answer) -> None:
        """Hold one boot against the model's."""
        if booted.misuse:
            step = booted.misuse.step
            self.note(
                "boot-misuse",
                booted.misuse.table,
                "the spec's own steps are misuse",
                scenario,
                step.at,
            )
            return
        if answer.how == "crash":
            self.note(
                "boot-crash",
                scenario.path.kind,
                f"the boot crashes: {answer.text}",
                scenario,
                scenario.path.at,
            )
            return
        if answer.how == "bug":
            self.note(
                "boot-bug",
                scenario.path.kind,
                f"the boot ends in a BUG at {answer.text}",
                scenario,
                scenario.path.at,
            )
            return
        stages = [decoded(slots) for slots in answer.stages]
        final = stages[-1]
        values = self.spec.values
        for index, slot in enumerate(self.spec.slots):
            if final[index] == booted.state[index]:
                continue
            promise = next(
                (
                    p
                    for p in booted.promises
                    if p.step.type in slot.accepts
                    and (values[p.step.type], p.table) == booted.state[index]
                ),
                None,
            )
            if promise is None:
                message = f"slot '{slot.name}' holds {final[index]}, and no boot step promises that"
                self.note("boot-registration-wrong", slot.pointer, message, scenario, slot.at)
            else:
                self.missing(scenario, booted, stages, index, promise)

    def missing(
        self, scenario: Scenario, booted: Booted, stages: list[State], index: int, promise: Promise
    ) -> None:
        """Say why a promised registration isn't there in the end."""
        spec = self.spec
        want = booted.state[index]
        function = spec.guest(promise.guest).boot.function
        wiped = any(
            earlier[index] == want and later[index] != want and stage == CLEAR_BSS
            for earlier, later, stage in zip(stages, stages[1:], booted.stages[1:], strict=False)
        )
        steps = spec.guest(promise.guest).boot.steps
        cleared_inside = any(
            isinstance(step, ClearBss) for step in steps[steps.index(promise.step) :]
        )
        in_bss = self.sections.get(spec.c.array, "") in "bB"
        if wiped or (cleared_inside and in_bss):
            message = f"{function}() registers before the kernel clears .bss, and '{spec.c.array}' lies there: the entry is lost"
            self.note("registry-in-bss", spec.c.array, message, scenario, spec.registry.at)
        elif promise.early and promise.step.when:
            asked = sorted(self.asked(promise.step.when))
            read = ", ".join(sorted(reads(spec, promise.step.when) & self.assigned()))
            message = (
                f"asked before {read} is set, so '{promise.table}' is never registered; asked in"
            )
            self.note(
                "state-read-before-set",
                ", ".join(asked),
                message,
                scenario,
                promise.step.at,
                f"{function}()",
            )
        else:
            message = f"{function}() should have registered '{promise.table}' as {promise.step.type}; the slot holds {stages[-1][index]}"
            self.note(
                "boot-registration-missing", promise.table, message, scenario, promise.step.at
            )

    def asked(self, condition: str) -> set[str]:
        """The predicates of a condition that depend on the kernel's state."""
        placeholders = {macro.name for macro in self.spec.predicates.macros if macro.placeholder}
        return expr.names(expr.parse(condition)) - placeholders

    def assigned(self) -> set[str]:
        """The variables that boot steps set."""
        found: set[str] = set()
        for guest in self.spec.guests:
            for step in guest.boot.steps:
                for each in getattr(step, "sets", ()) or (step,):
                    if target := getattr(each, "target", None):
                        found |= expr.names(expr.parse(target))
        return found

    def note(
        self, rule: str, subject: str, message: str, scenario: Scenario, at: At, place: str = ""
    ) -> None:
        """Keep the first counterexample, and every place where the same fault shows."""
        finding = Finding(rule, subject, message, None, at, (str(scenario),), "boot model")
        _, places = self.found.setdefault((rule, subject), (finding, []))
        if place and place not in places:
            places.append(place)

    @staticmethod
    def with_places(finding: Finding, places: list[str]) -> Finding:
        if not places:
            return finding
        return Finding(
            finding.rule,
            finding.subject,
            f"{finding.message} {', '.join(places)}",
            finding.where,
            finding.spec_at,
            finding.counterexample,
            finding.seen_by,
        )


def line(spec: Interface, scenario: Scenario, booted: Booted) -> str:
    """A boot as the driver reads it."""
    numbers = numbered_inputs(spec)
    names = [guest.name for guest in spec.guests]
    inputs = [numbers[pair] for pair in scenario.inputs]
    inputs += [
        numbers[f"driver_{name}", str(int(answer))] for name, answer in scenario.placeholders
    ]
    stages = [-1 if stage == CLEAR_BSS else names.index(stage) for stage in booted.stages]
    return f"b {' '.join(map(str, inputs))} ; {' '.join(map(str, stages))}"


def sections(judged: Path) -> dict[str, str]:
    """The letter by which nm tells each defined symbol's section: ``b`` and ``B`` are .bss."""
    import subprocess

    listing = subprocess.run(
        ["nm", "--defined-only", judged], capture_output=True, text=True, check=True
    )
    found = {}
    for row in listing.stdout.splitlines():
        _, letter, name = row.split(maxsplit=2)
        found[name] = letter
    return found
