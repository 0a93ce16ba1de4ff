# SPDX-License-Identifier: GPL-2.0-only
"""Bodies of all kinds: written otherwise they are right, changed they are found, op by op."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from patching import apply, read_tree_case, together
from tools import need, sampled
from xenhostgen.api import Interface
from xenhostgen.verify.behaviour import Behaviour
from xenhostgen.verify.conform import Conformance
from xenhostgen.verify.run import verify
from xenhostgen.verify.store import Store
from xenhostgen.verify.subject import Options, write_rendering
from xenhostgen.verify.wrappers import WrapperRunner

BODIES = Path(__file__).parent / "bodies"
RIGHT, WRONG = (sorted(BODIES.glob(f"{kind}_*.diff")) for kind in ("succ", "err"))
Load = Callable[[str], Interface]
StoreOf = Callable[[Interface], Store]


@pytest.mark.parametrize("compiler", sampled(["gcc", "clang"]))
def test_right_bodies(compiler: str, tmp_path: Path, load_spec: Load, store_of: StoreOf) -> None:
    """They stand in different functions, so that one tree can have them all."""
    need(compiler, compiler)
    cases = [read_tree_case(case) for case in RIGHT]
    spec = load_spec(cases[0].spec)
    tree = write_rendering(spec, tmp_path / "tree")
    for case in cases:
        apply(tree, case.changes)
    verdict = verify(spec, Options(tree, (compiler,), store=store_of(spec)))
    assert verdict.passed, verdict.unexpected


@pytest.mark.parametrize(
    "cases",
    sampled(together(WRONG), lambda cases: len(cases) > 1),
    ids=lambda cases: f"{cases[0].stem}+{len(cases) - 1}",
)
def test_wrong_bodies(
    cases: list[Path], tmp_path: Path, load_spec: Load, store_of: StoreOf
) -> None:
    """Each is found, by its rule and subject; where several stand in a tree, nothing besides."""
    wrong = [read_tree_case(case) for case in cases]
    spec = load_spec(wrong[0].spec)
    tree = write_rendering(spec, tmp_path / "tree")
    for case in wrong:
        apply(tree, case.changes)
    compiler = os.environ.get("XENHOSTGEN_TEST_CC", "gcc")
    need(compiler, compiler)
    checks = [Conformance(), Behaviour(compiler, runners=[WrapperRunner])]
    verdict = verify(spec, Options(tree, (compiler,), store=store_of(spec)), checks)
    findings = {(finding.rule, finding.subject) for finding in verdict.unexpected}
    assert {(case.rule, case.subject) for case in wrong} <= findings
    if len(wrong) > 1:
        assert {subject for _, subject in findings} == {case.subject for case in wrong}


def test_there_are_enough() -> None:
    assert len(WRONG) >= 30
    assert len(RIGHT) >= 50
