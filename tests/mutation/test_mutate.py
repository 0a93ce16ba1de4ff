# SPDX-License-Identifier: GPL-2.0-only
"""Mutants: which faults are made, that checks see them, and that blunt checks let them live."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tools import Golden, main, need
from xenhostgen.api import Interface, Refused, Text, load, render
from xenhostgen.extensions.mutation import mutate as mutating
from xenhostgen.extensions.mutation.accepted import acceptances
from xenhostgen.extensions.mutation.mutants import mutants
from xenhostgen.extensions.mutation.report import as_json
from xenhostgen.extensions.mutation.score import Acceptance, Mutant, Score
from xenhostgen.spec.model import AcceptedMutant
from xenhostgen.verify.explore import Explorer
from xenhostgen.verify.harness import c_files

REPO = Path(__file__).parents[2]
PAIR = "tests/verify/succ_pair.yaml"
XENHOST = "specs/xenhost.yaml"
SHIPPED = ("specs/rfc-v1.yaml", "specs/rfc-v1-ops.yaml", XENHOST)
SOURCE = "drivers/pair/pair.c"
C, HEADER = "arch/x86/xen/xenhost.c", "include/xen/xenhost.h"
PV = "arch/x86/xen/enlighten_pv.c"
# Of each sort one, with what becomes of it.
FATES = {
    f"{HEADER}:xenhost_type:reorder-enumerator:1": "killed declaration-differs",
    f"{HEADER}:xenhost_next:drop-word:1": "equivalent",
    f"{HEADER}:for_each_xenhost:condition-false:1": "killed iteration-wrong",
    f"{HEADER}:xenhost_vcpu_id:swap-name:1": "stillborn",
    f"{C}:xenhosts:drop-word:1": "killed declaration-differs",
    f"{C}:xenhost_register:condition-false:3": "killed slot-overwritten",
    f"{C}:xenhost_register:reorder-statement:5": "survived",
    f"{C}:xenhost_slot:drop-label:1": "killed registration-refused",
    f"{PV}:xh_pv_ops:drop-entry:1": "killed declaration-differs",
    f"{PV}:xen_start_kernel:reorder-statement:2": "killed step-order",
    "include/xen/xen.h:xen_nested:off-by-one:1": "killed declaration-differs",
}
BLUNT = [f"{C}:xenhost_register:condition-false:3", f"{C}:xenhost_unregister:drop-statement:2"]


@cache
def load_spec(path: str) -> Interface:
    return load(REPO / path)


def all_mutants(path: str) -> Iterator[Mutant]:
    spec = load_spec(path)
    files = render(spec).files
    return (mutant for path in c_files(spec) for mutant in mutants(spec, path, files[path]))


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Judge no mutants but these."""
    need("gcc", "gcc")

    def restrict(*ids: str) -> None:
        monkeypatch.setattr(
            mutating,
            "mutants",
            lambda *arguments: [mutant for mutant in mutants(*arguments) if mutant.id in ids],
        )

    return restrict


def test_every_fault_of_a_small_interface(golden: Golden) -> None:
    listed = "".join("\n".join([mutant.id, *mutant.diff()]) + "\n" for mutant in all_mutants(PAIR))
    golden(Path(__file__).with_name("mutants_pair.expected"), listed)


@pytest.mark.parametrize("path", SHIPPED)
def test_mutants_differ_in_one_place_and_keep_lines(path: str) -> None:
    listed = list(all_mutants(path))
    assert len(listed) > 150
    assert max(Counter(mutant.id for mutant in listed).values()) == 1
    assert max(Counter((mutant.file, mutant.text) for mutant in listed).values()) == 1
    for mutant in listed:
        assert mutant.text.count("\n") == mutant.original.count("\n"), mutant.id
        assert mutant.diff(), mutant.id


def test_ids_stay_when_code_elsewhere_changes() -> None:
    spec = load_spec(PAIR)
    text = render(spec).files[SOURCE]
    added = text.replace(
        "/* The slot", "static int added(int n)\n{\n\treturn n + 1;\n}\n\n/* The slot", 1
    )
    assert added != text
    before, after = (
        [mutant.id for mutant in mutants(spec, SOURCE, source)] for source in (text, added)
    )
    assert [mutant for mutant in after if ":added:" not in mutant] == before


