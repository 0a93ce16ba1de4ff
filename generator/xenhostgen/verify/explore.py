# SPDX-License-Identifier: GPL-2.0-only
"""Breadth-first over every state that the C can reach, each call held against the model.

A state is whatever the judged objects' memory holds, so exploration is over what the C really does,
not over what it should do. Every transition is judged where it starts, also in states that the model
would never be in; the first counterexample of each kind is the shortest one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from xenhostgen.contract.registry import EMPTY, Held, Outcome, Registry, State
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import At
from xenhostgen.verify.build import STATES_MAX
from xenhostgen.verify.driver import Answer, Driver, SlotImage
from xenhostgen.verify.findings import Finding

# What a broken promise is called, by the rule of the contract that decides the case.
_NOT_REFUSED = {
    1: "unlisted-type-accepted",
    2: "slot-overwritten",
    3: "vacuous-guard",
    6: "unregister-wrong-type",
    7: "orphaned-remote",
}
_OUTSIDE = (-1, 1 << 30, (1 << 31) - 1, -(1 << 31))


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the interface: what is called, with which type and ops table."""

    kind: str
    type: int = 0
    ops: str = ""

    def line(self, state: int) -> str:
        """The call as the driver reads it."""
        return f"{self.kind} {state} {self.type} {self.ops}".rstrip()


@dataclass(slots=True)
class Exploration:
    """What exploring found."""

    findings: list[Finding] = field(default_factory=list)
    states: int = 0
    transitions: int = 0


