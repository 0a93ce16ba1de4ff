# SPDX-License-Identifier: GPL-2.0-only
"""Calls that a person types or copies from a finding: run as they stand, or refused with a hint."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from patching import apply, read_tree_case
from tools import main, need
from xenhostgen.api import Interface, Refused, Verdict
from xenhostgen.verify.replay import replay
from xenhostgen.verify.store import Store
from xenhostgen.verify.subject import Options, write_rendering

SPEC = "specs/xenhost.yaml"
TREES = Path(__file__).parent / "trees"


@pytest.fixture(autouse=True)
def gcc() -> None:
    need("gcc", "gcc")


@pytest.mark.parametrize(
    ("calls", "hint"),
    [
        ([], "separate calls by ';'"),
        (["xenhost_register(4294967297, A)"], "did you mean 'xenhost_register("),
        (["xenhost_register(-2147483649, A)"], "did you mean 'xenhost_register("),
        (
            ["xenhost_register(XENHOST_LOCAL, only_vcpuid)"],
            "did you mean 'xenhost_register(XENHOST_LOCAL, only_vcpu_id)'?",
        ),
        (["nothing"], "known here: for_each_xenhost(), "),
        (
            ["xenhost_register(XENHOST_LOCAL, B)", "xenhost_vcpu_id(xh_default)"],
            "register a table first, such as xh_",
        ),
    ],
)
def test_what_can_not_be_replayed(
    calls: list[str],
    hint: str,
    load_spec: Callable[[str], Interface],
    store_of: Callable[[Interface], Store],
) -> None:
    spec = load_spec(SPEC)
    with pytest.raises(Refused) as refused:
        replay(spec, Options(store=store_of(spec)), calls)
    assert refused.value.problems[0].hint.startswith(hint)


def test_calls_as_a_person_writes_them(load_spec: Callable[[str], Interface]) -> None:
    calls = ["xenhost_register( XENHOST_LOCAL,&xh_pv_ops );", "xenhost_register(-77, NULL)"]
    steps = replay(load_spec(SPEC), Options(), calls)
    assert [step.call for step in steps] == [
        "xenhost_register(XENHOST_LOCAL, xh_pv_ops)",
        "xenhost_register(-77, NULL)",
    ]
    assert all(step.agrees for step in steps)


def test_the_command_shows_both_sides_and_whether_they_agree(
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = "xenhost_register(xenhost_r2, A)"
    assert main(["verify", "specs/rfc-v1.yaml", "--replay", calls, "--cc", "gcc"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        calls,
        "    C:     success, with default=empty remote=r2:A",
        "    model: a BUG and no change, because the slot that it requires is empty",
        "    DIFFERENT",
    ]
    calls = "for_each_xenhost(); xenhost_register(XENHOST_LOCAL, A);"
    options = ["--replay", calls, "--cc", "gcc", "--format", "json"]
    assert main(["verify", SPEC, *options]) == 0
    steps = json.loads(capsys.readouterr().out)
    assert [(step["call"], step["agrees"]) for step in steps] == [
        ("for_each_xenhost()", True),
        ("xenhost_register(XENHOST_LOCAL, A)", True),
    ]
    assert main(["verify", SPEC, "specs/rfc-v1.yaml", *options]) == 2


def test_made_up_tables_are_known(load_spec: Callable[[str], Interface]) -> None:
    calls = ["xenhost_register(XENHOST_LOCAL, only_vcpu_id)", "xenhost_vcpu_id(xh_default)"]
    steps = replay(load_spec(SPEC), Options(), [*calls, "xenhost_register(2147483647, A)"])
    assert [step.agrees for step in steps] == [True] * 3
    assert steps[1].expected.startswith("calls to only_vcpu_id(0, ")


def test_wrappers_that_miss_their_table(
    load_spec: Callable[[str], Interface], judge_tree: Callable[..., Verdict], tmp_path: Path
) -> None:
    spec, tree = load_spec(SPEC), write_rendering(load_spec(SPEC), tmp_path / "tree")
    apply(tree, read_tree_case(TREES / "err_wrapper_of_the_default_host.diff").changes)
    verdict = judge_tree(spec, tree, lambda finding: False)
    shown = [finding for finding in verdict.unexpected if finding.seen_by == "wrappers"]
    for finding in shown[:3]:
        assert not replay(spec, Options(tree), list(finding.counterexample))[-1].agrees
    assert shown


def test_a_state_is_told_without_addresses(
    load_spec: Callable[[str], Interface], judge_tree: Callable[..., Verdict], tmp_path: Path
) -> None:
    spec, tree = load_spec(SPEC), write_rendering(load_spec(SPEC), tmp_path / "tree")
    file = tree / spec.source.file
    old, new = "{ .ops = &xenhost_none_ops },\n};", "{ .ops = (void *)&xenhosts[1] },\n};"
    file.write_text(file.read_text().replace(old, new, 1))
    outcome = {
        finding.rule: finding.message
        for finding in judge_tree(spec, tree, lambda finding: False).unexpected
    }
    wanted = "slots are not empty before the first call: default=empty remote=invalid:not a table"
    assert outcome["initial-state"] == wanted