FIRST_FAULTS = [
    ("return a ? b : 0;", "condition-true", "return 1 ? b : 0;"),
    ("return a ? b : 0;", "negate", "return !(a) ? b : 0;"),
    ("return x->n == 0x10UL;", "off-by-one", "return x->n == 17;"),
    ("return 1.5 < n;", "swap-operator", "return 1.5 <= n;"),
    ('puts("naïve"); a = 1;', "reorder-statement", 'a = 1; puts("naïve");'),
    ("call(const int[]{1, 2});", "drop-word", "call( int[]{1, 2});"),
]


@pytest.mark.parametrize(("code", "operator", "changed"), FIRST_FAULTS)
def test_the_first_fault_of_a_kind(code: str, operator: str, changed: str) -> None:
    text = f"/* ☃ */\nint __init f(int n)\n{{\n\t{code}\n}}\n"
    by_id = {mutant.id: mutant for mutant in mutants(load_spec(PAIR), SOURCE, text)}
    mutant = by_id[f"{SOURCE}:f:{operator}:1"]
    assert mutant.text == text.replace(code, changed)
    assert mutant.line == 4
    assert mutant.change == f"{code} => {changed}"


def test_the_body_of_a_macro_has_faults_too() -> None:
    text = "#define CALL(x) do { \\\n\tx(); \\\n} while (0)\n"
    by_id = {mutant.id: mutant.text for mutant in mutants(load_spec(PAIR), SOURCE, text)}
    assert by_id[f"{SOURCE}:CALL:drop-statement:1"] == "#define CALL(x) \\\n\\\n\n"
    assert by_id[f"{SOURCE}:CALL:drop-statement:2"] == text.replace("x();", "")
    assert by_id[f"{SOURCE}:CALL:condition-true:1"] == text.replace("0", "1")


def test_fates(only: Callable[..., None]) -> None:
    only(*FATES)
    score = mutating.mutate(load_spec(XENHOST), 4)
    assert {mutant.id: f"{mutant.fate} {mutant.rule}".strip() for mutant in score.mutants} == FATES
    assert list(score.reasons) == [name for name, fate in FATES.items() if fate == "survived"]
    assert not score.survivors
    assert score.passed


