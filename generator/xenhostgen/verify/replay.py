# SPDX-License-Identifier: GPL-2.0-only
"""Run a sequence of calls that a person has typed, or copied from a finding's counterexample."""

import re
from dataclasses import dataclass, replace
from itertools import product

from xenhostgen.sandbox.process import BuildError
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Refused, did_you_mean, refusal
from xenhostgen.verify.boots import boots
from xenhostgen.verify.calls import Change, Iterate, Register, Unregister, all_changes
from xenhostgen.verify.driver import Driver, DriverError, run_driver
from xenhostgen.verify.explore import Explorer
from xenhostgen.verify.oracle import Oracle
from xenhostgen.verify.protocol import Call
from xenhostgen.verify.subject import Options, prepared
from xenhostgen.verify.wording import Wording
from xenhostgen.verify.wrappers import WrapperCall, with_due

_TYPED = re.compile(r"\((-?\d{1,10})\b")
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
        raise _refused("names no calls", "separate calls by ';'")
    with prepared(spec, options) as subject:
        try:
            program = subject.program(options.compilers[0])
            with run_driver(program) as driver:
                oracle = subject.oracle(program.off)
                return _Replayer(spec, driver, oracle, steps).run()
        except (BuildError, DriverError) as error:
            reason = error.complaints()[0].text if isinstance(error, BuildError) else str(error)
            raise _refused(f"the C can't be run: {reason}") from None


class _Replayer:
    """Replays steps. ``tables``: what each slot should hold, wherever the C has put it."""

    def __init__(self, spec: Interface, driver: Driver, oracle: Oracle, steps: list[str]) -> None:
        wording = Wording(spec)
        self.wording, self.steps = wording, steps
        self.explorer, self.oracle = Explorer(wording, driver), oracle
        self.tables: dict[int, str] = {}
        types = {call.type for call in all_changes(wording)}
        types |= {value for value in map(int, _TYPED.findall(" ".join(steps))) if value in _INT}
        calls: list[Call] = [Iterate(wording), *boots(wording, driver.program.in_bss)]
        calls += [Unregister(wording, value) for value in types]
        tables = ["B", "NULL", *wording.tables, *wording.made_up]
        calls += [Register(wording, *pair) for pair in product(types, tables)]
        slots = range(-1, len(spec.slots))
        calls += [WrapperCall(wording, *pair) for pair in product(wording.wrappers, slots)]
        self.calls = {_squeezed(str(call)): call for call in calls}

    def run(self) -> list[Step]:
        """Each step's outcome."""
        states = self.explorer.start()
        if not states:
            raise _refused(next(iter(self.explorer.kept.values())).message)
        (self.state,) = states
        return [self.make(self.call(step)) for step in self.steps]

    def make(self, call: Call) -> Step:
        """Make a call; the state that it leads to is the next one's."""
        explorer, before = self.explorer, self.state
        explorer.kept.clear()
        ((_, _, answer),) = explorer.check([(before, call)])
        explorer.follow(before, call, answer)
        changes = not answer.failure and answer.state != before.state
        if isinstance(call, Change) and changes:
            self.state = answer
            self.tables[self.wording.registry.home.get(call.type, -1)] = call.table
        happened, expected = call.happened(before, answer), call.expected(before)
        return Step(str(call), happened, expected, not explorer.kept)

    def call(self, step: str) -> Call:
        """The call that a text names, in this state; raises ``Refused``."""
        call = self.calls.get(_squeezed(step))
        if call is None:
            known = [str(call) for call in self.calls.values()]
            raise _refused(f"can't replay '{step}'", did_you_mean(step, known))
        if not isinstance(call, WrapperCall):
            return call
        table = self.tables.get(call.slot, "")
        if not table or table in self.wording.tables or table in self.wording.made_up:
            if table:
                registered = Register(self.wording, self.state.slots[call.slot][0], table)
                call = replace(call, registered=(registered,))
            return next(with_due([call], self.oracle))
        hint = f"register a table first, such as {next(iter(self.wording.tables))}"
        raise _refused(f"can't replay '{call}'", hint)


def _squeezed(step: str) -> str:
    """A call without what may be written otherwise: spaces, a semicolon, '&' before a table."""
    return re.sub(r"[\s;&]", "", step)


def _refused(message: str, hint: str = "") -> Refused:
    return refusal("replay", message, "--replay", hint)
