# SPDX-License-Identifier: GPL-2.0-only
"""Made-up interfaces generate, compile and verify with no change to code or templates."""

from pathlib import Path

import pytest

from tools import need
from xenhostgen.api import SpecError, load
from xenhostgen.verify.expectation import Expectation
from xenhostgen.verify.run import verify
from xenhostgen.verify.subject import Options

CASES = sorted(Path(__file__).parent.glob("succ_*.yaml"))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_spec(case: Path, compiler: str) -> None:
    need(compiler, compiler)
    verdict = verify(load(case), Options(compilers=(compiler,)))
    # Warnings of compilers and sparse differ with their versions, and sparse may be missing.
    assert not [finding for finding in verdict.unexpected if not finding.rule.endswith("-warning")]
    assert not verdict.missing
    (run,) = verdict.statistics.runs
    assert run.states >= 9
    assert run.boots >= 1


def test_the_kernels_types_are_known(tmp_path: Path) -> None:
    """The shim's types, sparse's, and whatever ends in _t; others are named by their place."""
    good = Path(__file__).parents[1] / "spec/cases/succ_c_types.yaml"
    spec = load(good)
    assert Expectation(spec).header()
    assert list(Expectation(spec).of_guest(spec.guests[0]))
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        good.read_text()
        .replace("gfp_t flags", "unheard_of flags")
        .replace("returns: __u32", "returns: mine")
    )
    with pytest.raises(SpecError) as caught:
        Expectation(load(bad)).header()
    assert [problem.message.split(" is ")[0] for problem in caught.value.problems] == [
        "'unheard_of flags'",
        "'mine'",
    ]
