# SPDX-License-Identifier: GPL-2.0-only
"""Proofs: every goal of version 2, with two slots and with eight, and none that is wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from many_slots import eight_slots
from tools import need
from xenhostgen.api import Finding, Interface, Proof
from xenhostgen.extensions.proof.frama_c import FramaC
from xenhostgen.verify.subject import JudgedTree, Options, Subject, write_rendering

pytestmark = pytest.mark.proof
XENHOST = "specs/xenhost.yaml"


def proved(spec: Interface, tree: Path, work: Path) -> tuple[Proof, list[Finding]]:
    """What the provers say of a tree."""
    for tool in ("frama-c", "why3", "cvc4"):
        need(tool, "frama-c-base why3 cvc4")
    subject = Subject(spec, JudgedTree(tree), work, Options())
    findings = list(FramaC().run(subject))
    assert subject.statistics.proof
    return subject.statistics.proof, findings


@pytest.mark.parametrize(
    "path", [XENHOST, "tests/verify/succ_pair.yaml", "tests/verify/succ_gate.yaml", "eight slots"]
)
def test_every_goal_is_proved(
    path: str, tmp_path: Path, load_spec: Callable[[str], Interface]
) -> None:
    spec = eight_slots() if path == "eight slots" else load_spec(path)
    proof, findings = proved(spec, write_rendering(spec, tmp_path / "tree"), tmp_path / "work")
    assert findings == [] and proof.proved == proof.goals > 100


@pytest.mark.parametrize(
    ("before", "after", "about"),
    [
        (
            "return -EBUSY;\n\tif (xh == xh_remote",
            "return 0;\n\tif (xh == xh_remote",
            "xenhost_register",
        ),
        ("\txh->ops = ops;\n", "", "xenhost_register"),
        ("\tif (xh->type != type)\n\t\treturn -ENOENT;\n", "", "xenhost_unregister"),
    ],
)
def test_a_wrong_tree_is_not_proved(
    before: str, after: str, about: str, tmp_path: Path, load_spec: Callable[[str], Interface]
) -> None:
    spec = load_spec(XENHOST)
    tree = write_rendering(spec, tmp_path / "tree")
    source = tree / spec.source.file
    text = source.read_text()
    assert text.count(before) == 1
    source.write_text(text.replace(before, after))
    proof, findings = proved(spec, tree, tmp_path / "work")
    assert proof.proved < proof.goals
    assert about in {finding.subject for finding in findings}
