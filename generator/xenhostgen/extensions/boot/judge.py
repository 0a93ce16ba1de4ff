# SPDX-License-Identifier: GPL-2.0-only
"""What guests report on their consoles, held against what the model expects of such a guest."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xenhostgen.extensions.boot.guests import Boot
from xenhostgen.extensions.boot.suite import Suite
from xenhostgen.extensions.boot.transcript import CaseLog, Transcript
from xenhostgen.reference_model.boot import CLEAR_BSS, boot
from xenhostgen.reference_model.registry import Held, State
from xenhostgen.verify.boots import Boot as BootCall
from xenhostgen.verify.calls import Iterate
from xenhostgen.verify.driver import Answer, Ending, parse_reply
from xenhostgen.verify.findings import Finding, Statistics, judge
from xenhostgen.verify.protocol import POWER_ON

_DIED = re.compile(r"BUG: .*|Oops: .*|general protection fault.*|Kernel panic.*")
# What a failed case is called where its lines don't tell more.
_RULES = {"entries": "table-entry-wrong", "wrappers": "wrapper-wrong", "walked": "iteration-wrong"}
_EXCERPT = 12


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check of one boot found, and the lines of the console by which it did.

    ``status`` is ``ok``, ``known`` if the spec expects all that was found, or else ``FAIL``.
    """

    boot: Boot
    check: str
    status: str = "ok"
    findings: Sequence[Finding] = ()
    excerpt: Sequence[str] = ()

    @property
    def messages(self) -> list[str]:
        """The findings in words."""
        return [f"{finding.rule}: {finding.message}" for finding in self.findings]


def judge_boot(suite: Suite, in_bss: bool, boot: Boot, console: str) -> list[Outcome]:
    """The outcomes of one boot's checks. ``in_bss``: the slots lie in the kernel's .bss."""
    return _Judge(suite, in_bss, boot, Transcript(console)).outcomes()


