# SPDX-License-Identifier: GPL-2.0-only
"""Every wrapper called with every table in every slot, and with no host, held against rule 11.

The kernel functions behind the ops are stand-ins that tell who called them, with which arguments, and
return a mark: a wrapper that calls the wrong op, swaps arguments or loses the result is seen.
"""

from collections.abc import Iterator
from typing import NamedTuple

from xenhostgen.contract.ops import Dispatch, dispatch, only
from xenhostgen.contract.registry import Registry
from xenhostgen.spec.model import Interface, Op
from xenhostgen.verify.calls import Call, Wording, errno_value
from xenhostgen.verify.driver import Answer, Driver
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import Wrapper, kernel_functions, wrappers

_WORD = 1 << 32
# So many ops are told apart by a made-up table for each; the calls grow with the square.
_FEW = 64


class Held(NamedTuple):
    """What a wrapper is called for: a state, how to get there, and what its slot holds; slot -1 is no host."""

    state: int
    path: tuple[str, ...]
    slot: int
    symbol: str
    table: str | None


class WrapperRunner:
    """Calls the wrappers of one interface with a running driver."""

    def __init__(self, spec: Interface, driver: Driver) -> None:
        self.spec = spec
        self.driver = driver
        self.wording = Wording(spec)
        self.wrappers: dict[str, Wrapper] = {wrapper.op.name: wrapper for wrapper in wrappers(spec)}
        self.marks = {function.name: function.number for function in kernel_functions(spec)}
        self.found: dict[tuple[str, str], Finding] = {}
        self.calls = 0

    def run(self) -> None:
        """Call them all; raises ``DriverError``."""
        if not self.wrappers:
            return
        nobody = Held(0, (), -1, "", None)
        asked = [(nobody, name) for name, wrapper in self.wrappers.items() if wrapper.op.takes_no_host]
        asked += [(held, op) for held in self.registered() for op in self.wrappers]
        lines = [Call("w", held.slot, op).line(held.state) for held, op in asked]
        for (held, op), answer in zip(asked, self.driver.ask(lines), strict=True):
            self.calls += 1
            self.judge(self.wrappers[op].op, held, answer)

    def registered(self) -> Iterator[Held]:
        """States in which a slot holds a table of the spec's: how to get there, the slot, the table.

        What the guests' boot code registers comes first, as it makes the better counterexamples.
        """
        spec = self.spec
        booted = {(step.type, spec.table(guest, step.table).symbol) for guest, step in spec.registrations()}
        every: list[tuple[int, str, str, str]] = [
            (index, name, f"{guest.name}.{table.role}", table.symbol)
            for index, slot in enumerate(spec.slots)
            for name in slot.accepts
            for guest, table in spec.tables()
        ]
        few = list(self.wrappers) if len(self.wrappers) <= _FEW else []
        every += [(0, spec.slots[0].accepts[0], only(op), only(op)) for op in few]
        for index, name, table, symbol in sorted(every, key=lambda row: (row[1], row[3]) not in booted):
            calls = [Call("r", spec.values[spec.slots[n].accepts[0]], "A") for n in self.needed(index)]
            calls.append(Call("r", spec.values[name], symbol))
            state = self.reached(calls)
            if state is not None:
                yield Held(state, tuple(map(self.wording.call, calls)), index, symbol, table)

    def needed(self, index: int) -> list[int]:
        """The slots that must be taken before one, in that order."""
        requires = Registry(self.spec).requires
        before: list[int] = []
        while (required := requires[index]) is not None:
            before.insert(0, required)
            index = required
        return before

    def reached(self, calls: list[Call]) -> int | None:
        """The state behind a sequence of calls; None if the C refuses one, which exploring has told."""
        state = 0
        for call in calls:
            (answer,) = self.driver.ask([call.line(state)])
            if answer.how != "ok" or answer.result or answer.state < 0:
                return None
            state = answer.state
        return state

    def judge(self, op: Op, held: Held, answer: Answer) -> None:
        """Hold one call against what it must lead to."""
        wrapper = self.spec.c.wrapper(op.name)
        steps = (*held.path, self.wording.call(Call("w", held.slot, op.name)))
        expected = dispatch(op, held.table)
        if expected.null:
            if answer.how == "crash" and held.table in self.spec.entries:
                subject = f"{held.symbol}.{op.name}"
                message = (
                    f"'{held.symbol}' doesn't set '{op.name}', and {wrapper}() calls it all the same: {answer.text}"
                )
                self.note("null-op", subject, message, op, steps)
            return
        if answer.how != "wrap":
            self.note("wrapper-crash", wrapper, f"{answer.how}: {answer.text}", op, steps)
            return
        *called, result = answer.visited
        wanted = self.call_words(op, held.slot, expected)
        number = self.marks.get(expected.called, 0) if expected.result is None else int(errno_value(expected.result))
        if called != wanted:
            message = f"reaches {', '.join(called) or 'nothing'}, should reach {', '.join(wanted) or 'nothing'}"
            self.note("wrapper-wrong", wrapper, message, op, steps)
        elif self.wrappers[op.name].returns and (int(result[1:]) - number) % _WORD:
            message = f"returns {result[1:]}, should return {expected.result or 'what the op returns'}"
            self.note("wrapper-wrong", wrapper, message, op, steps)

    def call_words(self, op: Op, slot: int, expected: Dispatch) -> list[str]:
        """The call that must be reached, as the driver tells calls."""
        if not expected.called:
            return []
        values = {arg.name: arg.number for arg in self.wrappers[op.name].args}
        values |= {"xh": slot, op.host: slot}
        return [":".join([expected.called, *(str(values.get(name, name)) for name in expected.arguments)])]

    def note(self, rule: str, subject: str, message: str, op: Op, steps: tuple[str, ...]) -> None:
        """Keep the first counterexample of each fault."""
        finding = Finding(rule, subject, message, spec_at=op.at, counterexample=steps, seen_by="wrappers")
        self.found.setdefault((rule, subject), finding)
