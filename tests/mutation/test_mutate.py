# SPDX-License-Identifier: GPL-2.0-only
"""Mutants: what faults are made, that the checks see them, and that a blunt check shows as survivors."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tools import need
from xenhostgen import cli
from xenhostgen.extensions.mutation import mutate as mutating
from xenhostgen.extensions.mutation.mutants import mutants
from xenhostgen.extensions.mutation.report import as_json
from xenhostgen.extensions.mutation.score import Mutant, Outcome, Score
from xenhostgen.render.files import Rendering, render
from xenhostgen.spec.model import AcceptedMutant, Interface
from xenhostgen.spec.source import Refused, Text
from xenhostgen.verify.explore import Explorer
from xenhostgen.verify.facts import c_files

PAIR = "tests/verify/succ_pair.yaml"
GOLDEN = Path(__file__).with_name("mutants_pair.expected")
XENHOST = "specs/xenhost.yaml"
SHIPPED = ("specs/rfc-v1.yaml", "specs/rfc-v1-ops.yaml", XENHOST)
SOURCE = "drivers/pair/pair.c"
C, HEADER = "arch/x86/xen/xenhost.c", "include/xen/xenhost.h"
PV = "arch/x86/xen/enlighten_pv.c"
# Of each sort one, with what becomes of it.
FATES = {
    f"{HEADER}:xenhost_type:reorder-enumerator:1": "killed differs",
    f"{HEADER}:xenhost_skip_empty:drop-word:1": "equivalent",
    f"{HEADER}:for_each_xenhost:condition-false:1": "killed iteration-wrong",
    f"{HEADER}:xenhost_free_ballooned_pages:drop-else:1": "killed wrapper-wrong",
    f"{HEADER}:xenhost_vcpu_id:swap-name:1": "stillborn",
    f"{C}:xenhosts:drop-word:1": "killed registry-in-bss",
    f"{C}:xh_default:drop-declaration:1": "killed missing",
    f"{C}:xh_default:off-by-one:1": "killed slot-pointer",
    f"{C}:xenhost_register:condition-false:3": "killed slot-overwritten",
    f"{C}:xenhost_register:reorder-statement:5": "survived",
    f"{C}:xenhost_slot:drop-label:1": "killed registration-refused",
    f"{PV}:xh_pv_ops:drop-entry:1": "killed differs",
    f"{PV}:xen_start_kernel:reorder-statement:2": "killed step-order",
    "include/xen/xen.h:xen_nested:off-by-one:1": "killed differs",
}
BLUNT = [f"{C}:xenhost_register:condition-false:3", f"{C}:xenhost_unregister:drop-statement:2"]


def all_mutants(spec: Interface) -> Iterator[Mutant]:
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
            lambda *given: [mutant for mutant in mutants(*given) if mutant.id in ids],
        )

    return restrict


def test_every_fault_of_a_small_interface(
    load_spec: Callable[[str], Interface], update: bool
) -> None:
    told = "".join(
        "\n".join([mutant.id, *mutant.diff()]) + "\n" for mutant in all_mutants(load_spec(PAIR))
    )
    if update:
        GOLDEN.write_text(told)
    assert told == GOLDEN.read_text()


@pytest.mark.parametrize("path", SHIPPED)
def test_mutants_differ_in_one_place_and_keep_lines(
    path: str, load_spec: Callable[[str], Interface]
) -> None:
    made = list(all_mutants(load_spec(path)))
    assert len(made) > 150
    assert max(Counter(mutant.id for mutant in made).values()) == 1
    assert max(Counter((mutant.file, mutant.text) for mutant in made).values()) == 1
    for mutant in made:
        assert mutant.text.count("\n") == mutant.original.count("\n"), mutant.id
        assert mutant.diff(), mutant.id


def test_ids_stay_when_code_elsewhere_changes(load_spec: Callable[[str], Interface]) -> None:
    spec = load_spec(PAIR)
    text = render(spec).files[SOURCE]
    added = text.replace(
        "/* The slot", "static int added(int n)\n{\n\treturn n + 1;\n}\n\n/* The slot", 1
    )
    assert added != text
    before, after = (
        [mutant.id for mutant in mutants(spec, SOURCE, each)] for each in (text, added)
    )
    assert [mutant for mutant in after if ":added:" not in mutant] == before


def test_fates(load_spec: Callable[[str], Interface], only: Callable[..., None]) -> None:
    only(*FATES)
    score = mutating.mutate(replace(load_spec(XENHOST), accepted_mutants=()), 4)
    assert {one.mutant.id: f"{one.fate} {one.rule}".strip() for one in score.outcomes} == FATES
    assert [one.mutant.id for one in score.survivors] == [
        name for name, fate in FATES.items() if fate == "survived"
    ]
    assert round(score.percent) == round(100 * 11 / 12)


def test_a_blunt_check_lets_mutants_live(
    load_spec: Callable[[str], Interface],
    only: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(*BLUNT)
    monkeypatch.setattr(Explorer, "note", lambda *given: None)
    score = mutating.mutate(load_spec(XENHOST), 2)
    assert [one.mutant.id for one in score.survivors] == BLUNT
    assert score.percent == 0
    assert not score.passed


def test_accepted_mutants(load_spec: Callable[[str], Interface]) -> None:
    killed, survivor, other = list(all_mutants(load_spec(PAIR)))[:3]
    outcomes = [Outcome(killed, "killed", "a-rule", "a check"), Outcome(survivor, "survived")]

    def score(*names: str) -> Score:
        return Score(
            outcomes, tuple(AcceptedMutant(Text(name), Text("a reason")) for name in names), 0
        )

    assert [one.mutant for one in score().survivors] == [survivor]
    assert not score().passed
    for name in (survivor.id, "include/linux/pair.h:*"):
        assert score(name).passed
        assert score(name).percent == 100
    stale = score(survivor.id, killed.id, other.id)
    assert not stale.passed
    assert [(one.mutant, fate) for one, fate in stale.stale] == [
        (killed.id, "killed"),
        (other.id, "no such mutant"),
    ]


def test_command(only: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    survivor = f"{SOURCE}:pair_register:reorder-statement:4"
    only(f"{SOURCE}:pair_register:condition-false:3", survivor)
    path = Path(__file__).with_name("succ_pair.yaml")
    assert cli.main(["mutate", str(path), "--jobs", "2"]) == 1
    said = capsys.readouterr()
    assert f"{SOURCE}:49:6: SURVIVED {survivor}\n    -\txh->type = type;\n" in said.out
    assert (
        "mutation score 50.0 %: 1 killed, 1 survived, 0 accepted with reasons; 0 equivalent, 0 stillborn"
        in said.out
    )
    assert not said.err


def test_json(load_spec: Callable[[str], Interface]) -> None:
    killed, survivor = list(all_mutants(load_spec(PAIR)))[:2]
    outcomes = [Outcome(killed, "killed", "a-rule", "a check"), Outcome(survivor, "survived")]
    told = as_json(
        "spec", Score(outcomes, (AcceptedMutant(Text(survivor.id), Text("a reason")),), 0)
    )
    assert told == json.loads(json.dumps(told))
    assert [
        (one["id"], one["fate"], one["seen_by"], one["accepted"]) for one in told["mutants"]
    ] == [(killed.id, "killed", "a check", None), (survivor.id, "survived", "", "a reason")]


def test_a_rendering_that_does_not_compile(
    load_spec: Callable[[str], Interface], monkeypatch: pytest.MonkeyPatch
) -> None:
    need("gcc", "gcc")
    files = render(load_spec(PAIR)).files
    broken = {path: text.replace("return 0;", "return;;}") for path, text in files.items()}
    monkeypatch.setattr(mutating, "render", lambda spec: Rendering(broken, ()))
    with pytest.raises(Refused, match="doesn't compile"):
        mutating.mutate(load_spec(PAIR), 1)
