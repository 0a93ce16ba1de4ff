# SPDX-License-Identifier: GPL-2.0-only
"""A finding's counterexample step by step: each call beside what is expected of it."""

from itertools import product

from xenhostgen.verify.boots import boots
from xenhostgen.verify.calls import Change, Iterate, Register, all_changes
from xenhostgen.verify.driver import Answer, Ending
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.protocol import Call
from xenhostgen.verify.wording import Wording


class Expectations:
    """What the reference model expects of calls, by their C text."""

    def __init__(self, wording: Wording) -> None:
        self.wording = wording
        pairs = product(wording.registry.home, wording.tables)
        calls: list[Call] = [Iterate(wording), *all_changes(wording), *boots(wording, False)]
        calls += [Register(wording, *pair) for pair in pairs]
        self.calls = {str(call): call for call in calls}

    def steps(self, finding: Finding) -> list[tuple[str, str]]:
        """Each call with what is expected of it; empty where that is in the finding's message."""
        state = self.wording.registry.initial
        steps = []
        for text in finding.counterexample:
            call, before = self.calls.get(text), Answer(Ending.RETURNED, stages=(state,))
            steps.append((text, call.expected(before) if call else ""))
            if isinstance(call, Change):
                state = call.outcome(state).state
        return steps
