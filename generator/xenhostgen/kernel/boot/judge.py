# SPDX-License-Identifier: GPL-2.0-only
"""What guests told of themselves, held against what the model expects of that kind of guest."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from xenhostgen.contract.boot import CLEAR_BSS, Booted, Scenario, boot
from xenhostgen.contract.registry import State
from xenhostgen.kernel.boot.guests import GUESTS, Boot
from xenhostgen.kernel.boot.ktap import Case, cases, messages, unfinished
from xenhostgen.kernel.boot.suite import Row, Suite
from xenhostgen.render.files import render
from xenhostgen.verify.boots import BootRunner
from xenhostgen.verify.driver import Answer, Driver, SlotImage
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.transitions import Transitions

_EXCERPT = 12
# What a failed case of the suite is called where its lines don't tell more.
_RULES = {
    "registered": "registry-inconsistent",
    "walked": "iteration-wrong",
    "entries": "table-entry-wrong",
    "wrappers": "wrapper-wrong",
    "rules": "transition-wrong",
    "iteration": "iteration-wrong",
}
_TABLES = {"0": "NULL", "A": "A", "B": "B"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One check of one guest: what it found, and the lines on the console by which it did."""

    guest: str
    check: str
    findings: tuple[Finding, ...] = ()
    excerpt: tuple[str, ...] = ()


