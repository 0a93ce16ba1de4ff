# SPDX-License-Identifier: GPL-2.0-only
"""Run a sequence of calls that a person has typed, or copied from a finding's counterexample."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xenhostgen.contract.boot import boot, scenarios
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused, did_you_mean
from xenhostgen.verify.boots import BootRunner, line, sections
from xenhostgen.verify.build import build
from xenhostgen.verify.driver import Driver, running
from xenhostgen.verify.explore import Call, Explorer, decoded
from xenhostgen.verify.run import Options, written

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

    Raises ``Refused`` for a call that can't be read, ``BuildError`` and ``DriverError``.
    """
    with tempfile.TemporaryDirectory(prefix="xenhostgen-") as name:
        work = Path(name)
        tree = options.tree.absolute() if options.tree else written(spec, work / "tree")
        with running(build(spec, tree, work / "run", options.compilers[0])) as driver:
            replayer = _Replayer(spec, driver, sections(work / "run" / "judged0.o"))
            return list(replayer.run(steps))


class _Replayer:
    def __init__(self, spec: Interface, driver: Driver, lies_in: dict[str, str]) -> None:
        self.spec = spec
        self.driver = driver
        self.sections = lies_in
        self.explorer = Explorer(spec, driver)
        self.state = 0

    def run(self, steps: list[str]) -> Iterator[Step]:
        (first,) = self.driver.ask(["s 0"])
        self.explorer.enter(0, first.slots)
        parsed = [(step, self.parse(step)) for step in steps]
        for text, call in parsed:
            yield self.boot(text) if call is None else self.call(call)

    def call(self, call: Call) -> Step:
        explorer, before = self.explorer, self.state
        explorer.found.clear()
        (answer,) = self.driver.ask([call.line(before)])
        explorer.judge(before, call, answer)
        held = explorer.images[before]
        if call.kind == "i":
            visited = ", ".join(map(explorer.visit_name, answer.visited)) or "nothing"
            did = f"crashes: {answer.text}" if answer.how == "crash" else f"visits {visited}"
            names = map(explorer.registry.slot_name, explorer.registry.visited(held))
            expected = f"visits {', '.join(names) or 'nothing'}"
        else:
            outcome = explorer.expected(held, call)
            expected = explorer.words(outcome.errno, outcome.state)
            did = f"crashes: {answer.text}"
            if answer.how != "crash":
                result = str(answer.result) if answer.how == "ok" else None
                did = explorer.words(result, decoded(answer.slots))
                self.state = answer.state
                if self.state not in explorer.images:
                    explorer.parents[self.state] = (before, call)
                    explorer.enter(self.state, answer.slots)
        return Step(explorer.call_text(call), did, expected, not explorer.found)

    def boot(self, text: str) -> Step:
        """A whole boot, from power-on."""
        known = {str(scenario): scenario for scenario in scenarios(self.spec)}
        scenario = known[text]
        expected = boot(self.spec, scenario)
        (answer,) = self.driver.ask([line(self.spec, scenario, expected)])
        runner = BootRunner(self.spec, self.driver, self.sections)
        runner.judge(scenario, expected, answer)
        words = self.explorer.state_words
        stages = [
            f"{stage}: {words(decoded(slots))}"
            for stage, slots in zip(expected.stages, answer.stages, strict=False)
        ]
        if answer.how in ("crash", "bug"):
            stages.append(f"{answer.how} {answer.text}")
        return Step(text, "; ".join(stages), words(expected.state), not runner.found)

    def parse(self, step: str) -> Call | None:
        """A call from its C text; None for a boot."""
        c = self.spec.c
        if step.startswith("boot "):
            known = [str(scenario) for scenario in scenarios(self.spec)]
            if step not in known:
                raise _unreadable(step, did_you_mean(step, known))
            return None
        found = _CALL.match(step)
        kinds = {c.register: "r", c.unregister: "u", c.iterator: "i"}
        if not found or found[1] not in kinds:
            name = found[1] if found else step
            raise _unreadable(
                step, did_you_mean(name, list(kinds), f"write {c.register}(TYPE, A), …")
            )
        arguments = [word.strip() for word in found[2].split(",") if word.strip()]
        kind = kinds[found[1]]
        if len(arguments) != {"r": 2, "u": 1, "i": 0}[kind]:
            raise _unreadable(
                step, f"write {c.register}(TYPE, A|B|NULL), {c.unregister}(TYPE), {c.iterator}()"
            )
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
