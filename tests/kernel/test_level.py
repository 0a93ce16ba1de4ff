# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel build finds is held against the spec's expectations like all the rest."""

from dataclasses import replace
from pathlib import Path

import pytest

from tools import need
from xenhostgen.report.cases import Judged, cases
from xenhostgen.spec.load import load
from xenhostgen.spec.model import Expected, Interface
from xenhostgen.spec.source import At, Text
from xenhostgen.verify.findings import Finding, Where
from xenhostgen.verify.run import Kernel, Options, verify

CHECKPATCH = Expected(Text("checkpatch"), Text("as posted"), origin=At(9, 3))
BUILDS = Kernel("Linux 1.2.3", lambda tell: [])


@pytest.fixture
def spec() -> Interface:
    need("gcc", "gcc")
    return load(Path(__file__).parents[2] / "specs/xenhost.yaml")


def complaining(spec: Interface) -> Kernel:
    where = Where(spec.source.file, 7)
    return Kernel(
        "Linux 1.2.3",
        lambda tell: [Finding("checkpatch", where.file, "SPACING: no", where, seen_by="kernel")],
    )


def test_a_complaint_fails_and_has_its_places(spec: Interface) -> None:
    verdict = verify(spec, Options(kernel=complaining(spec)))
    (finding,) = verdict.unexpected
    assert (str(finding.where), finding.spec_at) == (f"{spec.source.file}:7:1", spec.source.at)
    assert verdict.facts["kernel"] == "Linux 1.2.3"
    told = {
        case.rule: case.lines[0]
        for case in cases(Judged("xenhost.yaml", verdict, "out/xenhost"))
        if case.failed
    }
    assert told == {"checkpatch": f"{spec.source.file}:7:1: SPACING: no"}, (
        "its file lies in the kernel"
    )


def test_an_expected_complaint_passes(spec: Interface) -> None:
    known = replace(spec, expected_findings=(CHECKPATCH,))
    verdict = verify(known, Options(kernel=complaining(spec)))
    assert verdict.passed
    assert [expectation for _, expectation in verdict.expected] == [CHECKPATCH]


def test_it_is_missed_only_where_a_kernel_was_built(spec: Interface) -> None:
    known = replace(spec, expected_findings=(CHECKPATCH,))
    assert verify(known, Options()).passed
    assert verify(known, Options(kernel=BUILDS)).missing == (CHECKPATCH,)


def test_rules_of_the_build_are_told_as_looked_for(spec: Interface) -> None:
    names = [
        case.name
        for case in cases(
            Judged("xenhost.yaml", verify(spec, Options(kernel=BUILDS)), "out/xenhost")
        )
    ]
    assert {"build", "section", "not-exported", "checkpatch"} <= set(names)
    assert "build" not in [
        case.name for case in cases(Judged("xenhost.yaml", verify(spec, Options()), "out/xenhost"))
    ]
