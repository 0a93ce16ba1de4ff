# SPDX-License-Identifier: GPL-2.0-only
"""Every wrapper called with every table in every slot, held against rules 11 and 12.

And with no host, and for every slot while it is empty.

The kernel functions behind the ops are stand-ins that tell who called them, with which arguments,
and return a mark: a wrapper that calls the wrong op, swaps arguments or loses the result is seen.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any

from xenhostgen.csource.tokens import code_tokens
from xenhostgen.reference_model.ops import only
from xenhostgen.spec.model import NONE
from xenhostgen.verify.calls import Register
from xenhostgen.verify.driver import Answer, Ending
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import Wrapper
from xenhostgen.verify.oracle import OTHER, Oracle
from xenhostgen.verify.protocol import POWER_ON, Call, Runner
from xenhostgen.verify.wording import Wording

# The value of a wrapper's arguments: each its own mark (GLUE_MARKS), or all bits alike; from 2 on
# arguments and result have random bits of their own, from GLUE_NUMBERS on they are small numbers.
_MARKS = 1
_NUMBERS = 1000
_FILLS = (_MARKS, 0, -1, 2, 3, *range(_NUMBERS, _NUMBERS + 4))


@dataclass(frozen=True, slots=True)
class WrapperCall(Call):
    """An op's wrapper, called for the host in a slot, -1 for none.

    ``table``: the one that is registered there; empty for none. ``does``: what the spec's C does.
    """

    wording: Wording
    wrapper: Wrapper
    slot: int = -1
    table: str = ""
    fill: int = _MARKS
    holds: int = 0
    does: Answer | None = None

    def __str__(self) -> str:
        return self.wording.wrapper(self.wrapper.op.name, self.slot)

    def line(self, state: int) -> str:
        """The call as the driver reads it."""
        return f"wrapper {state} {self.slot} {self.wrapper.name} {self.fill}"

    @property
    def due(self) -> Wrapper | None:
        """What the call must amount to; None where it would call NULL."""
        name = self.wrapper.op.name
        if self.slot < 0 or self.is_empty:
            key = None if self.slot < 0 else NONE
        elif self.table == only(name):
            key = self.table
        else:
            key = self.wording.tables.get(self.table, OTHER)
        return self.wording.due_calls.get((name, key))

    @property
    def due_line(self) -> str:
        """What the call must amount to, as the oracle's driver reads it."""
        name = self.due.name if self.due else ""
        return f"wrapper 0 {self.slot} {name} {self.fill} {self.holds}"

    @property
    def is_empty(self) -> bool:
        """Whether the slot is empty."""
        return self.slot >= 0 and not self.table

    @property
    def is_defined(self) -> bool:
        """Whether the spec says what the call does."""
        return self.does is not None and self.does.ending is not Ending.CRASH

    def expected(self, before: Answer) -> str:
        """What the spec's C does, by rules 11 and 12."""
        if not self.due:
            return "unspecified by the spec" if self.is_empty else "a call through NULL"
        if not self.does or not self.is_defined:
            return "undefined by the spec's C"
        return self.happened(self.does, self.does)

    def happened(self, before: Answer, answer: Answer) -> str:
        """The functions that are called, and the result."""
        if answer.ending is Ending.BUG and self.does and self.does.ending is Ending.BUG:
            return "a BUG"
        if answer.failure:
            return answer.failure
        is_ordered = self.due and has_order(self.due.call)
        words = answer.words if is_ordered else sorted(answer.words)
        outcome = f"calls to {', '.join(words) or 'nothing'}"
        if self.wrapper.returns:
            outcome += f" with the result {answer.result}"
        return outcome + answer.changes(before)

    def _values(self) -> str:
        """What arguments and results are that have no marks."""
        if self.fill < _MARKS:
            return f"each argument is {self.fill}"
        if self.fill < _NUMBERS:
            return "arguments and results have random bits"
        return f"each argument and result is {self.fill - _NUMBERS}"

    def findings(self, before: Answer, answer: Answer) -> Iterator[Finding]:
        """Another call or result than rule 11 asks for."""
        op, function = self.wrapper.op, self.wording.spec.c.wrapper(self.wrapper.op.name)
        if not self.due and self.is_empty:
            message = f"the spec doesn't say what an empty slot does ('{NONE}' in 'tables')"
            message += f", and {self} {self.happened(before, answer)}"
            yield Finding("empty-slot-called", function, message, spec_at=op.at)
        elif not self.due:
            if answer.ending is Ending.CRASH and self.table in self.wording.tables:
                message = f"'{self.table}' doesn't set '{op.name}', and {function}() calls it"
                message += f" all the same: {answer.text}"
                yield Finding("null-op", f"{self.table}.{op.name}", message, spec_at=op.at)
        elif self.is_defined and self.happened(before, answer) != self.expected(before):
            message = self.difference(before, answer)
            if self.fill != _MARKS:
                message += f", where {self._values()}, in another state of the kernel"
            rule = "wrapper-crash" if answer.failure else "wrapper-wrong"
            yield Finding(rule, function, message, spec_at=op.at)


