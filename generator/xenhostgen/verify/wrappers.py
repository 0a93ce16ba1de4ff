# SPDX-License-Identifier: GPL-2.0-only
"""Every wrapper called with every table in every slot, and with no host, held against rule 11.

The kernel functions behind the ops are stand-ins that tell who called them, with which arguments,
and return a mark: a wrapper that calls the wrong op, swaps arguments or loses the result is seen.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import product
from typing import NamedTuple

from xenhostgen.reference_model.ops import Dispatch, dispatch, only
from xenhostgen.spec.model import Interface
from xenhostgen.verify.calls import Register, Wording
from xenhostgen.verify.driver import Answer, Driver, Ending
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import Wrapper, errno_value, kernel_functions, wrappers
from xenhostgen.verify.protocol import Call, Reached, Runner

_WORD = 1 << 32
# So many ops are told apart by a made-up table for each; the calls grow with the square.
_FEW = 64
# What numbers of all sizes are when all their bits are set.
_ALL_ONES = re.compile(r":(?:255|65535|4294967295)\b")


class Fill(IntEnum):
    """The value of a wrapper's arguments: its mark, or all bits alike in another kernel state."""

    MARKS = 1  # GLUE_MARKS
    ZEROS = 0
    ONES = -1


class Host(NamedTuple):
    """The host that a wrapper is called for: its slot, -1 for none, and its registered table.

    ``table`` names it as GUEST.ROLE, None for no host; ``setup`` are the calls that lead to the
    state.
    """

    state: Reached
    slot: int = -1
    symbol: str = ""
    table: str | None = None
    setup: tuple[Register, ...] = ()


@dataclass(frozen=True, slots=True)
class WrapperCall(Call):
    """An op's wrapper, called for a host. ``marks``: what each kernel function returns."""

    wording: Wording
    marks: dict[str, int]
    wrapper: Wrapper
    host: Host
    fill: Fill = Fill.MARKS

    def __str__(self) -> str:
        return self.wording.wrapper(self.wrapper.op.name, self.host.slot)

    def line(self, state: int) -> str:
        """The call as the driver reads it."""
        return f"wrapper {state} {self.host.slot} {self.wrapper.op.name} {self.fill}"

    @property
    def due(self) -> Dispatch:
        """What the call must lead to."""
        return dispatch(self.wrapper.op, self.host.table)

    def expected(self, before: Reached) -> str:
        """The function to reach, by rule 11."""
        return "calls through NULL" if self.due.null else f"reaches {self._due_call() or 'nothing'}"

    def happened(self, before: Reached, answer: Answer) -> str:
        """The function that is reached, and the result."""
        return answer.failure or f"reaches {' '.join([*answer.words, f'={answer.result}'])}"

    def findings(self, before: Reached, answer: Answer) -> Iterable[Finding]:
        """Another call or result than rule 11 asks for."""
        op, symbol = self.wrapper.op, self.host.symbol
        rule, subject = "wrapper-wrong", self.wording.spec.c.wrapper(op.name)
        if self.due.null:
            message = f"'{symbol}' doesn't set '{op.name}', and {subject}() calls it all the same"
            message += f": {answer.text}"
            rule, subject = "null-op", f"{symbol}.{op.name}"
        elif answer.failure:
            rule, message = "wrapper-crash", f"{answer.ending}: {answer.text}"
        else:
            message = self._difference(before, answer)
        return [Finding(rule, subject, message, spec_at=op.at)] if message else ()

    def _difference(self, before: Reached, answer: Answer) -> str:
        """What is wrong with a call that came back; empty if nothing is."""
        calls, due_call = " ".join(answer.words), self._due_call()
        if self.fill is Fill.ONES:
            calls = _ALL_ONES.sub(":-1", calls)
        constant, result = self.due.result, self.marks.get(self.due.called, 0)
        if constant is not None:
            result = int(errno_value(constant))
        if calls != due_call:
            message = f"reaches {', '.join(calls.split()) or 'nothing'}"
            message += f", should reach {due_call or 'nothing'}"
        elif self.wrapper.returns and (answer.result - result) % _WORD:
            message = f"returns {answer.result}, should return {constant or 'what the op returns'}"
        elif answer.state != before.number:
            message = "should only call; it changes memory of the judged files"
        else:
            return ""
        if self.fill is not Fill.MARKS:
            message += f", where each argument is {self.fill}, in another state of the kernel"
        return message

    def _due_call(self) -> str:
        """The call that must be reached, as the driver tells calls."""
        values: dict[str, int] = dict.fromkeys(("xh", self.wrapper.op.host), self.host.slot)
        for argument in self.wrapper.args:
            value = argument.number if self.fill is Fill.MARKS else self.fill.value
            # A truth value, whose mark is 1, has but one bit.
            values[argument.name] = abs(value) if argument.number == 1 else value
        arguments = [str(values.get(name, name)) for name in self.due.arguments]
        return ":".join([self.due.called, *arguments])


