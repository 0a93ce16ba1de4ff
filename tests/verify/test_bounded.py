# SPDX-License-Identifier: GPL-2.0-only
"""The second opinion: cbmc finds nothing where nothing is wrong, known faults and mutants, and may be missing."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from many_slots import eight_slots

from tools import need
from xenhostgen.extensions.mutation.mutants import mutants
from xenhostgen.extensions.proof import provers
from xenhostgen.extensions.proof.cbmc import Cbmc
from xenhostgen.render.files import render
from xenhostgen.report.findings import summary
from xenhostgen.spec.model import Interface
from xenhostgen.verify.findings import BoundedProof, Finding, Proof, Statistics, Verdict
from xenhostgen.verify.replay import replay
from xenhostgen.verify.run import core_checks, verify
from xenhostgen.verify.subject import JudgedTree, Options, Subject, write_rendering

Judged = tuple[BoundedProof, list[Finding]]

PAIR, XENHOST = "tests/verify/succ_pair.yaml", "specs/xenhost.yaml"
C, HEADER = "arch/x86/xen/xenhost.c", "include/xen/xenhost.h"
# Mutants by what cbmc says of them.
REFUTED = {
    f"{C}:xenhost_slot:swap-name:7": "rule 1: a type that no slot lists is refused",
    f"{C}:xenhost_register:condition-false:2": "rule 1: ops that are missing are refused",
    f"{C}:xenhost_register:condition-false:3": "rule 2: a slot that is taken is refused",
    f"{C}:xenhost_register:drop-operand:2": "rules 4 and 6: what is no misuse succeeds",
    f"{C}:xenhost_register:drop-statement:2": "rule 4: the slot holds what was given",
    f"{C}:xenhost_register:reorder-statement:4": "rules 4 and 5: no other slot changes, and none at misuse",
    f"{C}:xenhost_unregister:condition-false:1": "dereference failure: pointer NULL in xh->type",
    f"{C}:xenhost_unregister:condition-false:2": "rule 6: a host that is not registered is refused",
    f"{C}:xenhost_unregister:condition-false:3": "rule 7: a slot that a taken one requires stays",
    f"{C}:xenhost_unregister:drop-statement:2": "rule 6: the slot is empty",
    f"{HEADER}:xenhost_skip_empty:condition-false:1": "rule 8: what is visited is a registered host",
    f"{HEADER}:for_each_xenhost:condition-false:1": "rule 8: every registered host is visited",
    f"{HEADER}:xenhost_cpuid_base:condition-false:1": "dereference failure: pointer NULL in xh->ops->cpuid_base",
}


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., Judged]:
    """Let cbmc judge a spec's rendering, with some files changed."""
    need("cbmc", "cbmc, from Debian 13 on; .ci/cbmc gets it for Debian 12")

    def judge(spec: Interface, **changed: str) -> Judged:
        tree = write_rendering(spec, tmp_path / "tree")
        for file, text in changed.items():
            (tree / file).write_text(text)
        subject = Subject(spec, JudgedTree(tree), tmp_path / "work", Options())
        findings = list(Cbmc().run(subject))
        assert subject.statistics.cbmc
        return subject.statistics.cbmc, findings

    return judge


def test_a_fault_that_no_run_shows(
    load_spec: Callable[[str], Interface], judged: Callable[..., Judged]
) -> None:
    spec = load_spec(PAIR)
    text = render(spec).files[spec.source.file]
    before = "\tif (!xh)\n\t\treturn -EINVAL;\n\tif (!ops)"
    assert text.count(before) == 1
    proof, findings = judged(
        spec,
        **{spec.source.file: text.replace(before, f"\tif (type == 4711)\n\t\treturn 0;\n{before}")},
    )
    (finding,) = findings
    assert 100 < proof.holding < proof.assertions
    assert (finding.rule, finding.subject) == ("refuted", "pair_register")
    assert finding.message == "rule 1: a type that no slot lists is refused"
    assert finding.counterexample[-1].startswith("pair_register(4711, ")


@pytest.mark.proof
@pytest.mark.parametrize("path", [PAIR, "tests/verify/succ_relay.yaml", XENHOST, "eight slots"])
def test_all_assertions_hold(
    path: str, load_spec: Callable[[str], Interface], judged: Callable[..., Judged]
) -> None:
    proof, findings = judged(eight_slots() if path == "eight slots" else load_spec(path))
    assert findings == [] and proof.holding == proof.assertions > 100


@pytest.mark.proof
@pytest.mark.parametrize("name", REFUTED)
def test_mutants_are_refuted(
    name: str, load_spec: Callable[[str], Interface], judged: Callable[..., Judged]
) -> None:
    spec, file = load_spec(XENHOST), name.partition(":")[0]
    (mutant,) = [one for one in mutants(spec, file, render(spec).files[file]) if one.id == name]
    proof, findings = judged(spec, **{file: mutant.text})
    assert proof.holding < proof.assertions
    assert REFUTED[name] in {finding.message for finding in findings}


@pytest.mark.proof
@pytest.mark.parametrize("path", ["specs/rfc-v1.yaml", "specs/rfc-v1-ops.yaml"])
def test_known_faults(
    path: str, load_spec: Callable[[str], Interface], judged: Callable[..., Judged]
) -> None:
    need("gcc", "gcc")
    spec = load_spec(path)
    _, findings = judged(spec)
    rules = {finding.message.split(":")[0] for finding in findings}
    assert {"rule 3", "rule 7", "rule 8", "rules 5 and 6"} <= rules
    assert len({finding.subject for finding in findings}) == (
        3 if path == "specs/rfc-v1.yaml" else 9
    )
    verdict = verify(spec, Options(), [*core_checks(Options()), Cbmc()])
    explained = [finding for finding, _ in verdict.expected] + list(verdict.unexpected)
    assert "refuted" not in {finding.rule for finding in explained}
    (guard,) = [finding for finding in findings if finding.message.startswith("rule 3:")]
    *before, last = replay(spec, Options(), list(guard.counterexample))
    assert all(step.agrees for step in before) and not last.agrees


def test_what_is_missing_is_said(
    load_spec: Callable[[str], Interface], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    subject = Subject(load_spec(XENHOST), JudgedTree(Path()), Path(), Options())
    assert list(Cbmc().run(subject)) == []
    assert subject.statistics.cbmc
    statistics = Statistics(proof=Proof(9, 9), cbmc=subject.statistics.cbmc)
    said = list(summary(Verdict(statistics=statistics)))
    assert (
        "no second opinion on rules 1 to 8 and 11: missing is cbmc (a package of Debian 13)" in said
    )
    # What make keeps of proofs is the same with and without cbmc.
    assert [line for line in said if "proved" in line or "not installed" in line] == [
        "9 of 9 goals proved (Frama-C WP and EVA)"
    ]


def test_a_prover_without_end_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provers, "LIMITS", provers.LIMITS._replace(seconds=0.2))
    said = provers.run_prover(
        ["sh", "-c", f"while sleep 0.02; do date >>{tmp_path}/alive; done & wait"],
        tmp_path,
        tmp_path,
    )
    assert said == "proving takes more than 0.2 seconds"
    size = (tmp_path / "alive").stat().st_size
    time.sleep(0.2)
    assert (tmp_path / "alive").stat().st_size == size > 0
