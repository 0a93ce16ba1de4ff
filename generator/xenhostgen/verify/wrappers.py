# SPDX-License-Identifier: GPL-2.0-only
"""Every wrapper called with every table in every slot, and with no host, held against rule 11.

The kernel functions behind the ops are stand-ins that tell who called them, with which arguments, and
return a mark: a wrapper that calls the wrong op, swaps arguments or loses the result is seen.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from xenhostgen.reference_model.ops import Dispatch, dispatch, only
from xenhostgen.reference_model.registry import Registry
from xenhostgen.spec.model import Interface
from xenhostgen.verify.calls import Call, Runner
from xenhostgen.verify.driver import Answer, Driver
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import Wrapper, errno_value, kernel_functions, wrappers

_WORD = 1 << 32
# So many ops are told apart by a made-up table for each; the calls grow with the square.
_FEW = 64
# Bytes that fill all arguments, each in another state of the kernel, and what they make of numbers of all sizes.
_FILLS = (0, -1)
_MARKED = 1  # GLUE_MARKS
_ALL_ONES = re.compile(r":(?:255|65535|4294967295)\b")


class Held(NamedTuple):
    """What a wrapper is called for: a state, how to get there, and what its slot holds; slot -1 is no host.

    ``fill``: all arguments are 0 or -1, unless each has its mark.
    """

    state: int
    path: tuple[str, ...]
    slot: int
    symbol: str
    table: str | None
    fill: int = _MARKED


class WrapperRunner(Runner):
    """Calls the wrappers of one interface."""

    seen_by = "wrappers"

    def __init__(self, spec: Interface, driver: Driver) -> None:
        super().__init__(spec, driver)
        self.wrappers: dict[str, Wrapper] = {wrapper.op.name: wrapper for wrapper in wrappers(spec)}
        self.marks = {function.name: function.number for function in kernel_functions(spec)}

    def run(self) -> None:
        """Call them all; raises ``DriverError``."""
        if not self.wrappers:
            return
        nobody = Held(0, (), -1, "", None)
        asked = [
            (nobody, name) for name, wrapper in self.wrappers.items() if wrapper.op.takes_no_host
        ]
        asked += [(held, name) for held in self.registered() for name in self.wrappers]
        real = [(held, name) for held, name in asked if held.symbol != held.table]
        asked += [(held._replace(fill=fill), name) for held, name in real for fill in _FILLS]
        lines = [
            f"{Call('w', held.slot, name).line(held.state)} {held.fill}" for held, name in asked
        ]
        for (held, name), answer in zip(asked, self.driver.ask(lines), strict=True):
            self.count += 1
            self.judge(self.wrappers[name], held, answer)

    def registered(self) -> Iterator[Held]:
        """States in which a slot holds a table of the spec's: how to get there, the slot, the table.

        What the guests' boot code registers comes first, as it makes the better counterexamples.
        """
        spec, requires = self.spec, Registry(self.spec).requires
        booted = {
            (step.type, spec.table(guest, step.table).symbol)
            for guest, step in spec.registrations()
        }
        every: list[tuple[int, str, str, str]] = [
            (index, name, f"{guest.name}.{table.role}", table.symbol)
            for index, slot in enumerate(spec.slots)
            for name in slot.accepts
            for guest, table in spec.tables()
        ]
        few = list(self.wrappers) if len(self.wrappers) <= _FEW else []
        every += [(0, spec.slots[0].accepts[0], only(op), only(op)) for op in few]
        for index, name, table, symbol in sorted(
            every, key=lambda row: (row[1], row[3]) not in booted
        ):
            calls, needed = [Call("r", spec.values[name], symbol)], requires[index]
            while needed is not None:
                calls.insert(0, Call("r", spec.values[spec.slots[needed].accepts[0]], "A"))
                needed = requires[needed]
            state = self.reached(calls)
            if state is not None:
                yield Held(state, tuple(map(self.wording.call, calls)), index, symbol, table)

    def reached(self, calls: list[Call]) -> int | None:
        """The state behind a sequence of calls; None if the C refuses one, which exploring has told."""
        state = 0
        for call in calls:
            (answer,) = self.driver.ask([call.line(state)])
            if answer.how != "ok" or answer.result or answer.state < 0:
                return None
            state = answer.state
        return state

    def judge(self, wrapper: Wrapper, held: Held, answer: Answer) -> None:
        """Hold one call against what it must lead to."""
        if fault := self.fault(wrapper, held, dispatch(wrapper.op, held.table), answer):
            self.keep(fault, *held.path, self.wording.call(Call("w", held.slot, wrapper.op.name)))

    def fault(
        self, wrapper: Wrapper, held: Held, expected: Dispatch, answer: Answer
    ) -> Finding | None:
        """What is wrong with what a call did."""
        op, name = wrapper.op, self.spec.c.wrapper(wrapper.op.name)
        if expected.null:
            if answer.how != "crash" or held.table not in self.spec.entries:
                return None
            message = f"'{held.symbol}' doesn't set '{op.name}', and {name}() calls it all the same: {answer.text}"
            return Finding("null-op", f"{held.symbol}.{op.name}", message, spec_at=op.at)
        if answer.how != "wrap":
            return Finding("wrapper-crash", name, f"{answer.how}: {answer.text}", spec_at=op.at)
        *called, result = answer.visited
        called = [_ALL_ONES.sub(":-1", word) for word in called] if held.fill == -1 else called
        wanted = self.call_words(wrapper, held.slot, expected, held.fill)
        number = (
            self.marks.get(expected.called, 0)
            if expected.result is None
            else int(errno_value(expected.result))
        )
        if called != wanted:
            message = f"reaches {', '.join(called) or 'nothing'}, should reach {', '.join(wanted) or 'nothing'}"
        elif wrapper.returns and (int(result[1:]) - number) % _WORD:
            message = (
                f"returns {result[1:]}, should return {expected.result or 'what the op returns'}"
            )
        elif answer.state != held.state:
            message = "should only call; it changes memory of the judged files"
        else:
            return None
        message += f", where each argument is {held.fill}, in another state of the kernel" * (
            held.fill != _MARKED
        )
        return Finding("wrapper-wrong", name, message, spec_at=op.at)

    def call_words(
        self, wrapper: Wrapper, slot: int, expected: Dispatch, fill: int = _MARKED
    ) -> list[str]:
        """The call that must be reached, as the driver tells calls."""
        values = {arg.name: arg.number for arg in wrapper.args}
        if fill != _MARKED:
            values = {
                name: -fill if number == 1 else fill for name, number in values.items()
            }  # 1: a truth value
        values |= {"xh": slot, wrapper.op.host: slot}
        words = [expected.called, *(str(values.get(name, name)) for name in expected.arguments)]
        return [":".join(words)] if expected.called else []