@dataclass(frozen=True, slots=True)
class _Judge:
    suite: Suite
    in_bss: bool
    boot: Boot
    transcript: Transcript

    def outcomes(self) -> list[Outcome]:
        """What each check of the boot found."""
        if self.boot.fatal is not None:
            return [self.fatality(self.boot.fatal)]
        outcomes = []
        cases = self.transcript.cases
        if registered := cases.get("registered"):
            outcomes.append(self.outcome("kind", self.kind(registered), registered.lines))
        for check in ("registered",) if self.boot.answer else self.suite.cases:
            name = "override" if self.boot.answer else check
            if case := cases.get(check):
                findings = self.case(check, case)
                outcomes.append(self.outcome(name, findings, case.lines[:_EXCERPT]))
                continue
            lines = self.transcript.rest.lines[-_EXCERPT:]
            last = lines[-1] if lines else "none"
            message = f"never gets to the end of '{check}'; its last words: {last}"
            crash = self.finding("boot-crash", self.boot.guest, message)
            outcomes.append(self.outcome(name, [crash], lines))
        return outcomes

    def outcome(self, check: str, findings: Sequence[Finding], excerpt: Sequence[str]) -> Outcome:
        """What a check found, and whether the spec expects it."""
        status = "ok"
        if findings:
            passed = judge(self.suite.spec, findings, Statistics("boot")).passed
            status = "known" if passed else "FAIL"
        return Outcome(self.boot, check, status, findings, excerpt)

    def finding(self, rule: str, subject: str, message: str) -> Finding:
        """A fault that this boot shows."""
        name = self.boot.name
        return Finding(rule, subject, f"{name}: {message}", seen_by=f"boot of {name}")

    def fatality(self, row: int) -> Outcome:
        """The outcome of a boot that only makes one call, which may end the kernel."""
        lines = self.transcript.rest.lines
        if case := self.transcript.cases.get("fatality"):
            lines += case.lines
        findings = list(self.row(row, self.answer(row, CaseLog(lines))))
        return self.outcome("fatal", findings, lines[-_EXCERPT:])

    def case(self, check: str, case: CaseLog) -> list[Finding]:
        """What a finished test case shows."""
        findings = self.registered(case) if check == "registered" else []
        for row, *reply in case.reports("seen"):
            findings += self.row(int(row), self.reply(int(row), *reply))
        if not case.passed and not findings:
            rule = _RULES.get(check, f"{check}-wrong")
            findings.append(self.finding(rule, *case.failure()))
        return findings

    def kind(self, registered: CaseLog) -> list[Finding]:
        """Whether the guest is of the kind that was asked for, by the kernel's own predicates."""
        guest = self.boot.kind
        expected = {"xen_domain": "1", "xen_initial_domain": str(int(guest.initial))}
        expected[f"xen_{guest.kind}_domain"] = "1"
        return [
            self.finding("wrong-kind", self.boot.guest, f"{name}() is {value}")
            for name, value in registered.reports("answer")
            if expected.get(name, value) != value
        ]

    def registered(self, case: CaseLog) -> list[Finding]:
        """The slots after boot against those that the model promises."""
        suite, spec = self.suite, self.suite.spec
        reports = {name: report for name, *report in case.reports("slot")}
        scenario = self.boot.scenario(suite)
        booted = boot(spec, scenario)
        held: list[Held] = []
        for slot, (_, promised) in zip(spec.slots, booted.state, strict=True):
            value, *tables = reports.get(slot.name, ("-1", "?"))
            table = promised if promised in tables else tables[0]
            held.append((int(value), None if table == "NULL" else table))
        stages: tuple[State, ...] = (tuple(held),)
        # Seen is only what the slots hold in the end. What lies in .bss is taken to have been right
        # until the kernel cleared that, which newer ones do for every kind of guest, later than
        # registering or not.
        if self.in_bss and all(value == 0 for value, _ in held):
            early = {promise.table for promise in booted.promises if promise.early}
            empty = suite.registry.empty
            before = tuple(empty if held[1] in early else held for held in booted.state)
            booted = booted._replace(stages=("", CLEAR_BSS))
            stages = (before, *stages)
        call = BootCall(suite.wording, scenario, booted, self.in_bss)
        findings = call.findings(POWER_ON, Answer(Ending.RETURNED, stages=stages))
        calls, seen_by = (str(call),), f"boot of {self.boot.name}"
        return [replace(fault, counterexample=calls, seen_by=seen_by) for fault in findings]

    def reply(self, row: int, result: str, *slots: str) -> Answer:
        """What a call did that came back, as the suite reports it."""
        suite = self.suite
        if not isinstance(suite.rows[row].call, Iterate):
            return parse_reply(f"|{' '.join(slots)}|ok {result} 0", len(suite.spec.slots))
        visited = tuple(map(str, suite.registry.visited(suite.rows[row].before)))
        return Answer(Ending.RETURNED, words=visited if result == "0" else ("other hosts",))

    def answer(self, row: int, case: CaseLog) -> Answer:
        """What came of a call that may have ended the kernel."""
        text = "\n".join(case.lines)
        if ["1"] not in [report[1:2] for report in case.reports("before")]:
            return Answer(Ending.CRASH, "the guest never comes to the call")
        for _, *reply in case.reports("seen"):
            return self.reply(row, *reply)
        if bug := re.search(r"kernel BUG at (\S+?)!", text):
            return Answer(Ending.BUG, bug[1], stages=(self.suite.rows[row].before,))
        died = _DIED.search(text)
        return Answer(Ending.CRASH, died[0] if died else "the guest is gone")

    def row(self, number: int, answer: Answer) -> Iterator[Finding]:
        """The faults of the call of a row of the suite."""
        row = self.suite.rows[number]
        before = Answer(Ending.RETURNED, stages=(row.before,))
        for fault in row.call.findings(before, answer):
            calls = (*self.suite.path(row.before), str(row.call))
            rule = fault.rule
            # The RFC's iterator takes the array of hosts for one of pointers to hosts.
            if rule == "iteration-wrong" and self.suite.spec.templates == "rfc":
                rule = "iterator-type-pun"  # what it is called where its cause is seen
            finding = self.finding(rule, fault.subject, fault.message)
            yield replace(finding, where=fault.where, counterexample=calls)
