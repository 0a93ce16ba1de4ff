# SPDX-License-Identifier: GPL-2.0-only
"""Run a sequence of calls that a person has typed, or copied from a finding's counterexample."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xenhostgen.contract.boot import boot, scenarios
from xenhostgen.contract.ops import dispatch
from xenhostgen.csource.toolchain import BuildError
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused, did_you_mean
from xenhostgen.verify.boots import BootRunner, line
from xenhostgen.verify.build import Program, build
from xenhostgen.verify.calls import Call, Wording, decoded
from xenhostgen.verify.driver import Driver, DriverError
from xenhostgen.verify.explore import Explorer
from xenhostgen.verify.run import Options, judged_tree
from xenhostgen.verify.wrappers import Held, WrapperRunner

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

    Raises ``Refused`` for a call that can't be read, and if the C can't be run.
    """
    with tempfile.TemporaryDirectory(prefix="xenhostgen-") as name:
        work = Path(name)
        try:
            program = build(spec, judged_tree(spec, options, work), work / "run", options.compilers[0], options.store)
            with Driver(program) as driver:
                return list(_Replayer(spec, driver, program).run(steps))
        except (BuildError, DriverError) as error:
            said = error.complaints()[0].text if isinstance(error, BuildError) else str(error)
            raise Refused([Problem("replay", f"the C can't be run: {said}", spec.path)]) from None


class _Replayer:
    def __init__(self, spec: Interface, driver: Driver, program: Program) -> None:
        self.spec = spec
        self.driver = driver
        self.explorer = Explorer(spec, driver)
        self.boots = BootRunner(spec, driver, program.sections)
        self.wrapping = WrapperRunner(spec, driver)
        self.wording = Wording(spec)
        self.state = 0

    def run(self, steps: list[str]) -> Iterator[Step]:
        parsed = [(step, self.parse(step)) for step in steps]
        if not self.explorer.start():
            (fault,) = self.explorer.found.values()
            yield Step("", fault.message, "empty slots", False)
            return
        for text, call in parsed:
            if call is None:
                yield self.boot(text)
            else:
                yield self.wrapper(call) if call.kind == "w" else self.call(call)

    def call(self, call: Call) -> Step:
        explorer, held = self.explorer, self.explorer.images[self.state]
        explorer.found.clear()
        (answer,) = self.driver.ask([call.line(self.state)])
        explorer.step(self.state, call, answer)
        if call.kind == "i":
            indexes = map(str, explorer.judging.registry.visited(held))
            expected = f"visits {self.wording.visits(indexes)}"
        else:
            expected = self.wording.outcome(explorer.judging.expected(held, call))
        if answer.how == "crash":
            did = f"crashes: {answer.text}"
        elif call.kind == "i":
            did = f"visits {self.wording.visits(answer.visited)}"
        else:
            result = str(answer.result) if answer.how == "ok" else None
            did = self.wording.done(result, held, decoded(answer.slots))
            if answer.state in explorer.images:  # a BUG may leave one where nothing goes on
                self.state = answer.state
        return Step(self.wording.call(call), did, expected, not explorer.found)

    def wrapper(self, call: Call) -> Step:
        """An op's wrapper, for what a slot holds now or for no host."""
        held = self.explorer.images[self.state][call.type][1] if call.type >= 0 else None
        tables: dict[str, str] = {t.symbol: f"{guest.name}.{t.role}" for guest, t in self.spec.tables()}
        if call.type >= 0 and held not in tables:
            raise _unreadable(self.wording.call(call), f"register one of {', '.join(tables)} first")
        op = self.wrapping.ops[call.ops]
        table = tables.get(held) if held else None
        (answer,) = self.driver.ask([call.line(self.state)])
        self.wrapping.found.clear()
        self.wrapping.judge(op, Held(self.state, (), call.type, held or "", table), answer)
        expected = dispatch(self.spec, op, table)
        did = f"crashes: {answer.text}" if answer.how == "crash" else f"reaches {' '.join(answer.visited)}"
        reached = " ".join(self.wrapping.call_words(op, call.type, expected))
        wanted = "calls through NULL" if expected.null else f"reaches {reached or 'nothing'}"
        agrees = not self.wrapping.found and not expected.null
        return Step(self.wording.call(call), did, wanted, agrees)

    def boot(self, text: str) -> Step:
        """A whole boot, from power-on."""
        scenario = next(one for one in scenarios(self.spec) if str(one) == text)
        expected = boot(self.spec, scenario)
        (answer,) = self.driver.ask([line(self.spec, scenario, expected)])
        self.boots.found.clear()
        self.boots.judge(scenario, expected, answer)
        stages = [
            f"{stage}: {self.wording.state(decoded(slots))}"
            for stage, slots in zip(expected.stages, answer.stages, strict=False)
        ]
        if answer.how in ("crash", "bug"):
            stages.append(f"{answer.how} {answer.text}")
        return Step(text, "; ".join(stages), self.wording.state(expected.state), not self.boots.found)

    def parse(self, step: str) -> Call | None:
        """A call from its C text; None for a boot."""
        c = self.spec.c
        if step.startswith("boot "):
            known = [str(scenario) for scenario in scenarios(self.spec)]
            if step not in known:
                raise _unreadable(step, did_you_mean(step, known))
            return None
        found = _CALL.match(step)
        wrappers = {c.wrapper(op): op for op in self.wrapping.wrappers}
        kinds = {c.register: "r", c.unregister: "u", c.iterator: "i"} | dict.fromkeys(wrappers, "w")
        if not found or found[1] not in kinds:
            name = found[1] if found else step
            raise _unreadable(step, did_you_mean(name, list(kinds), f"write {c.register}(TYPE, A), …"))
        arguments = [word.strip() for word in found[2].split(",") if word.strip()]
        kind = kinds[found[1]]
        if kind == "w":
            pointers: list[str] = [slot.pointer for slot in self.spec.slots]
            if arguments[:1] == ["NULL"]:
                return Call("w", -1, wrappers[found[1]])
            if not arguments or arguments[0] not in pointers:
                raise _unreadable(step, f"its host is one of {', '.join(pointers)}, NULL")
            return Call("w", pointers.index(arguments[0]), wrappers[found[1]])
        if len(arguments) != {"r": 2, "u": 1, "i": 0}[kind]:
            raise _unreadable(step, f"write {c.register}(TYPE, A|B|NULL), {c.unregister}(TYPE), {c.iterator}()")
        if kind == "i":
            return Call("i")
        values = {c.type(name): value for name, value in self.spec.values.items()}
        if arguments[0] not in values and not re.fullmatch(r"-?\d{1,10}", arguments[0]):
            raise _unreadable(step, did_you_mean(arguments[0], list(values)))
        value = values.get(arguments[0])
        ops = arguments[1] if kind == "r" else ""
        tables = ["A", "B", "NULL", *(table.symbol for _, table in self.spec.tables())]
        if kind == "r" and ops.removeprefix("&") not in tables:
            raise _unreadable(step, did_you_mean(ops, tables))
        return Call(kind, int(arguments[0]) if value is None else value, ops.removeprefix("&"))


def _unreadable(step: str, hint: str) -> Refused:
    return Refused([Problem("replay", f"can't replay '{step}'", "--replay", hint=hint)])
