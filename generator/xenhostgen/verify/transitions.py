# SPDX-License-Identifier: GPL-2.0-only
"""Hold what one call did against what the model says of it."""

from xenhostgen.contract.registry import Outcome, Registry, State
from xenhostgen.spec.model import Interface
from xenhostgen.verify.calls import Call, Wording, errno_value, place_in
from xenhostgen.verify.driver import Answer, decoded
from xenhostgen.verify.findings import Finding

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
        if answer.how == "crash":
            rule = "iteration-wrong" if call.kind == "i" else "crash"
            message = f"{self.wording.call(call)} crashes: {answer.text}"
            return Finding(rule, self.called(call), message, place_in(answer.text))
        if call.kind == "i":
            return self.iteration(before, answer)
        expected = self.expected(before, call)
        after = decoded(answer.slots)
        reported = str(answer.result) if answer.how == "ok" else None
        wanted = errno_value(expected.errno) if expected.errno else None
        if reported == wanted and after == expected.state:
            return None
        if expected.misuse:
            rule = _not_refused(expected, reported, wanted, changed=after != before)
            if rule == _NOT_REFUSED[1] and call.type in self.registry.home:
                rule = "null-ops-accepted"
        elif expected.rule == 6 and expected.state == before:
            rule = "unregister-wrong-type"
        else:
            verb = "registration" if call.kind == "r" else "unregistration"
            rule = f"{verb}-wrong" if reported == "0" else f"{verb}-refused"
        did = self.wording.done(reported, before, after)
        message = f"{self.wording.call(call)}: expected {self.wording.outcome(expected)}; the C: {did}"
        where = place_in(answer.text) if answer.how == "bug" else None
        return Finding(rule, self.subject(rule, call), message, where)

    def expected(self, before: State, call: Call) -> Outcome:
        """What the model says of a registering or unregistering call."""
        if call.kind == "r":
            return self.registry.register(before, call.type, None if call.ops == "NULL" else call.ops)
        return self.registry.unregister(before, call.type)

    def iteration(self, before: State, answer: Answer) -> Finding | None:
        """Whether exactly the registered hosts were visited, in order."""
        expected = tuple(map(str, self.registry.visited(before)))
        if answer.how == "visit" and answer.visited == expected:
            return None
        visits = self.wording.visits
        did = f"a BUG at {answer.text}" if answer.how == "bug" else f"it visits {visits(answer.visited)}"
        return Finding("iteration-wrong", self.spec.c.iterator, f"should visit {visits(expected)}; {did}")

    def called(self, call: Call) -> str:
        """The symbol that a call calls."""
        c = self.spec.c
        return {"r": c.register, "u": c.unregister}.get(call.kind, c.iterator)

    def subject(self, rule: str, call: Call) -> str:
        """What a fault is about: the slot that lacks its guard, else the function."""
        if rule not in ("vacuous-guard", "orphaned-remote"):
            return self.called(call)
        home = self.registry.home[call.type]
        return self.spec.slots[home if rule == "vacuous-guard" else self.registry.requires.index(home)].pointer


def _not_refused(expected: Outcome, reported: str | None, wanted: str | None, changed: bool) -> str:
    """Which rule misuse breaks that isn't refused as it should be."""
    if reported == wanted or (reported != "0" and changed):
        return "misuse-changes-state"
    return _NOT_REFUSED[expected.rule] if reported == "0" else "misuse-misreported"
