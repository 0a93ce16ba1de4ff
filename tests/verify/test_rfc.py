# SPDX-License-Identifier: GPL-2.0-only
"""The RFC's first patch: its seven faults, each with places and a sequence that shows it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tools import Golden, need, sampled
from xenhostgen.api import Expected, Finding, Interface, Text, Verdict, load
from xenhostgen.verify.findings import judge
from xenhostgen.verify.replay import replay
from xenhostgen.verify.run import verify
from xenhostgen.verify.store import Store
from xenhostgen.verify.subject import Options

SPEC = "specs/rfc-v1.yaml"
COMPILERS = ("gcc", "clang")
EXPECTED = [
    number
    for number, entry in enumerate(load(Path(__file__).parents[2] / SPEC).expected_findings)
    if not entry.rule.endswith("-warning") and entry.rule not in ("build", "checkpatch")
]


@cache
def verdict_under(compiler: str) -> Verdict:
    need(compiler, compiler)
    return verify(load(Path(__file__).parents[2] / SPEC), Options(compilers=(compiler,)))


@pytest.fixture
def verdict() -> Verdict:
    return verdict_under("gcc")


def found(verdict: Verdict) -> list[Finding]:
    return [finding for finding, _ in verdict.expected]


def told(finding: Finding) -> str:
    """A finding without the words that differ between compilers."""
    assert finding.spec_at
    lines = [f"{finding.rule} {finding.subject}", f"  C: {finding.where}"]
    lines.append(f"  spec: {finding.spec_at.line}:{finding.spec_at.column}")
    return "\n".join([*lines, *(f"  {step}" for step in finding.counterexample)]) + "\n"


@pytest.mark.parametrize("compiler", sampled(COMPILERS))
def test_finds_exactly_the_seven_faults(compiler: str, golden: Golden) -> None:
    verdict = verdict_under(compiler)
    faults = [finding for finding in found(verdict) if not finding.rule.endswith("-warning")]
    text = "".join(sorted(map(told, faults)))
    golden(Path(__file__).with_name("rfc-v1.expected"), text)
    assert not verdict.unexpected
    assert not verdict.missing
    (run,) = verdict.statistics.runs
    assert run.compiler == compiler
    assert run.sanitizers == ("address", "undefined")
    assert (run.states, run.transitions, run.boots) == (72, 3052, 12)


def test_each_counterexample_shows_its_fault(
    load_spec: Callable[[str], Interface], verdict: Verdict, tmp_path: Path
) -> None:
    options = Options(store=Store(load_spec(SPEC), tmp_path))
    shown = [finding for finding in found(verdict) if finding.counterexample]
    assert len(shown) == 6
    for finding in shown:
        steps = replay(load_spec(SPEC), options, list(finding.counterexample))
        assert [step.agrees for step in steps][-1] is False, finding.rule


@pytest.mark.parametrize("number", EXPECTED)
def test_a_missing_expectation_fails(
    number: int, load_spec: Callable[[str], Interface], verdict: Verdict
) -> None:
    spec = load_spec(SPEC)
    expected = spec.expected_findings
    fewer = spec.with_(expected_findings=expected[:number] + expected[number + 1 :])
    verdict = judge(fewer, found(verdict), verdict.statistics)
    assert not verdict.passed
    assert {finding.rule for finding in verdict.unexpected} == {expected[number].rule}


@pytest.mark.parametrize(
    ("rule", "subject"),
    [("slot-overwritten", None), ("dependency-not-enforced", "xh_default"), ("no-such-rule", None)],
)
def test_a_wrong_expectation_fails(
    rule: str, subject: str | None, load_spec: Callable[[str], Interface], verdict: Verdict
) -> None:
    spec = load_spec(SPEC)
    wrong = Expected(Text(rule), Text("wrongly expected"), Text(subject) if subject else None)
    verdict = judge(
        spec.with_(expected_findings=(*spec.expected_findings, wrong)),
        found(verdict),
        verdict.statistics,
    )
    assert not verdict.passed
    assert wrong in verdict.missing
