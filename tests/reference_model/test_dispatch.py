# SPDX-License-Identifier: GPL-2.0-only
"""Which C of the spec's is due for a wrapper and a table, by rules 11 and 12."""

from pathlib import Path

import pytest

from xenhostgen.api import Interface, load_text
from xenhostgen.reference_model.ops import Dispatch, dispatch, only

PAIR = (Path(__file__).parents[1] / "verify/succ_pair.yaml").read_text()
OPS = """\
ops:
  turn:
    returns: int
    args: [unsigned int angle, void *where]
    wrapper_returns: long
    tables:
      none: {function: no_turn, body: -ENODEV}
      first.own: kernels_turn
      second.own: {function: ours_turn, body: turn_by(angle)}
      third.own: "NULL"
    fallback: 7L
    doc: turn it
  rest:
    wrapper: optional
    tables: {none: {function: no_rest, body: ""}}
    doc: rest, or don't
"""
GUESTS = PAIR[PAIR.index("  only:\n") : PAIR.index("kinds:")]
KERNEL = "kernel:\n  functions:\n    turn_by: {returns: int, args: [unsigned int]}\n"


@pytest.fixture(scope="module")
def spec() -> Interface:
    names = ("first", "second", "third")
    guests = "".join(GUESTS.replace("only", name) for name in names)
    kinds = ", ".join(f"{name}: {{runs: [{name}]}}" for name in names)
    text = PAIR.replace(GUESTS, guests).replace("only: {runs: [only]}", kinds)
    text = text.replace("<linux/types.h>", "<linux/types.h>, <linux/errno.h>")
    return load_text(text.replace("guests:\n", f"{OPS}guests:\n").replace("kernel:\n", KERNEL), "x")


@pytest.mark.parametrize(
    ("table", "due"),
    [
        ("none", Dispatch("-ENODEV", "int")),
        ("first.own", Dispatch("kernels_turn(xh, angle, where)", "int")),
        ("second.own", Dispatch("turn_by(angle)", "int")),
        ("third.own", Dispatch("7L", "long")),
        ("fourth.own", Dispatch("7L", "long")),
        (only("turn"), Dispatch("only_turn(xh, angle, where)", "int")),
        (None, None),
    ],
)
def test_dispatch(table: str | None, due: Dispatch | None, spec: Interface) -> None:
    assert dispatch(spec.ops[0], table) == due


def test_an_optional_op_does_nothing_where_it_is_not_set(spec: Interface) -> None:
    assert dispatch(spec.ops[1], "first.own") == Dispatch("", "void")


def test_without_a_fallback_nothing_is_due(spec: Interface) -> None:
    op = spec.ops[0].with_(fallback=None)
    assert dispatch(op, "third.own") is None


def test_without_a_table_of_empty_slots_nothing_is_due(spec: Interface) -> None:
    turn = spec.ops[0]
    hosts = turn.with_(tables=tuple(entry for entry in turn.tables if entry.table != "none"))
    assert dispatch(hosts, "none") is None
    assert dispatch(hosts, "second.own") == Dispatch("turn_by(angle)", "int")


def test_without_a_host_the_wrapper_says_what_is_due(spec: Interface) -> None:
    turn = spec.ops[0]
    assert dispatch(turn.with_(no_host="9"), None) == Dispatch("9", "long")
    assert dispatch(turn.with_(wrapper="guarded"), None) == Dispatch("", "long")
