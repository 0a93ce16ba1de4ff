# SPDX-License-Identifier: GPL-2.0-only
"""Every wrapper called with every table in every slot, held against rules 11 and 12.

And with no host, and for every slot while it is empty.

The kernel functions behind the ops are stand-ins that tell who called them, with which arguments,
and return a mark: a wrapper that calls the wrong op, swaps arguments or loses the result is seen.
"""

import re
from collections.abc import Iterator, Sequence
from ctypes import c_int
from dataclasses import dataclass
from itertools import product

from xenhostgen.reference_model.ops import Dispatch, dispatch, only
from xenhostgen.spec.model import NONE
from xenhostgen.verify.calls import Register
from xenhostgen.verify.driver import Answer, Ending
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import Wrapper, constant_value
from xenhostgen.verify.protocol import POWER_ON, Call, Runner
from xenhostgen.verify.wording import Wording

# The value of a wrapper's arguments: each its own mark (GLUE_MARKS), or all bits alike; from 2 on
# arguments and result have random bits of their own, from GLUE_NUMBERS on they are small numbers.
_MARKS = 1
_NUMBERS = 1000
_FILLS = (_MARKS, 0, -1, 2, 3, *range(_NUMBERS + 1, _NUMBERS + 4))
# So many ops are told apart by a made-up table for each; the calls grow with the square.
_FEW = 64
# Each of so many wrappers may crash before the driver gives up.
_MANY = 1024
# What numbers of all sizes are when all their bits are set.
_ALL_ONES = re.compile(r":(?:255|65535|4294967295)\b")


@dataclass(frozen=True, slots=True)
class WrapperCall(Call):
    """An op's wrapper, called for the host in a slot, -1 for none.

    ``table``: the one that is registered there; empty for none.
    """

    wording: Wording
    wrapper: Wrapper
    slot: int = -1
    table: str = ""
    fill: int = _MARKS

    def __str__(self) -> str:
        return self.wording.wrapper(self.wrapper.op.name, self.slot)

    def line(self, state: int) -> str:
        """The call as the driver reads it."""
        return f"wrapper {state} {self.slot} {self.wrapper.op.name} {self.fill}"

    @property
    def due(self) -> Dispatch:
        """What the call must lead to."""
        if self.is_empty:
            return dispatch(self.wrapper.op, NONE)
        key = self.wording.tables.get(self.table, self.table)
        return dispatch(self.wrapper.op, key or None)

    @property
    def is_empty(self) -> bool:
        """Whether the slot is empty."""
        return self.slot >= 0 and not self.table

    def expected(self, before: Answer) -> str:
        """The function to reach, by rule 11, with its arguments, and the result."""
        due = self.due
        if due.null:
            return "what the spec doesn't say" if self.is_empty else "a call through NULL"
        values: dict[str, int] = dict.fromkeys(("xh", self.wrapper.op.host), self.slot)
        for argument in self.wrapper.args:
            values[argument.name] = self.value(argument.number)
        arguments = [str(values.get(name, name)) for name in due.arguments]
        result = self.wording.marks.get(due.called, 0)
        if self.fill >= _NUMBERS and result:
            result = self.value(result)
        if due.result is not None:
            result = constant_value(self.wording.spec, due.result)
        return self._words(":".join([due.called, *arguments]), result)

    def value(self, mark: int) -> int:
        """What the driver tells of an argument, or of a result that isn't filled with one byte."""
        if mark == 1:  # a truth value has but one bit
            return int(self.fill != 0)
        if self.fill >= _NUMBERS:
            return self.fill - _NUMBERS
        return mark if self.fill >= _MARKS else self.fill

    def happened(self, before: Answer, answer: Answer) -> str:
        """The function that is reached, and the result."""
        if answer.failure:
            return answer.failure
        changes = answer.changes(before)
        calls = _ALL_ONES.sub(":-1", ", ".join(answer.words))
        return self._words(calls, answer.result) + changes

    def _values(self) -> str:
        """What arguments and results are that have no marks."""
        if self.fill < _MARKS:
            return f"each argument is {self.fill}"
        if self.fill < _NUMBERS:
            return "arguments and results have random bits"
        return f"each argument and result is {self.fill - _NUMBERS}"

    def _words(self, calls: str, result: int) -> str:
        """What is called, and the result as an int, if there is one."""
        words = f"calls to {calls or 'nothing'}"
        return f"{words} with the result {c_int(result).value}" if self.wrapper.returns else words

    def findings(self, before: Answer, answer: Answer) -> Iterator[Finding]:
        """Another call or result than rule 11 asks for."""
        op, function = self.wrapper.op, self.wording.spec.c.wrapper(self.wrapper.op.name)
        if self.due.null and self.is_empty:
            message = f"the spec doesn't say what an empty slot does ('{NONE}' in 'tables')"
            message += f", and {self} {self.happened(before, answer)}"
            yield Finding("empty-slot-called", function, message, spec_at=op.at)
        elif self.due.null:
            if answer.ending is Ending.CRASH and self.table in self.wording.tables:
                message = f"'{self.table}' doesn't set '{op.name}', and {function}() calls it"
                message += f" all the same: {answer.text}"
                yield Finding("null-op", f"{self.table}.{op.name}", message, spec_at=op.at)
        elif self.happened(before, answer) != self.expected(before):
            message = self.difference(before, answer)
            if self.fill != _MARKS:
                message += f", where {self._values()}, in another state of the kernel"
            rule = "wrapper-crash" if answer.failure else "wrapper-wrong"
            yield Finding(rule, function, message, spec_at=op.at)


