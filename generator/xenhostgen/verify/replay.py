# SPDX-License-Identifier: GPL-2.0-only
"""Run a sequence of calls that a person has typed, or copied from a finding's counterexample."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from xenhostgen.sandbox.process import BuildError
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused, did_you_mean
from xenhostgen.verify.boots import boots
from xenhostgen.verify.build import Program
from xenhostgen.verify.calls import Change, Iterate, Register, Unregister
from xenhostgen.verify.driver import Driver, DriverError, Ending
from xenhostgen.verify.explore import Explorer
from xenhostgen.verify.protocol import Call
from xenhostgen.verify.subject import Options, prepared
from xenhostgen.verify.wrappers import Host, WrapperRunner

_Meaning = TypeVar("_Meaning")
_CALL = re.compile(r"\s*(\w+)\s*\(([^()]*)\)\s*;?\s*$")
_INT = range(-(1 << 31), 1 << 31)


@dataclass(frozen=True, slots=True)
class Step:
    """One replayed call: what the C did, what the model expects, whether they agree."""

    call: str
    did: str
    expected: str
    agrees: bool


def replay(spec: Interface, options: Options, steps: list[str]) -> list[Step]:
    """Run calls one after another from the initial state.

    Raises ``Refused`` for a call that can't be read, and if there is none, or the C can't be run.
    """
    if not steps:
        raise Refused(
            [Problem("replay", "names no calls", "--replay", hint="separate calls by ';'")]
        )
    with prepared(spec, options) as subject:
        try:
            program = subject.program(options.compilers[0])
            with Driver(program) as driver:
                return list(_Replayer(spec, driver, program).run(steps))
        except (BuildError, DriverError) as error:
            reason = error.complaints()[0].text if isinstance(error, BuildError) else str(error)
            problem = Problem("replay", f"the C can't be run: {reason}", spec.path)
            raise Refused([problem]) from None


class _Replayer:
    def __init__(self, spec: Interface, driver: Driver, program: Program) -> None:
        self.spec = spec
        self.explorer = Explorer(spec, driver)
        self.wording = self.explorer.wording
        self.wrapping = WrapperRunner(spec, driver)
        self.boots = {str(call): call for call in boots(self.wording, program.in_bss)}
        self.registered: dict[int, str] = {}

    def run(self, steps: list[str]) -> Iterator[Step]:
        """Each step's outcome."""
        if not self.explorer.start():
            (fault,) = self.explorer.findings
            yield Step("", fault.message, "empty slots", False)
            return
        self.state = self.explorer.states[0]
        for step in steps:
            yield self.make(self.parse(step))

    def make(self, call: Call) -> Step:
        """Make a call; the state that it leads to is the next one's."""
        explorer = self.explorer
        explorer.kept.clear()
        (check,) = explorer.check([(self.state, call)])
        explorer.step(check)
        before, answer = check.before, check.answer
        if isinstance(call, Change) and answer.ending is not Ending.CRASH:
            # A BUG may leave a state where nothing goes on.
            self.state = explorer.states.get(answer.state, self.state)
        if isinstance(call, Register) and not answer.failure:
            self.registered[self.wording.registry.home.get(call.type, -1)] = call.table
        return Step(
            str(call), call.happened(before, answer), call.expected(before), not explorer.kept
        )

    def parse(self, step: str) -> Call:
        """The call that a text names, in this state; raises ``Refused``."""
        if step.startswith("boot "):
            return _meaning(step, step, self.boots)
        c = self.spec.c
        match = _CALL.match(step)
        name, listed = match.groups() if match else (step, "")
        words = [word.strip().removeprefix("&") for word in listed.split(",") if word.strip()]
        wrappers = {c.wrapper(op): op for op in self.wrapping.wrappers}
        arities = {c.register: 2, c.unregister: 1, c.iterator: 0} | dict.fromkeys(wrappers, 1)
        arity = _meaning(step, name, arities, f"write {c.register}(TYPE, A), …")
        if name in wrappers:
            return self.wrapper(step, wrappers[name], "".join(words[:1]))
        if len(words) != arity:
            hint = f"write {c.register}(TYPE, A|B|NULL), {c.unregister}(TYPE), {c.iterator}()"
            raise _unreadable(step, hint)
        if name == c.iterator:
            return Iterate(self.wording)
        types: dict[str, int] = {c.type(name): value for name, value in self.spec.values.items()}
        if re.fullmatch(r"-?\d{1,10}", words[0]) and int(words[0]) in _INT:
            types[words[0]] = int(words[0])
        hint = f"a type is an int, or one of {', '.join(types)}"
        value = _meaning(step, words[0], types, hint)
        if name == c.unregister:
            return Unregister(self.wording, value)
        tables = ["A", "B", "NULL", *self.wrapping.tables]
        table = _meaning(step, words[1], dict(zip(tables, tables, strict=True)))
        return Register(self.wording, value, table)

    def wrapper(self, step: str, op: str, host: str) -> Call:
        """An op's wrapper, for what a slot holds now, or should hold, or for no host."""
        slots: dict[str, int] = {slot.pointer: n for n, slot in enumerate(self.spec.slots)}
        slots["NULL"] = -1
        slot = _meaning(step, host, slots, f"its host is one of {', '.join(slots)}")
        if slot < 0:
            return self.wrapping.call(op, Host(self.state))
        tables, (_, symbol) = self.wrapping.tables, self.state.slots[slot]
        if symbol not in tables:  # the C may have put it elsewhere
            symbol = self.registered.get(slot)
        if symbol not in tables:
            hint = f"register a table first, such as {next(iter(tables))}"
            raise _unreadable(f"{self.spec.c.wrapper(op)}({host})", hint)
        return self.wrapping.call(op, Host(self.state, slot, symbol, tables[symbol]))


def _meaning(step: str, word: str, known: dict[str, _Meaning], hint: str = "") -> _Meaning:
    """What a word of a step stands for; raises ``Refused``."""
    if word not in known:
        raise _unreadable(step, did_you_mean(word, list(known), hint))
    return known[word]


def _unreadable(step: str, hint: str) -> Refused:
    return Refused([Problem("replay", f"can't replay '{step}'", "--replay", hint=hint)])
