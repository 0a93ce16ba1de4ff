# SPDX-License-Identifier: GPL-2.0-only
"""Every wrapper called with every table in every slot, held against rules 11 and 12.

And with no host, and for every slot while it is empty.

The kernel functions behind the ops are stand-ins that tell who called them, with which arguments,
and return a mark: a wrapper that calls the wrong op, swaps arguments or loses the result is seen.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

from xenhostgen.csource.tokens import code_tokens
from xenhostgen.spec.model import NONE, Entry
from xenhostgen.verify.calls import Register
from xenhostgen.verify.driver import Answer, Driver, Ending
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import Wrapper
from xenhostgen.verify.oracle import Oracle
from xenhostgen.verify.protocol import POWER_ON, Call, Runner
from xenhostgen.verify.wording import Wording

# The value of a wrapper's arguments: each its own mark (GLUE_MARKS), or all bits alike; from 2 on
# arguments and result have random bits of their own, from GLUE_NUMBERS on they are small numbers.
_MARKS = 1
_NUMBERS = 1000
_RESULT = "=:"  # begins the word for a result, part by part
_FILLS = (_MARKS, 0, -1, 2, 3, *range(_NUMBERS, _NUMBERS + 4))


@dataclass(frozen=True, slots=True)
class WrapperCall(Call):
    """An op's wrapper, called for the host in a slot, -1 for none.

    ``registered``: the calls that lead there, the host's own last; none for an empty slot.
    ``does``: what the spec's C does.
    """

    wording: Wording
    wrapper: Wrapper
    slot: int = -1
    registered: tuple[Register, ...] = ()
    fill: int = _MARKS
    does: Answer | None = None

    def __str__(self) -> str:
        return self.wording.wrapper(self.wrapper.op.name, self.slot)

    def line(self, state: int) -> str:
        """The call as the driver reads it, which makes the host; in later states it is there."""
        hosts = () if state else (register.held for register in self.registered)
        return " ".join([f"wrapper {state} {self.slot} {self.wrapper.name} {self.fill}", *hosts])

    @property
    def steps(self) -> tuple[str, ...]:
        """The calls that lead to it, and it."""
        return (*map(str, self.registered), str(self))

    @property
    def table(self) -> str:
        """The table of the host; empty for none."""
        return self.registered[-1].table if self.registered else ""

    @property
    def due(self) -> Wrapper | None:
        """What the call must amount to; None where it would call NULL."""
        return self.wording.due(self.wrapper.op.name, self.slot, self.table)

    @property
    def due_line(self) -> str:
        """What the call must amount to, as the oracle's driver reads it."""
        name = self.due.name if self.due else ""
        holds = self.registered[-1].type if self.registered else 0
        host = f" {self.slot} {holds} NULL" if self.slot >= 0 else ""
        return f"wrapper 0 {self.slot} {name} {self.fill}{host}"

    @property
    def adapter(self) -> Entry | None:
        """What the spec has for the op in the host's table, if that is C."""
        key = self.wording.tables.get(self.table)
        entries = (entry for entry in self.wrapper.op.tables if entry.table == key)
        return next((entry for entry in entries if entry.body is not None), None)

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
        calls = [_told(word) for word in words if not word.startswith(_RESULT)]
        outcome = f"calls to {', '.join(calls) or 'nothing'}"
        for word in answer.words:
            if word.startswith(_RESULT):
                result = word.removeprefix(_RESULT).replace(":", ", ")
                outcome += f" with the result {result}"
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


def _told(word: str) -> str:
    """A call as the driver tells it, or a write, as C or in words."""
    name, *values = word.split(":")
    if name == "writes" and len(values) == 3:
        pointer, place, byte = values
        return f"(byte {place} of what {pointer} points to) = {byte}"
    return f"{name}({', '.join(values)})"


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

    def findings(self) -> Iterator[Finding]:
        """The faults seen; of a wrapper that is right for a made-up table the adapter is wrong."""
        for finding in super().findings():
            calls = self.calls_of[finding.rule, finding.subject]
            adapter = calls[0].adapter if calls else None
            if adapter and not any(call.table in self.wording.made_up for call in calls):
                yield replace(finding, function=adapter.function, spec_at=adapter.at)
            else:
                yield finding

    def note(self, finding: Finding, state: Answer, call: Call | None = None) -> None:
        """Keep the calls, too, that show a fault."""
        super().note(finding, state, call)
        if isinstance(call, WrapperCall):
            self.calls_of[finding.rule, finding.subject].append(call)

    def __init__(self, wording: Wording, driver: Driver, oracle: Oracle | None = None) -> None:
        super().__init__(wording, driver, oracle)
        self.calls_of: defaultdict[tuple[str, str], list[WrapperCall]] = defaultdict(list)

    def run(self) -> None:
        """Call them all; raises ``DriverError``."""
        (answer,) = self.driver.ask(["slots 0"])
        if answer.stages != (self.wording.registry.initial,):
            return  # exploring shows that
        assert self.oracle
        calls = list(with_due(list(self.calls()), self.oracle))
        self.note_undefined(calls)
        list(self.check((POWER_ON, call) for call in calls if not call.does or call.is_defined))

    def note_undefined(self, calls: Iterable[WrapperCall]) -> None:
        """Count calls of which the spec's C doesn't say what they do; it must do so of one."""
        defined: dict[Wrapper, bool] = {}
        for call in calls:
            if call.due:
                self.done["undefined_calls"] += not call.is_defined
                defined[call.due] = defined.get(call.due, False) or call.is_defined
        for due in [due for due in defined if not defined[due]]:
            message = f"what '{due.call}' does is undefined for all arguments that are tried"
            finding = Finding("undefined-body", self.spec.c.wrapper(due.op.name), message)
            self.note(replace(finding, spec_at=due.op.at), POWER_ON)

    def calls(self) -> Iterator[WrapperCall]:
        """Every wrapper for every slot while it is empty, without a host, and with every table.

        What the guests' boot code registers comes first, as it makes the better counterexamples.
        """
        spec, wording = self.spec, self.wording
        home = wording.registry.home
        types = dict.fromkeys(
            (*list(home)[:1], *list(home)[-1:])
        )  # in either its own host is passed
        pairs = [*product(home, wording.tables), *product(types, wording.made_up)]
        booted = {
            (spec.values[step.type], spec.table(guest, step)) for guest, step in spec.host_steps()
        }
        pairs.sort(key=lambda pair: pair not in booted)
        hosts: list[tuple[int, tuple[Register, ...]]] = [
            (slot, ()) for slot in (*range(len(spec.slots)), -1)
        ]
        hosts += [(home[value], self.registering(value, table)) for value, table in pairs]
        for fill, (slot, registered) in product(_FILLS, hosts):
            if registered:
                tried = wording.made_up.get(registered[-1].table, wording.wrappers)
            else:
                # Where nothing is right, as the spec doesn't say what is, one slot shows that.
                is_first = (slot, fill) == (0, _MARKS)
                tried = [
                    wrapper
                    for wrapper in wording.wrappers
                    if is_first or wording.due(wrapper.op.name, slot, "")
                ]
            for wrapper in tried:
                yield WrapperCall(wording, wrapper, slot, registered, fill)

    def registering(self, value: int, table: str) -> tuple[Register, ...]:
        """The calls that register a table, after those for each slot that its own requires."""
        registry, call = self.wording.registry, Register(self.wording, value, table)
        required = registry.requires[call.slot]
        if required is None:
            return (call,)
        first = self.spec.slots[required].accepts[0]
        return (*self.registering(self.spec.values[first], "A"), call)
