# SPDX-License-Identifier: GPL-2.0-only
"""Hand-made trees: each wrong one is reported by its rule, each right one is accepted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from patching import apply, read_tree_case
from xenhostgen.api import Interface, Verdict
from xenhostgen.verify.subject import write_rendering

CASES = sorted(Path(__file__).parent.glob("trees/*.diff"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_tree(
    case: Path,
    tmp_path: Path,
    load_spec: Callable[[str], Interface],
    judge_tree: Callable[[Interface, Path], Verdict],
) -> None:
    wanted = read_tree_case(case)
    spec = load_spec(wanted.spec)
    tree = write_rendering(spec, tmp_path / "tree")
    apply(tree, wanted.changes)
    verdict = judge_tree(spec, tree, lambda finding: finding.rule == wanted.rule)
    rules = {finding.rule for finding in verdict.unexpected}
    assert verdict.statistics.drift is not None
    if case.stem.startswith("succ_"):
        assert verdict.passed, verdict.unexpected
    else:
        assert wanted.rule in rules, verdict.unexpected
    blamed = []
    for finding in verdict.unexpected:
        assert finding.where, finding
        assert finding.spec_at
        lines = (tree / finding.where.file).read_text().splitlines()
        if finding.rule == wanted.rule and lines:
            blamed.append(lines[finding.where.line - 1].strip())
    assert not wanted.line or wanted.line in blamed, verdict.unexpected


def test_there_are_enough() -> None:
    names = [case.stem for case in CASES]
    assert sum(name.startswith("err_") for name in names) >= 20
    assert sum(name.startswith("succ_") for name in names) >= 5