class WrapperRunner(Runner):
    """Calls the wrappers of one interface."""

    seen_by = "wrappers"
    counted = "wrapper_calls"

    def run(self) -> None:
        """Call them all; raises ``DriverError``."""
        (answer,) = self.driver.ask(["slots 0"])
        if answer.stages != (self.wording.registry.initial,):
            return  # exploring shows that
        wording = self.wording
        calls = list(self.on_empty_slots())
        hosts = [(POWER_ON, -1, ""), *self.registered()]
        for fill, host, wrapper in product(_FILLS, hosts, wording.wrappers):
            state, slot, table = host
            is_others = table in wording.made_up and table != only(wrapper.op.name)
            wanted = fill == _MARKS or not is_others
            if wanted and (table or wrapper.op.takes_no_host):
                calls.append((state, WrapperCall(wording, wrapper, slot, table, fill)))
        list(self.check(calls))

    def on_empty_slots(self) -> Iterator[tuple[Answer, WrapperCall]]:
        """Every wrapper for every slot, while it is empty.

        Where nothing is right, as the spec doesn't say what is, one slot shows that.
        """
        slots = range(len(self.spec.slots))
        for wrapper in self.wording.wrappers[:_MANY]:
            if dispatch(wrapper.op, NONE).null:
                yield POWER_ON, WrapperCall(self.wording, wrapper, 0)
                continue
            for fill, slot in product(_FILLS, slots):
                yield POWER_ON, WrapperCall(self.wording, wrapper, slot, fill=fill)

    def registered(self) -> Iterator[tuple[Answer, int, str]]:
        """States in which a slot holds a table.

        What the guests' boot code registers comes first, as it makes the better counterexamples.
        """
        spec, wording = self.spec, self.wording
        home = wording.registry.home
        pairs = list(product(home, wording.tables))
        if len(wording.made_up) <= _FEW:
            pairs += product(list(home)[:1], wording.made_up)
        booted = {
            (spec.values[step.type], spec.table(guest, step.table).symbol)
            for guest, step in spec.registrations()
        }
        pairs.sort(key=lambda pair: pair not in booted)
        paths = [self.setup(*pair) for pair in pairs]
        reached = self.reach(paths)
        for path, (value, table) in zip(paths, pairs, strict=True):
            if state := reached.get(path):
                yield state, home[value], table

    def setup(self, value: int, table: str) -> tuple[Register, ...]:
        """The calls that register a table, after one for each slot that its own requires."""
        registry, calls = self.wording.registry, (Register(self.wording, value, table),)
        required = registry.requires[registry.home[value]]
        if required is None:
            return calls
        first = self.spec.slots[required].accepts[0]
        return (*self.setup(self.spec.values[first], "A"), *calls)

    def reach(self, paths: Sequence[tuple[Register, ...]]) -> dict[tuple[Register, ...], Answer]:
        """The states behind sequences of calls, but where the C refuses one, as exploring shows."""
        reached: dict[tuple[Register, ...], Answer] = {(): POWER_ON}
        for length in range(1, max(map(len, paths), default=0) + 1):
            begun = dict.fromkeys(path[:length] for path in paths if len(path) >= length)
            steps = [path for path in begun if path[:-1] in reached]
            lines = [path[-1].line(reached[path[:-1]].state) for path in steps]
            for path, answer in zip(steps, self.driver.ask(lines), strict=True):
                before = reached[path[:-1]]
                slots = before.slots if before.stages else self.wording.registry.initial
                due = path[-1].outcome(slots).state
                if answer.failure or answer.slots != due or answer.state < 0:
                    continue
                if answer.state:
                    self.origins.setdefault(answer.state, (before, path[-1]))
                reached[path] = answer
        return reached