class Judge:
    """Judges the boots of one interface. ``sections``: nm's letter for each symbol of the booted kernel."""

    def __init__(self, suite: Suite, sections: Mapping[str, str]) -> None:
        self.suite = suite
        self.spec = suite.spec
        self.header = render(self.spec).files[self.spec.header.file]
        self.sections = sections
        self.transitions = Transitions(self.spec)

    def judge(self, each: Boot, scenario: Scenario, console: str) -> list[Cell]:
        """The checks of one boot."""
        lines = messages(console)
        ended = cases(lines)
        if each.fatal is not None:
            return [self._fatal(each, self.suite.fatal[each.fatal], lines)]
        told = {case.name: case for case in ended}
        made = [self._kind(each, told.get("registered"))]
        wanted = ["registered", "entries", *(["wrappers"] if "wrappers" in self.checks else []), "rules"]
        wanted += ["walked", "iteration"] if self.suite.iterable else []
        for name in ["registered"] if each.answer else [check for check in self.checks if check in wanted]:
            check = "answered" if each.answer else name
            case = told.get(name)
            if case is None:
                tail = unfinished(lines)[-_EXCERPT:]
                message = f"'{each.name}' never gets to the end of its tests: {tail[-1].strip() if tail else 'silence'}"
                made.append(Cell(each.guest, check, (self._finding("boot-crash", each.guest, message, each),), tail))
            else:
                found = list(self._case(each, scenario, case))
                if case.ok is False and not found:
                    found = [self._finding(_RULES[name], *_expectation(case, self.spec.c.array), each)]
                shown = tuple(line.strip() for line in case.lines)[:_EXCERPT] if found else ()
                made.append(Cell(each.guest, check, tuple(found), shown))
        return made[1:] if each.answer and not made[0].findings else made

    @property
    def checks(self) -> list[str]:
        """The cases of the suite, in the order of the matrix."""
        return [name for name in _RULES if name != "wrappers" or self.suite.wrappers]

    def _kind(self, each: Boot, case: Case | None) -> Cell:
        """Whether the guest is of the kind that was asked for, by the kernel's own predicates."""
        if case is None:
            return Cell(each.guest, "kind")
        guest = GUESTS[each.guest]
        expected = {f"xen_{guest.kind}_domain": "1", "xen_domain": "1", "xen_initial_domain": str(int(guest.initial))}
        answers = dict(case.said("answer"))
        wrong = [
            f"{name}() is {answers[name]}" for name, value in expected.items() if answers.get(name, value) != value
        ]
        found = [self._finding("wrong-kind", each.guest, ", ".join(wrong), each)] if wrong else []
        return Cell(each.guest, "kind", tuple(found), tuple(line.strip() for line in case.lines) if wrong else ())

    def _case(self, each: Boot, scenario: Scenario, case: Case) -> Iterator[Finding]:
        if case.name == "registered":
            yield from self._registered(scenario, case, each)
        for row, result, *slots in case.said("seen") if case.name == "rules" else ():
            yield from self._row(self.suite.rows[int(row)], Answer("ok", int(result), 0, _images(slots)), each)
        for number, *_ in case.said("walked") if case.name == "iteration" else ():
            state = list(self.suite.origins)[int(number)]
            message = f"visits other hosts than are registered: {self.transitions.wording.state(state)}"
            yield self._finding("iteration-wrong", self.spec.c.iterator, message, each, self._path(state))

    def _registered(self, scenario: Scenario, case: Case, each: Boot) -> Iterator[Finding]:
        """The slots after boot against those that the model promises."""
        booted = boot(self.spec, scenario)
        told = {name: (int(value), tables) for name, value, *tables in case.said("slot")}
        held: list[SlotImage] = []
        for index, slot in enumerate(self.spec.slots):
            value, tables = told.get(slot.name, (-1, ["?"]))
            promised = booted.state[index][1]
            held.append(SlotImage(value, promised if promised in tables else tables[0], index))
        runner = BootRunner(self.spec, cast(Driver, None), self.sections)  # it judges, and boots nothing
        runner.judge(scenario, booted, Answer("boot", stages=self._stages(booted, tuple(held))))
        yield from (replace(finding, seen_by=f"boot of {each.name}") for finding in runner.findings)

    def _stages(self, booted: Booted, held: tuple[SlotImage, ...]) -> tuple[tuple[SlotImage, ...], ...]:
        """What the slots held after each stage: seen at the end, and before .bss was cleared what lay there then."""
        promised = tuple(SlotImage(value, ops or "NULL", n) for n, (value, ops) in enumerate(booted.state))
        cleared = booted.stages.index(CLEAR_BSS) if CLEAR_BSS in booted.stages else 0
        in_bss = self.sections.get(self.spec.c.array) in ("b", "B")
        return tuple(promised if in_bss and stage < cleared else held for stage in range(len(booted.stages)))

    def _fatal(self, each: Boot, row: Row, lines: Sequence[str]) -> Cell:
        """A call that may end the kernel: how it did, or what came of it."""
        image = tuple(SlotImage(value, ops or "NULL", n) for n, (value, ops) in enumerate(row.before))
        text = "\n".join(lines)
        survived = re.search(r"fatality: survived \d+ (-?\d+)((?: \S+:\S)+)", text)
        if not re.search(r"fatality: before \d+ 1", text):
            answer = Answer("crash", text="before the call")
        elif survived:
            right = tuple(map(str, self.suite.registry.visited(row.before)))
            visited = right if survived[1] == "0" else ("-1",)
            how = "visit" if row.call.kind == "i" else "ok"
            answer = Answer(how, int(survived[1]), 0, _images(survived[2].split()), visited=visited)
        elif struck := re.search(r"kernel BUG at (\S+?)!", text):
            answer = Answer("bug", slots=image, text=struck[1])
        else:
            died = re.search(r"BUG: .*|Oops: .*|general protection fault.*|Kernel panic.*", text)
            answer = Answer("crash", text=died[0] if died else "the guest is gone")
        found = tuple(self._row(row, answer, each))
        shown = [line.strip() for line in lines if re.search(r"fatality:|kernel BUG|BUG:|Oops|RIP|panic", line)]
        return Cell(each.guest, "fatal", found, tuple(shown[:_EXCERPT]))

    def _row(self, row: Row, answer: Answer, each: Boot) -> Iterator[Finding]:
        if fault := self.transitions.judge(row.before, row.call, answer):
            calls = (*self._path(row.before), self.transitions.wording.call(row.call))
            rule = "iterator-type-pun" if fault.rule == "iteration-wrong" and self._puns() else fault.rule
            yield replace(self._finding(rule, fault.subject, fault.message, each, calls), where=fault.where)

    def _puns(self) -> bool:
        """Whether the iterator casts the array of hosts to a pointer to pointers."""
        cast = rf"\({re.escape(self.spec.c.host)} \*\*\) ?&?{self.spec.c.array}"
        return re.search(cast, self.header) is not None

    def _path(self, state: State) -> tuple[str, ...]:
        origin = self.suite.origins[state]
        return (*self._path(origin[0]), self.transitions.wording.call(origin[1])) if origin else ()

    def _finding(self, rule: str, subject: str, message: str, each: Boot, calls: tuple[str, ...] = ()) -> Finding:
        return Finding(rule, subject, message, counterexample=calls, seen_by=f"boot of {each.name}")


def _images(slots: Iterable[str]) -> tuple[SlotImage, ...]:
    pairs = [slot.split(":") for slot in slots]
    return tuple(SlotImage(int(value), _TABLES.get(ops, "?"), n) for n, (value, ops) in enumerate(pairs))


def _expectation(case: Case, otherwise: str) -> tuple[str, str]:
    """What a case's first failed expectation is about, and what it says."""
    at = next((n for n, line in enumerate(case.lines) if "FAILED at" in line), 0)
    said = [line.strip() for line in case.lines[at + 1 : at + 6] if not line.lstrip().startswith("#")]
    named = next((line for line in reversed(said) if re.fullmatch(r"\w+(?:\.\w+)?", line)), otherwise)
    return named, "; ".join(said) or f"'{case.name}' fails"
