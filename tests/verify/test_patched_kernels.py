# SPDX-License-Identifier: GPL-2.0-only
"""A made-up kernel's own files, which nothing here could compile, with the interface in them.

Each wrong tree is reported by its rule, at the line of the kernel's file that the case names.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from patching import apply, read_tree_case
from tools import sampled
from xenhostgen.api import Finding, Interface, Verdict
from xenhostgen.extensions.kernel_tree.kernel_slice import judged_tree
from xenhostgen.extensions.kernel_tree.patching import content
from xenhostgen.extensions.kernel_tree.placing import placed_in
from xenhostgen.verify.conform import ACROSS_FILES, KERNELS
from xenhostgen.verify.subject import Options, write_rendering

REPO = Path(__file__).parents[2]
HERE = Path(__file__).parent / "kernel_trees"
SPEC = "tests/verify/kernel_trees/dock.yaml"
CASES = sorted(HERE.glob("*.diff"))

Load = Callable[[str], Interface]


def patched(spec: Interface, tree: Path) -> Path:
    """The made-up kernel with the interface in it."""
    placement = placed_in(spec, lambda path: content(HERE / "tree", path), str(HERE))
    for path, placed in placement.after.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(placed or b"")
    return tree


@pytest.mark.parametrize(
    "case", sampled(CASES, lambda case: case.stem.partition("_")[0]), ids=lambda case: case.stem
)
def test_tree(
    case: Path,
    tmp_path: Path,
    load_spec: Load,
    judge_tree: Callable[[Interface, Path, Callable[[Finding], bool]], Verdict],
) -> None:
    wanted = read_tree_case(case)
    spec = load_spec(wanted.spec)
    tree = patched(spec, tmp_path / "tree")
    apply(tree, wanted.changes)
    verdict = judge_tree(spec, tree, lambda finding: finding.rule == wanted.rule)
    assert (verdict.statistics.drift or [""])[0] == KERNELS
    assert "because <linux/cpu.h> is missing" in "\n".join(verdict.statistics.left_out)
    assert ACROSS_FILES in verdict.statistics.left_out
    if case.stem.startswith("succ_"):
        assert verdict.passed, verdict.unexpected
    blamed = []
    for finding in verdict.unexpected:
        assert finding.where, finding
        assert finding.spec_at
        lines = (tree / finding.where.file).read_text().splitlines()
        blamed += [lines[finding.where.line - 1].strip()] * (finding.rule == wanted.rule)
    assert not wanted.rule or blamed, verdict.unexpected
    assert not wanted.line or wanted.line in blamed, verdict.unexpected


@pytest.mark.parametrize(
    "spec", [SPEC, "specs/xenhost.yaml", "specs/rfc-v1-ops.yaml", "tests/verify/succ_relay.yaml"]
)
def test_stubs_are_not_reduced(spec: str, tmp_path: Path, load_spec: Load) -> None:
    tree = write_rendering(load_spec(spec), tmp_path / "tree")
    judged = judged_tree(load_spec(spec), Options(tree), tmp_path / "part")
    assert judged and judged.path == tree


def test_lines_stay_where_they_are(tmp_path: Path, load_spec: Load) -> None:
    spec = load_spec(SPEC)
    tree = patched(spec, tmp_path / "tree")
    judged_tree(spec, Options(tree), part := tmp_path / "part")
    for path in (spec.predicates.file, *(guest.file for guest in spec.guests)):
        theirs, ours = (tree / path).read_text().split("\n"), (part / path).read_text().split("\n")
        assert len(theirs) == len(ours)
        same = [
            row
            for row, (their, our) in enumerate(zip(theirs, ours, strict=True))
            if their == our != ""
        ]
        assert any("dock_register" in ours[row] or "sea_many" in ours[row] for row in same)
        assert not any("cabin" in line or "percpu" in line for line in ours)
