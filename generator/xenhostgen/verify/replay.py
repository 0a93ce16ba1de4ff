# SPDX-License-Identifier: GPL-2.0-only
"""Run a sequence of calls that a person has typed, or copied from a finding's counterexample."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from xenhostgen.reference_model.boot import Scenario, boot, scenarios
from xenhostgen.reference_model.ops import dispatch, only
from xenhostgen.sandbox.process import BuildError
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused, did_you_mean
from xenhostgen.verify.boots import BootRunner
from xenhostgen.verify.build import Program
from xenhostgen.verify.calls import Call, Wording
from xenhostgen.verify.driver import Driver, DriverError, decoded
from xenhostgen.verify.explore import Explorer
from xenhostgen.verify.subject import Options, prepared
from xenhostgen.verify.wrappers import Held, WrapperRunner

_Meaning = TypeVar("_Meaning")
_INT = range(-(1 << 31), 1 << 31)
_CALL = re.compile(r"\s*(\w+)\s*\(([^()]*)\)\s*;?\s*$")


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
            said = error.complaints()[0].text if isinstance(error, BuildError) else str(error)
            raise Refused([Problem("replay", f"the C can't be run: {said}", spec.path)]) from None


class _Replayer:
    def __init__(self, spec: Interface, driver: Driver, program: Program) -> None:
        self.spec, self.driver, self.wording = spec, driver, Wording(spec)
        self.explorer = Explorer(spec, driver)
        self.boots = BootRunner(spec, driver, program.in_bss)
        self.wrapping = WrapperRunner(spec, driver)
        self.tables: dict[str, str] = {
            t.symbol: f"{guest.name}.{t.role}" for guest, t in spec.tables()
        }
        self.tables |= {only(op): only(op) for op in self.wrapping.wrappers}
        self.registered: dict[int, str] = {}
        self.state = 0

    def run(self, steps: list[str]) -> Iterator[Step]:
        parsed = [self.parse(step) for step in steps]
        if not self.explorer.start():
            (fault,) = self.explorer.found.values()
            yield Step("", fault.message, "empty slots", False)
            return
        for call in parsed:
            for runner in (self.explorer, self.boots, self.wrapping):
                runner.found.clear()
            if isinstance(call, Scenario):
                yield self.boot(call)
            else:
                yield self.wrapper(call) if call.kind == "w" else self.call(call)

    def call(self, call: Call) -> Step:
        explorer, held = self.explorer, self.explorer.images[self.state]
        (answer,) = self.driver.ask([call.line(self.state)])
        explorer.step(self.state, call, answer)
        if call.kind == "i":
            expected = (
                f"visits {self.wording.visits(map(str, explorer.judging.registry.visited(held)))}"
            )
        else:
            expected = self.wording.outcome(explorer.judging.expected(held, call))
        if answer.how == "crash":
            did = f"crashes: {answer.text}"
        elif call.kind == "i":
            did = f"visits {self.wording.visits(answer.visited)}"
        else:
            did = self.wording.done(
                str(answer.result) if answer.how == "ok" else None, held, decoded(answer.slots)
            )
            if answer.state in explorer.images:  # a BUG may leave one where nothing goes on
                self.state = answer.state
        if call.kind == "r" and answer.how == "ok" and call.type in explorer.judging.registry.home:
            self.registered[explorer.judging.registry.home[call.type]] = call.ops
        return Step(self.wording.call(call), did, expected, not explorer.found)

    def wrapper(self, call: Call) -> Step:
        """An op's wrapper, for what a slot holds now, or should hold, or for no host."""
        held = (self.explorer.images[self.state][call.type][1] or "") if call.type >= 0 else ""
        if held not in self.tables:  # the C may have put it elsewhere
            held = self.registered.get(call.type, "")
        if call.type >= 0 and held not in self.tables:
            raise _unreadable(
                self.wording.call(call),
                f"register a table first, such as {next(iter(self.tables))}",
            )
        wrapper, table = self.wrapping.wrappers[call.ops], self.tables.get(held)
        (answer,) = self.driver.ask([call.line(self.state)])
        self.wrapping.judge(wrapper, Held(self.state, (), call.type, held, table), answer)
        expected = dispatch(wrapper.op, table)
        did = (
            f"crashes: {answer.text}"
            if answer.how == "crash"
            else f"reaches {' '.join(answer.visited)}"
        )
        reached = " ".join(self.wrapping.call_words(wrapper, call.type, expected))
        wanted = "calls through NULL" if expected.null else f"reaches {reached or 'nothing'}"
        return Step(
            self.wording.call(call), did, wanted, not self.wrapping.found and not expected.null
        )

    def boot(self, scenario: Scenario) -> Step:
        """A whole boot, from power-on."""
        expected = boot(self.spec, scenario)
        (answer,) = self.driver.ask([self.boots.line(scenario, expected)])
        self.boots.judge(scenario, expected, answer)
        named = zip(expected.stages, answer.stages, strict=False)
        stages = [f"{stage}: {self.wording.state(decoded(slots))}" for stage, slots in named]
        stages += [f"{answer.how} {answer.text}"] if answer.how in ("crash", "bug") else []
        return Step(
            str(scenario),
            "; ".join(stages),
            self.wording.state(expected.state),
            not self.boots.found,
        )

    def parse(self, step: str) -> Call | Scenario:
        """A call from its C text, or a boot from its name; raises ``Refused``."""
        c = self.spec.c
        if step.startswith("boot "):
            return _meant(
                step, step, {str(scenario): scenario for scenario in scenarios(self.spec)}
            )
        found = _CALL.match(step)
        name, listed = (found[1], found[2]) if found else (step, "")
        wrappers = {c.wrapper(op): op for op in self.wrapping.wrappers}
        kinds = {c.register: "r", c.unregister: "u", c.iterator: "i"} | dict.fromkeys(wrappers, "w")
        kind = _meant(step, name, kinds, f"write {c.register}(TYPE, A), …")
        arguments = [word.strip().removeprefix("&") for word in listed.split(",") if word.strip()]
        if kind == "w":
            hosts: dict[str, int] = {
                slot.pointer: index for index, slot in enumerate(self.spec.slots)
            } | {"NULL": -1}
            host = _meant(
                step, "".join(arguments[:1]), hosts, f"its host is one of {', '.join(hosts)}"
            )
            return Call("w", host, wrappers[name])
        if len(arguments) != {"r": 2, "u": 1, "i": 0}[kind]:
            raise _unreadable(
                step, f"write {c.register}(TYPE, A|B|NULL), {c.unregister}(TYPE), {c.iterator}()"
            )
        types = {c.type(name): value for name, value in self.spec.values.items()}
        types |= {
            word: int(word)
            for word in arguments
            if re.fullmatch(r"-?\d{1,10}", word) and int(word) in _INT
        }
        tables = {table: table for table in ("A", "B", "NULL", *self.tables)}
        value = (
            _meant(step, arguments[0], types, f"a type is an int, or one of {', '.join(types)}")
            if arguments
            else 0
        )
        return Call(kind, value, _meant(step, arguments[1], tables) if kind == "r" else "")


def _meant(step: str, word: str, known: dict[str, _Meaning], hint: str = "") -> _Meaning:
    """What a word of a step stands for; raises ``Refused``."""
    if word not in known:
        raise _unreadable(step, did_you_mean(word, list(known), hint))
    return known[word]


def _unreadable(step: str, hint: str) -> Refused:
    return Refused([Problem("replay", f"can't replay '{step}'", "--replay", hint=hint)])
