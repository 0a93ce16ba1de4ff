# SPDX-License-Identifier: GPL-2.0-only
"""Hand-made trees: each wrong one is reported by its rule, each right one is accepted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from patching import apply, read_tree_case, together
from tools import sampled
from xenhostgen.api import Finding, Interface, Verdict
from xenhostgen.verify.subject import write_rendering

TREES = Path(__file__).parent / "trees"
WRONG, RIGHT = (sorted(TREES.glob(f"{kind}_*.diff")) for kind in ("err", "succ"))
JudgeTree = Callable[[Interface, Path, Callable[[Finding], bool]], Verdict]


@pytest.mark.parametrize(
    "cases", sampled(together(RIGHT)), ids=lambda cases: f"{cases[0].stem}+{len(cases) - 1}"
)
def test_right_trees(
    cases: list[Path], tmp_path: Path, load_spec: Callable[[str], Interface], judge_tree: JudgeTree
) -> None:
    """Trees that do the same as the rendering are as right when one tree does it in all ways."""
    spec = load_spec(read_tree_case(cases[0]).spec)
    tree = write_rendering(spec, tmp_path / "tree")
    for case in cases:
        apply(tree, read_tree_case(case).changes)
    verdict = judge_tree(spec, tree, lambda finding: False)
    assert verdict.statistics.drift is not None
    assert verdict.passed, (verdict.unexpected, [case.stem for case in cases])


@pytest.mark.parametrize(
    "case",
    sampled(WRONG, lambda case: (read_tree_case(case).rule or "").partition("-")[0]),
    ids=lambda case: case.stem,
)
def test_wrong_tree(
    case: Path, tmp_path: Path, load_spec: Callable[[str], Interface], judge_tree: JudgeTree
) -> None:
    wanted = read_tree_case(case)
    spec = load_spec(wanted.spec)
    tree = write_rendering(spec, tmp_path / "tree")
    apply(tree, wanted.changes)
    verdict = judge_tree(spec, tree, lambda finding: finding.rule == wanted.rule)
    assert verdict.statistics.drift is not None
    assert wanted.rule in {finding.rule for finding in verdict.unexpected}, verdict.unexpected
    blamed = []
    for finding in verdict.unexpected:
        assert finding.where, finding
        assert finding.spec_at
        lines = (tree / finding.where.file).read_text().splitlines()
        if finding.rule == wanted.rule and lines:
            blamed.append(lines[finding.where.line - 1].strip())
    assert not wanted.line or wanted.line in blamed, verdict.unexpected


def test_there_are_enough() -> None:
    assert len(WRONG) >= 20
    assert len(RIGHT) >= 5