class Explorer:
    """Explores one interface with a running driver."""

    def __init__(
        self, spec: Interface, driver: Driver, progress: Callable[[int], None] | None = None
    ) -> None:
        self.spec = spec
        self.driver = driver
        self.registry = Registry(spec)
        self.progress = progress or (lambda done: None)
        self.parents: dict[int, tuple[int, Call] | None] = {0: None}
        self.images: dict[int, State] = {}
        self.by_slots: dict[State, int] = {}
        self.found: dict[tuple[str, str], Finding] = {}
        self.transitions = 0

    def explore(self) -> Exploration:
        """Visit every state; raises ``DriverError`` when the judged C breaks the driver."""
        (first,) = self.driver.ask(["s 0"])
        self.enter(0, first.slots)
        if self.images[0] != self.registry.initial:
            self.note(
                "initial-state",
                self.spec.c.array,
                "slots are not empty before the first call",
                0,
                None,
                first,
            )
        level = [0]
        while level:
            asked = [(state, call) for state in level for call in self.calls()]
            answers = self.driver.ask(call.line(state) for state, call in asked)
            level = []
            for (state, call), answer in zip(asked, answers, strict=True):
                self.transitions += 1
                self.judge(state, call, answer)
                if answer.how == "ok" and answer.state not in self.parents:
                    if answer.state >= STATES_MAX:
                        self.note(
                            "hidden-state",
                            self.spec.c.array,
                            "there is no end of states: something counts",
                            state,
                            call,
                            answer,
                        )
                        continue
                    self.parents[answer.state] = (state, call)
                    self.enter(answer.state, answer.slots)
                    level.append(answer.state)
            self.progress(len(self.parents))
        return Exploration(list(self.found.values()), len(self.parents), self.transitions)

    def calls(self) -> Iterator[Call]:
        """All calls, with types in and out of range."""
        yield Call("i")
        values = sorted(self.spec.values.values())
        outside = [value for value in (*_OUTSIDE, values[-1] + 1) if value not in values]
        # Tables are all alike to the registry: two tell whether it keeps the right one apart. With
        # many slots one keeps the number of states in reach.
        tables = (
            ("A", "B", "NULL")
            if len(self.spec.slots) <= 2
            else ("A", "B")
            if len(self.spec.slots) <= 4
            else ("A",)
        )
        if self.spec.registry.misuse and "NULL" not in tables:
            tables = (*tables, "NULL")
        for value in (*values, *outside):
            for ops in tables:
                yield Call("r", value, ops)
            yield Call("u", value)

    def enter(self, state: int, slots: tuple[SlotImage, ...]) -> None:
        """Remember a new state, and look at what it holds besides what the slots should."""
        held = decoded(slots)
        self.images[state] = held
        for index, (slot, image) in enumerate(zip(self.spec.slots, slots, strict=True)):
            if image.pointer != index:
                self.note(
                    "slot-pointer",
                    slot.pointer,
                    f"'{slot.pointer}' doesn't point to slot {index}",
                    state,
                    None,
                    None,
                )
        twin = self.by_slots.setdefault(held, state)
        if twin != state:
            message = "memory outside the slots differs between calls that leave the same slots"
            self.note("hidden-state", self.spec.c.array, message, state, None, None)

    def judge(self, state: int, call: Call, answer: Answer) -> None:
        """Hold one answer against the model."""
        before = self.images[state]
        if call.kind == "i":
            self.judge_iteration(state, call, answer)
            return
        expected = self.expected(before, call)
        function = self.spec.c.register if call.kind == "r" else self.spec.c.unregister
        if answer.how == "crash":
            self.note("crash", function, f"the call crashes: {answer.text}", state, call, answer)
            return
        after = decoded(answer.slots)
        reported = str(answer.result) if answer.how == "ok" else None
        as_expected = reported == self.result(expected)
        if as_expected and after == expected.state:
            return
        rule = self.rule(call, expected, as_expected, before, after, refused=reported != "0")
        subject = self.subject(rule, call, function)
        message = f"expected {self.words(expected.errno, expected.state)}; the C: {self.words(reported, after)}"
        self.note(rule, subject, message, state, call, answer)

    def expected(self, before: State, call: Call) -> Outcome:
        """What the model says of a registering or unregistering call."""
        if call.kind == "r":
            ops = None if call.ops == "NULL" else call.ops
            return self.registry.register(before, call.type, ops)
        return self.registry.unregister(before, call.type)

    def rule(
        self,
        call: Call,
        expected: Outcome,
        as_expected: bool,
        before: State,
        after: State,
        refused: bool,
    ) -> str:
        """Which rule a difference breaks."""
        if expected.misuse:
            if as_expected or (refused and after != before):
                return "misuse-changes-state"
            return "misuse-misreported" if refused else _NOT_REFUSED[expected.rule]
        if expected.rule == 6 and expected.state == before:
            return "unregister-wrong-type"
        verb = "registration" if call.kind == "r" else "unregistration"
        return f"{verb}-refused" if refused else f"{verb}-wrong"

    def judge_iteration(self, state: int, call: Call, answer: Answer) -> None:
        expected = tuple(map(str, self.registry.visited(self.images[state])))
        if answer.how == "visit" and answer.visited == expected:
            return
        wanted = ", ".join(self.registry.slot_name(int(index)) for index in expected) or "nothing"
        saw = (
            answer.text
            if answer.how == "crash"
            else "visited " + (", ".join(map(self.visit_name, answer.visited)) or "nothing")
        )
        self.note(
            "iteration-wrong",
            self.spec.c.iterator,
            f"should visit {wanted}; {saw}",
            state,
            call,
            answer,
        )

    def visit_name(self, index: str) -> str:
        return (
            self.registry.slot_name(int(index))
            if index.isdigit()
            else "what is no slot"
            if index == "-1"
            else index
        )

    def result(self, outcome: Outcome) -> str | None:
        """What the function must return; None for a BUG."""
        return errno_value(outcome.errno) if outcome.errno else None

    def subject(self, rule: str, call: Call, function: str) -> str:
        if rule in ("vacuous-guard", "orphaned-remote"):
            home = self.registry.home[call.type]
            if rule == "orphaned-remote":
                home = self.registry.requires.index(home)
            return self.spec.slots[home].pointer
        return function

    def words(self, result: str | None, state: State) -> str:
        """An outcome for people."""
        how = "a BUG" if result is None else "success" if result == "0" else f"'{result}'"
        return f"{how} and {self.state_words(state)}"

    def state_words(self, state: State) -> str:
        """What the slots hold, for people."""
        names = {value: name for name, value in self.spec.values.items()}
        said = []
        for slot, (value, ops) in zip(self.spec.slots, state, strict=True):
            holds = (
                "empty" if (value, ops) == EMPTY else f"{names.get(value, value)}:{ops or 'NULL'}"
            )
            said.append(f"{slot.name}={holds}")
        return " ".join(said)

    def note(
        self,
        rule: str,
        subject: str,
        message: str,
        state: int,
        call: Call | None,
        answer: Answer | None,
    ) -> None:
        """Keep the first, shortest counterexample of each fault."""
        if (rule, subject) in self.found:
            return
        steps = self.path(state)
        if call:
            steps.append(self.call_text(call))
        self.found[rule, subject] = Finding(
            rule, subject, message, None, self.spec_at(rule, subject), tuple(steps), "exploration"
        )

    def spec_at(self, rule: str, subject: str) -> At:
        for slot in self.spec.slots:
            if slot.pointer == subject:
                return slot.at
        return self.spec.registry.at

    def path(self, state: int) -> list[str]:
        """The shortest sequence of calls that leads to a state."""
        steps: list[str] = []
        while (parent := self.parents[state]) is not None:
            state, call = parent
            steps.append(self.call_text(call))
        return steps[::-1]

    def call_text(self, call: Call) -> str:
        """A call as C writes it, and as ``--replay`` reads it."""
        names = {value: self.spec.c.type(name) for name, value in self.spec.values.items()}
        value = names.get(call.type, str(call.type))
        match call.kind:
            case "r":
                return f"{self.spec.c.register}({value}, {call.ops})"
            case "u":
                return f"{self.spec.c.unregister}({value})"
        return f"{self.spec.c.iterator}()"


def decoded(slots: tuple[SlotImage, ...]) -> State:
    """Slot images as the model writes states; nothing that differs in C becomes equal."""
    held: list[Held] = [(image.type, None if image.ops == "NULL" else image.ops) for image in slots]
    return tuple(held)


def errno_value(name: str) -> str:
    """The number of ``-EINVAL`` and the like, as C returns it; 0 and numbers stand for themselves."""
    import errno

    if name.startswith("-E"):
        return str(-getattr(errno, name[1:], 0))
    return name