@pytest.mark.thorough
def test_a_blunt_check_lets_mutants_live(
    only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    only(*BLUNT)
    monkeypatch.setattr(Explorer, "note", lambda *arguments: None)
    score = mutating.mutate(load_spec(XENHOST), 2)
    assert [mutant.id for mutant in score.survivors] == BLUNT
    assert score.percent == 0
    assert not score.passed


def accepted(mutant: str, change: str | None = None, by_templates: bool = False) -> Acceptance:
    pattern = None if change is None else Text(change)
    return Acceptance(
        "a file", AcceptedMutant(Text(mutant), Text("a reason"), pattern), by_templates
    )


def test_accepted_mutants() -> None:
    killed, survivor, other = list(all_mutants(PAIR))[:3]
    judged = [replace(killed, fate="killed"), replace(survivor, fate="survived")]

    def score(*acceptances: Acceptance) -> Score:
        return Score(judged, acceptances, 0)

    assert [mutant.id for mutant in score().survivors] == [survivor.id]
    assert not score().passed
    for name in (survivor.id, "include/linux/pair.h:*"):
        assert score(accepted(name)).passed
        assert score(accepted(name)).percent == 100
    stale = score(*(accepted(mutant.id) for mutant in (survivor, killed, other)))
    assert not stale.passed
    assert [(acceptance.accepted.mutant, fate) for acceptance, fate in stale.stale] == [
        (killed.id, "killed"),
        (other.id, "no such mutant"),
    ]


def test_what_templates_accept_need_not_be_in_each_spec() -> None:
    killed, survivor, other = list(all_mutants(PAIR))[:3]
    judged = [replace(killed, fate="killed"), replace(survivor, fate="survived")]
    allowed = [accepted(mutant.id, by_templates=True) for mutant in (survivor, other)]
    assert Score(judged, allowed, 0).passed
    refuted = accepted(killed.id, by_templates=True)
    score = Score(judged, [*allowed, refuted], 0)
    assert score.stale == [(refuted, "killed")]
    assert not score.passed
    assert Score(judged, [*allowed, replace(refuted, is_shipped=False)], 0).passed


CHANGES = [
    ("xh->type = type; xh->ops = ops; => xh->ops = ops; xh->type = type;", True),
    ("xh->ops = ops; xh->type = type; => xh->type = type; xh->ops = ops;", True),
    ("*->type = *; *->ops = *; => *->ops = *; *->type = *;", True),
    ("*->type = *; *->ops = *; => *->type = *; *->ops = *;", False),
    ("xh->type = type; =>", False),
]


@pytest.mark.parametrize(("change", "covered"), CHANGES)
def test_mutants_are_accepted_by_what_they_change(change: str, covered: bool) -> None:
    (mutant,) = (
        mutant
        for mutant in all_mutants(PAIR)
        if mutant.id == f"{SOURCE}:pair_register:reorder-statement:4"
    )
    assert accepted("*:reorder-statement:*", change).covers(mutant) == covered
    assert not accepted("*:drop-statement:*", change).covers(mutant)


def test_only_neighbours_are_accepted_either_way_round() -> None:
    (mutant,) = (
        mutant
        for mutant in all_mutants(PAIR)
        if mutant.id == f"{SOURCE}:pair_unregister:swap-operator:1"
    )
    before, after = "if (xh->type != type)", "if (xh->type == type)"
    assert accepted("*", f"{before} => {after}").covers(mutant)
    assert not accepted("*", f"{after} => {before}").covers(mutant)


def test_a_bracket_in_a_change_is_a_bracket() -> None:
    wanted = "include/linux/pair.h:the_left:off-by-one:1"
    (mutant,) = (mutant for mutant in all_mutants(PAIR) if mutant.id == wanted)
    assert mutant.change.endswith("(&pairs[0]) => #define the_left (&pairs[1])"), mutant.change
    assert accepted("*", mutant.change).covers(mutant)
    assert accepted("*", "* (&pairs[0]) => * (&pairs[1])").covers(mutant)
    assert not accepted("*", "* (&pairs[2]) => * (&pairs[1])").covers(mutant)


RELAY = "tests/verify/succ_relay.yaml"


@pytest.mark.parametrize("path", SHIPPED)
def test_what_a_template_set_accepts_is_in_the_shipped_specs(path: str) -> None:
    listed = list(all_mutants(path)) + list(all_mutants(RELAY))  # which has a chain of slots
    for acceptance in acceptances(load_spec(path)):
        covered = [mutant.id for mutant in listed if acceptance.covers(mutant)]
        assert covered, acceptance.accepted.change


def test_a_faulty_file_of_a_template_set_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "kernel").mkdir()
    path = tmp_path / "kernel" / "accepted-mutants.yaml"
    path.write_text("accepted_mutants:\n  - {mutant: a, reson: b}\n")
    monkeypatch.setattr("xenhostgen.extensions.mutation.accepted.template_root", lambda: tmp_path)
    with pytest.raises(Refused, match=r"accepted-mutants.yaml:2:\d+: unknown key 'reson'"):
        acceptances(load_spec(PAIR))


