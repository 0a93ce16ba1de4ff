# SPDX-License-Identifier: GPL-2.0-only
"""What a driver's answer says, in words that a finding repeats."""

import pytest

from xenhostgen.sandbox.location import Location
from xenhostgen.verify.driver import Answer, Ending, Program
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.protocol import Call


class Poke(Call):
    """A call of which the model expects 0."""

    def __str__(self) -> str:
        return "poke()"

    def line(self, state: int) -> str:
        return ""

    def expected(self, before: Answer) -> str:
        return "0"

    def happened(self, before: Answer, answer: Answer) -> str:
        return answer.failure or f"{answer.result}{answer.changes(before)}"

    def findings(self, before: Answer, answer: Answer) -> list[Finding]:
        return []


ANSWERS = [
    (Answer(Ending.CRASH, "a.c:1: null"), "poke() crashes: a.c:1: null"),
    (Answer(Ending.BUG, "a.c:1"), "poke(): expected 0; the C: ends in a BUG at a.c:1"),
    (Answer(Ending.RETURNED, result=2), "poke(): expected 0; the C: 2"),
    (Answer(Ending.RETURNED, state=1), "poke(): expected 0; the C: 0, and memory changes"),
    (Answer(Ending.RETURNED, "x"), "poke(): expected 0; the C: 0, and x is written"),
]


@pytest.mark.parametrize(("answer", "message"), ANSWERS)
def test_a_message_says_what_the_call_did(answer: Answer, message: str) -> None:
    assert Poke().difference(Answer(Ending.RETURNED), answer) == message


@pytest.mark.parametrize(
    ("section", "is_cleared"), [(".bss", True), (".bss.x", True), (".data", False), ("", False)]
)
def test_the_kernel_clears_only_bss(section: str, is_cleared: bool) -> None:
    assert Program((), 0, section, None).in_bss is is_cleared


@pytest.mark.parametrize(
    ("text", "place"),
    [("a/b.c:3:7: runtime error", ("a/b.c", 3, 7)), ("a/b.c:3", ("a/b.c", 3, 1)), ("null", None)],
)
def test_an_answer_names_its_place(text: str, place: tuple[str, int, int] | None) -> None:
    assert Answer(Ending.CRASH, text).place == (place and Location(*place))