class WrapperRunner(Runner):
    """Calls the wrappers of one interface. ``tables``: the keys of all ops tables by symbol."""

    seen_by = "wrappers"

    def __init__(self, spec: Interface, driver: Driver) -> None:
        super().__init__(spec, driver)
        self.wording = Wording(spec)
        self.wrappers: dict[str, Wrapper] = {wrapper.op.name: wrapper for wrapper in wrappers(spec)}
        self.marks = {function.name: function.number for function in kernel_functions(spec)}
        self.tables: dict[str, str] = {
            table.symbol: f"{guest.name}.{table.role}" for guest, table in spec.tables()
        }
        self.made_up = [only(op) for op in self.wrappers]
        self.tables |= {table: table for table in self.made_up}

    def run(self) -> None:
        """Call them all; raises ``DriverError``."""
        nobody = Host(Reached(0, ()))
        hosts = [nobody, *self.registered()]
        calls = []
        for fill, host, wrapper in product(Fill, hosts, self.wrappers.values()):
            silent = host is nobody and not wrapper.op.takes_no_host
            if not silent and (fill is Fill.MARKS or host.symbol not in self.made_up):
                calls.append(self.call(wrapper.op.name, host, fill))
        checks = self.check((call.host.state, call) for call in calls)
        for call, check in zip(calls, checks, strict=True):
            crashes = check.answer.ending is Ending.CRASH
            if call.due.null and not (crashes and call.host.table in self.spec.entries):
                continue
            for finding in check.findings:
                self.keep(finding, *map(str, [*call.host.setup, call]))

    def call(self, op: str, host: Host, fill: Fill = Fill.MARKS) -> WrapperCall:
        """An op's wrapper, called for a host."""
        return WrapperCall(self.wording, self.marks, self.wrappers[op], host, fill)

    def registered(self) -> Iterator[Host]:
        """States in which a slot holds a table of the spec's.

        What the guests' boot code registers comes first, as it makes the better counterexamples.
        """
        spec = self.spec
        home = self.wording.registry.home
        pairs = list(product(home, (str(table.symbol) for _, table in spec.tables())))
        if len(self.made_up) <= _FEW:
            pairs += product(list(home)[:1], self.made_up)
        booted = {
            (spec.values[step.type], spec.table(guest, step.table).symbol)
            for guest, step in spec.registrations()
        }
        for value, symbol in sorted(pairs, key=lambda pair: pair not in booted):
            setup = self.setup(value, symbol)
            if state := self.reach(setup):
                yield Host(state, home[value], symbol, self.tables[symbol], tuple(setup))

    def setup(self, value: int, table: str) -> list[Register]:
        """The calls that register a table, after one for each slot that its own requires."""
        registry, calls = self.wording.registry, [Register(self.wording, value, table)]
        required = registry.requires[registry.home[value]]
        if required is None:
            return calls
        first = self.spec.slots[required].accepts[0]
        return [*self.setup(self.spec.values[first], "A"), *calls]

    def reach(self, calls: list[Register]) -> Reached | None:
        """The state behind a sequence of calls; None if the C refuses one, as exploring shows."""
        state = Reached(0, ())
        for call in calls:
            (answer,) = self.driver.ask([call.line(state.number)])
            if answer.failure or answer.result or answer.state < 0:
                return None
            state = Reached(answer.state, answer.slots)
        return state