@cache
def has_order(c: str) -> bool:
    """Whether an expression says which of its calls comes first; that of arguments is open."""
    calls: list[bool] = []
    previous = ""
    for token in code_tokens(c):
        if token.text in ("&&", "||", "?") or (token.text == "," and not (calls and calls[-1])):
            return True
        if token.text == "(":
            calls.append(previous[-1:].isidentifier() or previous == ")")
        elif token.text == ")" and calls:
            calls.pop()
        previous = token.text
    return False


def with_due(calls: Sequence[WrapperCall], oracle: Oracle) -> Iterator[WrapperCall]:
    """The calls with what the spec's C does for them. Raises ``DriverError``."""
    answers = iter(oracle.ask(call.due_line for call in calls if call.due))
    for call in calls:
        yield replace(call, does=next(answers)) if call.due else call


class WrapperRunner(Runner):
    """Calls the wrappers of one interface."""

    seen_by = "wrappers"
    counted = "wrapper_calls"
    undefined = 0

    def run(self) -> None:
        """Call them all; raises ``DriverError``."""
        (answer,) = self.driver.ask(["slots 0"])
        if answer.stages != (self.wording.registry.initial,):
            return  # exploring shows that
        wording = self.wording
        assert self.oracle
        calls = list(self.on_empty_slots())
        hosts = [(POWER_ON, -1, ""), *self.registered()]
        for fill, host, wrapper in product(_FILLS, hosts, wording.wrappers):
            state, slot, table = host
            holds = state.slots[slot][0] if table else 0
            is_others = table in wording.made_up and table not in ("A", only(wrapper.op.name))
            if not is_others and (table or wrapper.op.takes_no_host):
                call = WrapperCall(wording, wrapper, slot, table, fill, holds)
                calls.append((state, call))
        states = [state for state, _ in calls]
        judged = list(zip(states, with_due([call for _, call in calls], self.oracle), strict=True))
        self.note_undefined(judged)
        list(self.check(pair for pair in judged if not pair[1].does or pair[1].is_defined))

    def note_undefined(self, calls: Iterable[tuple[Answer, WrapperCall]]) -> None:
        """Count calls of which the spec's C doesn't say what they do; it must do so of one."""
        defined: dict[Wrapper, bool] = {}
        for _, call in calls:
            if call.due:
                self.undefined += not call.is_defined
                defined[call.due] = defined.get(call.due, False) or call.is_defined
        for due in (due for due, is_defined in defined.items() if not is_defined):
            message = f"what '{due.call}' does is undefined for all arguments that are tried"
            finding = Finding("undefined-body", self.spec.c.wrapper(due.op.name), message)
            self.note(replace(finding, spec_at=due.op.at), POWER_ON)

    def done(self) -> dict[str, Any]:
        """With the calls whose outcome the spec's C leaves undefined, which aren't made."""
        return {"undefined_calls": self.undefined, **super().done()}

    def on_empty_slots(self) -> Iterator[tuple[Answer, WrapperCall]]:
        """Every wrapper for every slot, while it is empty.

        Where nothing is right, as the spec doesn't say what is, one slot shows that.
        """
        slots = range(len(self.spec.slots))
        for wrapper in self.wording.wrappers:
            if (wrapper.op.name, NONE) not in self.wording.due_calls:
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
        pairs = [*product(home, wording.tables), *product(list(home)[:1], wording.made_up)]
        booted = {
            (spec.values[step.type], spec.table(guest, step)) for guest, step in spec.host_steps()
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
