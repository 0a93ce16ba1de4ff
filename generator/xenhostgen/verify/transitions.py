# SPDX-License-Identifier: GPL-2.0-only
"""Hold what one call did against what the model says of it."""

from xenhostgen.reference_model.registry import Outcome, Registry, State
from xenhostgen.spec.model import Interface
from xenhostgen.verify.calls import Call, Wording, place_in
from xenhostgen.verify.driver import Answer, decoded
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import errno_value

# What a broken promise is called, by the rule of the contract that decides the case.
_NOT_REFUSED = {
    1: "unlisted-type-accepted",
    2: "slot-overwritten",
    3: "vacuous-guard",
    6: "unregister-wrong-type",
    7: "orphaned-remote",
}


class Transitions:
    """Judges single calls on one interface."""

    def __init__(self, spec: Interface) -> None:
        self.spec = spec
        self.registry = Registry(spec)
        self.wording = Wording(spec)

    def judge(self, before: State, call: Call, answer: Answer) -> Finding | None:
        """What an answer shows to be wrong; the calls that lead there are not told yet."""
        c, said = self.spec.c, self.wording.call(call)
        if answer.how == "crash":
            rule = "iteration-wrong" if call.kind == "i" else "crash"
            return Finding(
                rule, said.split("(")[0], f"{said} crashes: {answer.text}", place_in(answer.text)
            )
        if call.kind == "i":
            visited, wanted = answer.visited, tuple(map(str, self.registry.visited(before)))
            if answer.how == "visit" and visited == wanted:
                return None
            visits = self.wording.visits
            did = (
                f"a BUG at {answer.text}" if answer.how == "bug" else f"it visits {visits(visited)}"
            )
            return Finding("iteration-wrong", c.iterator, f"should visit {visits(wanted)}; {did}")
        expected, after = self.expected(before, call), decoded(answer.slots)
        result = str(answer.result) if answer.how == "ok" else None
        if result == (expected.errno and errno_value(expected.errno)) and after == expected.state:
            return None
        rule = self.broken(call, expected, result, before, after)
        # What a fault is about: the slot that lacks its guard, else the function.
        subject: str = c.register if call.kind == "r" else c.unregister
        if rule in ("vacuous-guard", "orphaned-remote"):
            home = self.registry.home[call.type]
            slot = home if rule == "vacuous-guard" else self.registry.requires.index(home)
            subject = self.spec.slots[slot].pointer
        did = self.wording.done(result, before, after)
        message = f"{said}: expected {self.wording.outcome(expected)}; the C: {did}"
        return Finding(
            rule, subject, message, place_in(answer.text) if answer.how == "bug" else None
        )

    def expected(self, before: State, call: Call) -> Outcome:
        """What the model says of a registering or unregistering call."""
        if call.kind == "r":
            return self.registry.register(
                before, call.type, None if call.ops == "NULL" else call.ops
            )
        return self.registry.unregister(before, call.type)

    def broken(
        self, call: Call, expected: Outcome, result: str | None, before: State, after: State
    ) -> str:
        """The rule by which a wrong outcome is named."""
        if not expected.misuse:
            if expected.rule == 6 and expected.state == before:
                return "unregister-wrong-type"
            verb = "registration" if call.kind == "r" else "unregistration"
            return f"{verb}-wrong" if result == "0" else f"{verb}-refused"
        if result == "0":
            null_ops = expected.rule == 1 and call.type in self.registry.home
            return "null-ops-accepted" if null_ops else _NOT_REFUSED[expected.rule]
        return "misuse-misreported" if after == before else "misuse-changes-state"
