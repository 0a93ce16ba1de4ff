# SPDX-License-Identifier: GPL-2.0-only
"""What guests report on their consoles, held against what the model expects of such a guest."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xenhostgen.extensions.boot.guests import Boot
from xenhostgen.extensions.boot.suite import Suite
from xenhostgen.extensions.boot.transcript import CaseLog, Transcript
from xenhostgen.reference_model.boot import CLEAR_BSS, boot
from xenhostgen.reference_model.registry import EMPTY, Held, State
from xenhostgen.render.files import render
from xenhostgen.verify.boots import Boot as BootCall
from xenhostgen.verify.calls import Iterate
from xenhostgen.verify.driver import Answer, Ending
from xenhostgen.verify.findings import Finding, Statistics, judge
from xenhostgen.verify.protocol import POWER_ON

_DIED = re.compile(r"BUG: .*|Oops: .*|general protection fault.*|Kernel panic.*")
_FATAL = re.compile(r"fatality:|kernel BUG|RIP: |" + _DIED.pattern)
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


class Judge:
    """Judges the boots of one interface. ``in_bss``: its slots lie in the kernel's .bss."""

    def __init__(self, suite: Suite, in_bss: bool) -> None:
        self.suite, self.spec, self.in_bss = suite, suite.spec, in_bss
        self.wording = suite.wording

    def judge(self, each: Boot, console: str) -> list[Outcome]:
        """The outcomes of one boot's checks."""
        transcript = Transcript(console)
        if each.fatal is not None:
            return [self._fatality(each, each.fatal, transcript)]
        outcomes = []
        if registered := transcript.cases.get("registered"):
            findings = list(self._kind(each, registered.reports("answer")))
            outcomes.append(self._outcome(each, "kind", findings, registered.lines))
        for check in ("registered",) if each.answer else self.suite.cases:
            case = transcript.cases.get(check)
            if case:
                findings, lines = self._case(each, check, case), case.lines[:_EXCERPT]
            else:
                lines = transcript.rest.lines[-_EXCERPT:]
                last = lines[-1] if lines else "none"
                message = f"never gets to the end of '{check}'; its last words: {last}"
                findings = [self._finding(each, "boot-crash", each.guest, message)]
            name = "override" if each.answer else check
            outcomes.append(self._outcome(each, name, findings, lines))
        return outcomes

    def _outcome(
        self, each: Boot, check: str, findings: Sequence[Finding], excerpt: Sequence[str]
    ) -> Outcome:
        passed = judge(self.spec, findings, Statistics("boot")).passed
        status = ("known" if passed else "FAIL") if findings else "ok"
        return Outcome(each, check, status, findings, excerpt)

    def _fatality(self, each: Boot, row: int, transcript: Transcript) -> Outcome:
        """The outcome of a boot that only makes one call, which may end the kernel."""
        lines = transcript.rest.lines
        if "fatality" in transcript.cases:
            lines += transcript.cases["fatality"].lines
        findings = list(self._row(each, row, self._answer(row, CaseLog(lines))))
        excerpt = list(filter(_FATAL.search, lines))[:_EXCERPT]
        return self._outcome(each, "fatal", findings, excerpt)

    def _case(self, each: Boot, check: str, case: CaseLog) -> list[Finding]:
        """What a finished test case shows."""
        findings = self._registered(each, case) if check == "registered" else []
        for row, result, *slots in case.reports("seen"):
            findings += self._row(each, int(row), self._called(int(row), result, slots))
        if not case.passed and not findings:
            rule = _RULES.get(check, f"{check}-wrong")
            findings.append(self._finding(each, rule, *case.failure()))
        return findings

    def _kind(self, each: Boot, answers: Sequence[Sequence[str]]) -> Iterator[Finding]:
        """Whether the guest is of the kind that was asked for, by the kernel's own predicates."""
        guest = each.kind
        expected = {
            "xen_domain": True,
            f"xen_{guest.kind}_domain": True,
            "xen_initial_domain": guest.initial,
        }
        for name, value in answers:
            answer = value == "1"
            if expected.get(name, answer) != answer:
                yield self._finding(each, "wrong-kind", each.guest, f"{name}() is {value}")

    def _registered(self, each: Boot, case: CaseLog) -> list[Finding]:
        """The slots after boot against those that the model promises."""
        reports = {name: report for name, *report in case.reports("slot")}
        scenario = each.scenario(self.suite)
        booted = boot(self.spec, scenario)
        held: list[Held] = []
        for slot, (_, promised) in zip(self.spec.slots, booted.state, strict=True):
            value, *tables = reports.get(slot.name, ("-1", "?"))
            table = promised if promised in tables else tables[0]
            held.append((int(value), None if table == "NULL" else table))
        stages: tuple[State, ...] = (tuple(held),)
        # Seen is only what the slots hold in the end. What lies in .bss is taken to have been right
        # until the kernel cleared that, which newer ones do for every kind of guest, later than
        # registering or not.
        if self.in_bss and all(value == 0 for value, _ in held):
            early = {promise.table for promise in booted.promises if promise.early}
            before = tuple(EMPTY if ops in early else (value, ops) for value, ops in booted.state)
            booted = replace(booted, stages=("", CLEAR_BSS))
            stages = (before, tuple(held))
        call = BootCall(self.wording, scenario, booted, self.in_bss)
        findings = call.findings(POWER_ON, Answer(Ending.RETURNED, stages=stages))
        seen_by = f"boot of {each.name}"
        return [
            replace(finding, counterexample=(str(call),), seen_by=seen_by) for finding in findings
        ]

    def _called(self, row: int, result: str, slots: Sequence[str]) -> Answer:
        """What a call did that came back, as the suite reports it."""
        names = {"0": None, "A": "A", "B": "B"}
        pairs = [slot.split(":") for slot in slots]
        held = tuple((int(value), names.get(ops, "?")) for value, ops in pairs)
        if not isinstance(self.suite.rows[row].call, Iterate):
            return Answer(Ending.RETURNED, result=int(result), stages=(held,))
        if result != "0":
            return Answer(Ending.RETURNED, words=("other hosts",))
        visited = self.suite.registry.visited(self.suite.rows[row].before)
        return Answer(Ending.RETURNED, words=tuple(map(str, visited)))

    def _answer(self, row: int, case: CaseLog) -> Answer:
        """What came of a call that may have ended the kernel."""
        text = "\n".join(case.lines)
        if ["1"] not in [report[1:2] for report in case.reports("before")]:
            return Answer(Ending.CRASH, "the guest never comes to the call")
        for _, result, *slots in case.reports("seen"):
            return self._called(row, result, slots)
        if bug := re.search(r"kernel BUG at (\S+?)!", text):
            return Answer(Ending.BUG, bug[1], stages=(self.suite.rows[row].before,))
        died = _DIED.search(text)
        return Answer(Ending.CRASH, died[0] if died else "the guest is gone")

    def _row(self, each: Boot, number: int, answer: Answer) -> Iterator[Finding]:
        """The faults of the call of a row of the suite."""
        row = self.suite.rows[number]
        before = Answer(Ending.RETURNED, stages=(row.before,))
        for fault in row.call.findings(before, answer):
            calls = (*self._path(row.before), str(row.call))
            rule = fault.rule
            if rule == "iteration-wrong" and self._iterates_by_type_pun():
                rule = "iterator-type-pun"  # what it is called where its cause is seen
            finding = self._finding(each, rule, fault.subject, fault.message)
            yield replace(finding, where=fault.where, counterexample=calls)

    def _iterates_by_type_pun(self) -> bool:
        """Whether the iterator takes the array of hosts for one of pointers to hosts."""
        host, array = re.escape(self.spec.c.host), self.spec.c.array
        header = render(self.spec).files[self.spec.header.file]
        return re.search(rf"\({host} \*\*\) ?&?{array}", header) is not None

    def _path(self, state: State) -> tuple[str, ...]:
        origin = self.suite.origins[state]
        return (*self._path(origin[0]), str(origin[1])) if origin else ()

    def _finding(self, each: Boot, rule: str, subject: str, message: str) -> Finding:
        return Finding(rule, subject, f"{each.name}: {message}", seen_by=f"boot of {each.name}")
