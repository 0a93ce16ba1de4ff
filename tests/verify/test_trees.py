# SPDX-License-Identifier: GPL-2.0-only
"""Hand-made trees: each wrong one is reported by its rule, each right one is accepted."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from patching import Change, applied, apply, read_tree_case
from xenhostgen.api import Finding, Interface, Verdict, load, render
from xenhostgen.verify.subject import write_rendering

REPO = Path(__file__).parents[2]
TREES = Path(__file__).parent / "trees"
WRONG, RIGHT = (sorted(TREES.glob(f"{kind}_*.diff")) for kind in ("err", "succ"))
JudgeTree = Callable[[Interface, Path, Callable[[Finding], bool]], Verdict]


def together(cases: Iterable[Path]) -> list[list[Path]]:
    """Cases in as few groups as have room for them: of one spec, none in another's place."""
    groups: list[tuple[str, list[Path], dict[str, str]]] = []
    for case in cases:
        tree = read_tree_case(case)
        for spec, members, files in groups:
            if spec == tree.spec and not tree.apart and has_room(files, tree.changes):
                members.append(case)
                files.update(applied(files, tree.changes))
                break
        else:
            files = dict(render(load(REPO / tree.spec)).files)
            group = ("" if tree.apart else tree.spec, [case], applied(files, tree.changes))
            groups.append(group)
    return [members for _, members, _ in groups]


def has_room(files: dict[str, str], changes: tuple[Change, ...]) -> bool:
    """Whether what changes replace is there as it was."""
    try:
        applied(files, changes)
    except (AssertionError, KeyError):
        return False
    return True


@pytest.mark.parametrize(
    "cases", together(RIGHT), ids=lambda cases: f"{cases[0].stem}+{len(cases) - 1}"
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


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.stem)
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