def test_command(only: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    survivor = f"{SOURCE}:pair_register:reorder-statement:4"
    only(f"{SOURCE}:pair_register:condition-false:3", survivor)
    path = REPO / PAIR
    assert main(["mutate", str(path), "--jobs", "2"]) == 0
    output = capsys.readouterr()
    assert (
        "mutation score 100.0 %: 1 killed, 0 survived, 1 accepted with reasons; "
        "0 equivalent, 0 stillborn" in output.out
    )
    assert all("it fails verify (sparse-warning)" in line for line in output.err.splitlines())


def test_command_with_a_survivor(
    only: Callable[..., None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    survivor = f"{SOURCE}:pair_register:reorder-statement:4"
    only(f"{SOURCE}:pair_register:condition-false:3", survivor)
    monkeypatch.setattr(mutating, "acceptances", lambda spec: [accepted("x.c:*")])
    assert main(["mutate", str(REPO / PAIR), "--jobs", "2"]) == 1
    output = capsys.readouterr().out
    assert f"{SOURCE}:46:2: SURVIVED {survivor}\n    -\txh->type = type;\n" in output
    assert (
        "    change: xh->type = type; xh->ops = ops; => xh->ops = ops; xh->type = type;" in output
    )
    assert "a file:1:1: accepted mutant x.c:*: no survivor matches (no such mutant)" in output
    assert (
        "mutation score 50.0 %: 1 killed, 1 survived, 0 accepted with reasons; "
        "0 equivalent, 0 stillborn" in output
    )


def test_json() -> None:
    killed, survivor = list(all_mutants(PAIR))[:2]
    judged = [
        replace(killed, fate="killed", rule="a-rule", seen_by="a check"),
        replace(survivor, fate="survived"),
    ]
    printed = as_json("spec", Score(judged, [accepted(survivor.id)], 0))
    assert printed == json.loads(json.dumps(printed))
    assert [
        (mutant["id"], mutant["fate"], mutant["seen_by"], mutant["accepted"])
        for mutant in printed["mutants"]
    ] == [(killed.id, "killed", "a check", None), (survivor.id, "survived", "", "a reason")]


def test_the_faults_of_one_file_leave_acceptances_of_others_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need("gcc", "gcc")
    monkeypatch.setattr(mutating, "acceptances", lambda spec: [accepted("x.c:*")])
    score = mutating.mutate(load_spec(PAIR), 2, files=["include/linux/pair_state.h"])
    assert {mutant.file for mutant in score.mutants} == {"include/linux/pair_state.h"}
    assert score.passed
    with pytest.raises(Refused, match="the spec has no such C file"):
        mutating.mutate(load_spec(PAIR), 1, files=["x.c"])


def test_an_interrupted_run_reports_what_it_has(
    only: Callable[..., None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(doing: str) -> None:
        if doing == "1 of 2 mutants":
            raise KeyboardInterrupt

    only(f"{SOURCE}:pair_register:condition-false:3", f"{SOURCE}:pair_register:condition-false:2")
    monkeypatch.setattr(
        "xenhostgen.extensions.mutation.commands.mutate.progress", lambda *_: interrupt
    )
    assert main(["mutate", str(REPO / PAIR), str(REPO / XENHOST), "--jobs", "1"]) == 130
    output = capsys.readouterr().out
    assert "stopped after 1 mutants, 1 are left; 1 killed, 0 survived" in output
    assert XENHOST not in output


def test_it_says_first_that_a_spec_fails_verify(
    only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = render(load_spec(PAIR)).files
    wrong = {path: text.replace("return -EBUSY;", "return -EPERM;") for path, text in files.items()}
    monkeypatch.setattr(mutating, "rendered", lambda spec: wrong)
    only(f"{SOURCE}:pair_register:condition-false:3")
    messages: list[str] = []
    score = mutating.mutate(load_spec(PAIR), 1, messages.append, warn=messages.append)
    assert [text.split(" (")[0] for text in messages] == [
        "verify",
        "it fails verify",
        "1 of 1 mutants",
    ]
    assert "misuse-misreported" in messages[1]
    assert score.counts == {"killed": 1}


def test_a_rendering_that_does_not_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    need("gcc", "gcc")
    files = render(load_spec(PAIR)).files
    broken = {path: text.replace("return 0;", "return;;}") for path, text in files.items()}
    monkeypatch.setattr(mutating, "rendered", lambda spec: broken)
    with pytest.raises(Refused, match="doesn't compile"):
        mutating.mutate(load_spec(PAIR), 1)


@pytest.mark.thorough
def test_the_spec_to_start_from_is_clean(tmp_path: Path) -> None:
    need("gcc", "gcc")
    spec = tmp_path / "buoy.yaml"
    assert main(["init", "buoy", "-o", str(spec)]) == 0
    assert main(["mutate", str(spec), "--file", "drivers/buoy/buoy.c"]) == 0
