# SPDX-License-Identifier: GPL-2.0-only
"""What guests told by KTAP on their consoles, held against what the model expects of that kind of guest."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xenhostgen.extensions.boot.guests import GUESTS, Boot
from xenhostgen.extensions.boot.suite import Suite
from xenhostgen.reference_model.boot import CLEAR_BSS, boot
from xenhostgen.reference_model.registry import EMPTY, Held, State
from xenhostgen.render.files import render
from xenhostgen.verify.boots import Boot as BootCall
from xenhostgen.verify.calls import Iterate
from xenhostgen.verify.driver import Answer, Ending
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.protocol import Reached

# Xen's and the kernel's marks before a message; a result, which closes a test case.
_MESSAGE = re.compile(r"^(?:\([^)]*\) )*\[ *\d+\.\d+\] (.*)$", re.M)
_RESULT = re.compile(r"^    (not )?ok \d+ (\w+)(?: # (SKIP))?")
_DIED = re.compile(r"BUG: .*|Oops: .*|general protection fault.*|Kernel panic.*")
# What a failed case is called where its lines don't tell more.
_RULES = {"entries": "table-entry-wrong", "wrappers": "wrapper-wrong", "walked": "iteration-wrong"}
_EXCERPT = 12


@dataclass(frozen=True, slots=True)
class Cell:
    """One check of one boot: what it found, and the lines on the console by which it did."""

    boot: Boot
    check: str
    findings: tuple[Finding, ...] = ()
    excerpt: tuple[str, ...] = ()


def cases(lines: Sequence[str]) -> dict[str, tuple[bool, tuple[str, ...]]]:
    """The finished test cases: whether each passed or was skipped, and its lines; as '' what came after them."""
    made: dict[str, tuple[bool, tuple[str, ...]]] = {}
    kept: list[str] = []
    for line in lines:
        if result := _RESULT.match(line):
            made[result[2]] = (not result[1], tuple(kept))
            kept = []
        else:
            kept = [] if "# Subtest: " in line else [*kept, line.strip()]
    return made | {"": (False, tuple(kept))}


class Judge:
    """Judges the boots of one interface. ``in_bss``: whether its array of slots lies in the kernel's .bss."""

    def __init__(self, suite: Suite, in_bss: bool) -> None:
        self.suite, self.spec, self.in_bss = suite, suite.spec, in_bss
        self.wording = suite.wording

    def judge(self, each: Boot, console: str) -> Iterator[Cell]:
        """The checks of one boot."""
        told = cases(_MESSAGE.findall(console.replace("\r", "")))
        if each.fatal is not None:
            lines = told[""][1] + told.get("fatality", (True, ()))[1]
            found = tuple(self._row(each, each.fatal, self._answer(each.fatal, lines)))
            marks = re.compile(r"fatality:|kernel BUG|RIP: |" + _DIED.pattern)
            yield Cell(each, "fatal", found, tuple(filter(marks.search, lines))[:_EXCERPT])
            return
        if "registered" in told:
            answers = told["registered"][1]
            yield Cell(each, "kind", tuple(self._kind(each, _said(answers, "answer"))), answers)
        for check in ("registered",) if each.answer else self.suite.cases:
            name, (passed, lines) = "override" if each.answer else check, told.get(check, told[""])
            if check not in told:
                message = (
                    f"never gets to the end of '{check}'; its last words: {[*lines, 'none'][-1]}"
                )
                yield Cell(
                    each,
                    name,
                    (self._finding(each, "boot-crash", each.guest, message),),
                    lines[-_EXCERPT:],
                )
                continue
            faults = self._registered(each, lines) if check == "registered" else []
            for row, result, *slots in _said(lines, "seen"):
                faults += self._row(each, int(row), self._called(int(row), result, slots))
            if not passed and not faults:
                faults.append(
                    self._finding(each, _RULES.get(check, f"{check}-wrong"), *_expectation(lines))
                )
            yield Cell(each, name, tuple(faults), lines[:_EXCERPT])

    def _kind(self, each: Boot, answers: Sequence[Sequence[str]]) -> Iterator[Finding]:
        """Whether the guest is of the kind that was asked for, by the kernel's own predicates."""
        guest = GUESTS[each.guest]
        expected = {
            "xen_domain": True,
            f"xen_{guest.kind}_domain": True,
            "xen_initial_domain": guest.initial,
        }
        for name, value in answers:
            if expected.get(name, value == "1") != (value == "1"):
                yield self._finding(each, "wrong-kind", each.guest, f"{name}() is {value}")

    def _registered(self, each: Boot, lines: Sequence[str]) -> list[Finding]:
        """The slots after boot against those that the model promises."""
        told, scenario = (
            {name: said for name, *said in _said(lines, "slot")},
            each.scenario(self.suite),
        )
        booted = boot(self.spec, scenario)
        held: list[Held] = []
        for slot, (_, promised) in zip(self.spec.slots, booted.state, strict=True):
            value, *tables = told.get(slot.name, ("-1", "?"))
            table = promised if promised in tables else tables[0]
            held.append((int(value), None if table == "NULL" else table))
        stages: tuple[State, ...] = (tuple(held),)
        # Seen is only what the slots hold in the end. What lies in .bss is taken to have been right until the
        # kernel cleared that, which newer ones do for every kind of guest, later than registering or not.
        if self.in_bss and all(value == 0 for value, _ in held):
            early = {promise.table for promise in booted.promises if promise.early}
            before = tuple(EMPTY if ops in early else (value, ops) for value, ops in booted.state)
            booted = replace(booted, stages=("", CLEAR_BSS))
            stages = (before, tuple(held))
        call = BootCall(self.wording, scenario, booted, self.in_bss)
        check = call.check(Reached(0, ()), Answer(Ending.RETURNED, stages=stages))
        seen_by = f"boot of {each.name}"
        return [
            replace(finding, counterexample=(str(call),), seen_by=seen_by)
            for finding in check.findings
        ]

    def _called(self, row: int, result: str, slots: Sequence[str]) -> Answer:
        """What a call did that came back."""
        names = {"0": None, "A": "A", "B": "B"}
        pairs = [slot.split(":") for slot in slots]
        held = tuple((int(value), names.get(ops, "?")) for value, ops in pairs)
        if not isinstance(self.suite.rows[row].call, Iterate):
            return Answer(Ending.RETURNED, result=int(result), stages=(held,))
        visited = (
            self.suite.registry.visited(self.suite.rows[row].before)
            if result == "0"
            else ("other hosts",)
        )
        return Answer(Ending.RETURNED, words=tuple(map(str, visited)))

    def _answer(self, row: int, lines: Sequence[str]) -> Answer:
        """What came of a call that may have ended the kernel."""
        text = "\n".join(lines)
        if ["1"] not in [said[1:2] for said in _said(lines, "before")]:
            return Answer(Ending.CRASH, "the guest never comes to the call")
        for _, result, *slots in _said(lines, "seen"):
            return self._called(row, result, slots)
        if struck := re.search(r"kernel BUG at (\S+?)!", text):
            return Answer(Ending.BUG, struck[1], stages=(self.suite.rows[row].before,))
        died = _DIED.search(text)
        return Answer(Ending.CRASH, died[0] if died else "the guest is gone")

    def _row(self, each: Boot, number: int, answer: Answer) -> Iterator[Finding]:
        row = self.suite.rows[number]
        for fault in row.call.check(Reached(0, row.before), answer).findings:
            calls = (*self._path(row.before), str(row.call))
            rule, host, array = fault.rule, re.escape(self.spec.c.host), self.spec.c.array
            header = (
                render(self.spec).files[self.spec.header.file] if rule == "iteration-wrong" else ""
            )
            if re.search(rf"\({host} \*\*\) ?&?{array}", header):
                rule = "iterator-type-pun"  # what it is called where its cause is seen
            found = self._finding(each, rule, fault.subject, fault.message)
            yield replace(found, where=fault.where, counterexample=calls)

    def _path(self, state: State) -> tuple[str, ...]:
        origin = self.suite.origins[state]
        return (*self._path(origin[0]), str(origin[1])) if origin else ()

    def _finding(self, each: Boot, rule: str, subject: str, message: str) -> Finding:
        return Finding(rule, subject, f"{each.name}: {message}", seen_by=f"boot of {each.name}")


def _said(lines: Sequence[str], word: str) -> list[list[str]]:
    """The words of a case's own lines that begin with a word, without that."""
    found = (re.match(rf"# \w+: {word} (.*)$", line) for line in lines)
    return [each[1].split() for each in found if each]


def _expectation(lines: Sequence[str]) -> tuple[str, str]:
    """What a case's first failed expectation is about, and what it says."""
    at = next((n for n, line in enumerate(lines) if "FAILED at" in line), 0)
    said = [line for line in lines[at + 1 : at + 6] if not line.startswith("#")]
    return next(
        (line for line in reversed(said) if re.fullmatch(r"\w+(?:\.\w+)?", line)), "suite"
    ), "; ".join(said)
