# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel build finds is held against the spec's expectations like all the rest."""

from pathlib import Path

import pytest

from tools import need
from xenhostgen.api import At, Expected, Finding, Interface, Location, Text, Verdict, load
from xenhostgen.report.cases import Judged, cases
from xenhostgen.verify.run import verify
from xenhostgen.verify.subject import Options, Subject

CHECKPATCH = Expected(Text("checkpatch"), Text("as posted"), origin=At(9, 3))


class Built:
    """In place of a kernel build: what that finds."""

    level = "kernel"

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings

    def run(self, subject: Subject) -> tuple[Finding, ...]:
        subject.statistics.kernel = "Linux 1.2.3"
        return self.findings


@pytest.fixture
def spec() -> Interface:
    need("gcc", "gcc")
    return load(Path(__file__).parents[2] / "tests/verify/succ_pair.yaml")


def built(spec: Interface, *findings: Finding) -> Verdict:
    """The verdict of such a build."""
    return verify(spec, Options(), [Built(*findings)])


def complaint(spec: Interface) -> Finding:
    where = Location(spec.source.file, 7)
    return Finding("checkpatch", where.file, "SPACING: no", where, seen_by="kernel")


def test_a_complaint_fails_and_has_its_places(spec: Interface) -> None:
    verdict = built(spec, complaint(spec))
    (finding,) = verdict.unexpected
    assert (str(finding.where), finding.spec_at) == (f"{spec.source.file}:7:1", spec.source.at)
    assert verdict.statistics.kernel == "Linux 1.2.3"
    messages = {
        case.finding.rule: case.lines[0]
        for case in cases(Judged("xenhost.yaml", verdict, "out/xenhost"))
        if case.failed and case.finding
    }
    assert messages == {"checkpatch": f"{spec.source.file}:7:1: SPACING: no"}, (
        "its file lies in the kernel"
    )


def test_an_expected_complaint_passes(spec: Interface) -> None:
    known = spec.with_(expected_findings=(CHECKPATCH,))
    verdict = built(known, complaint(spec))
    assert verdict.passed
    assert [expectation for _, expectation in verdict.expected] == [CHECKPATCH]


def test_it_is_missed_only_where_a_kernel_was_built(spec: Interface) -> None:
    known = spec.with_(expected_findings=(CHECKPATCH,))
    assert verify(known, Options(), []).passed
    assert built(known).missing == (CHECKPATCH,)


def test_rules_of_the_build_are_told_as_looked_for(spec: Interface) -> None:
    names = [case.name for case in cases(Judged("xenhost.yaml", built(spec), "out/xenhost"))]
    assert {"build", "section", "not-exported", "checkpatch"} <= set(names)
    without = Judged("xenhost.yaml", verify(spec, Options(), []), "out/xenhost")
    assert "build" not in [case.name for case in cases(without)]
