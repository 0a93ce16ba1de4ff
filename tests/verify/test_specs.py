# SPDX-License-Identifier: GPL-2.0-only
"""Made-up interfaces generate, compile and verify with no change to code or templates."""

from pathlib import Path

import pytest

from tools import need
from xenhostgen.spec.load import load
from xenhostgen.verify.run import Options, verify

CASES = sorted(Path(__file__).parent.glob("succ_*.yaml"))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_spec(case: Path, compiler: str) -> None:
    need(compiler, compiler)
    verdict = verify(load(case), Options(compilers=(compiler,)))
    # What compilers and sparse warn of differs with their versions, and with whether sparse is there.
    assert not [finding for finding in verdict.unexpected if not finding.rule.endswith("-warning")]
    assert not verdict.missing
    (run,) = verdict.facts["runs"]
    assert run["states"] >= 9
    assert run["boots"] >= 1
