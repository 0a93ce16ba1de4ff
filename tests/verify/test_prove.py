# SPDX-License-Identifier: GPL-2.0-only
"""Proofs: every goal of version 2, with two slots and with eight, and none that is wrong."""

import re
from pathlib import Path

import pytest

from tools import need
from xenhostgen.spec.load import load_text
from xenhostgen.spec.model import Interface
from xenhostgen.verify.facts import read_tree
from xenhostgen.verify.prove import Proof, findings, prove
from xenhostgen.verify.run import written

pytestmark = pytest.mark.proof
SPEC = Path(__file__).parents[2] / "specs" / "xenhost.yaml"


def proved(spec: Interface, tree: Path, work: Path) -> Proof:
    """What the provers say of a tree."""
    return prove(spec, tree, work, read_tree(spec, tree, work / "parse"))


def interface(text: str) -> Interface:
    """The interface of a spec's text."""
    return load_text(text, str(SPEC))


def eight_slots() -> str:
    """Version 2 with eight slots of two types each, every other one requiring the one before."""
    text = SPEC.read_text()
    types = "".join(f"    - {{name: t{n}, doc: one}}\n    - {{name: u{n}, doc: other}}\n" for n in range(8))
    slots = "".join(
        f"    - {{name: s{n}, pointer: slot_{n}, accepts: [t{n}, u{n}]{f', requires: s{n - 1}' if n % 2 else ''}}}\n"
        for n in range(8)
    )
    text = re.sub(r"(  values:\n    - [^\n]*\n)(?:    - .*\n)+", rf"\g<1>{types}", text, count=1)
    text = re.sub(r"  slots:\n(?:    - .*\n)+", f"  slots:\n{slots}", text, count=1)
    text = text.replace("type: direct,", "type: t0,").replace("type: nested,", "type: t1,")
    return text.replace("[xh_default, xh_remote]", "[slot_0, slot_1]")


@pytest.mark.parametrize("slots", [2, 8])
def test_every_goal_is_proved(slots: int, tmp_path: Path) -> None:
    for tool in ("frama-c", "why3", "cvc4"):
        need(tool, "frama-c-base why3 cvc4")
    spec = interface(SPEC.read_text() if slots == 2 else eight_slots())
    assert len(spec.slots) == slots
    proof = proved(spec, written(spec, tmp_path / "tree"), tmp_path / "work")
    assert proof.open == () and proof.proved == proof.total > 100


@pytest.mark.parametrize(
    ("before", "after", "about"),
    [
        ("return -EBUSY;\n\tif (xh == xh_remote", "return 0;\n\tif (xh == xh_remote", "xenhost_register"),
        ("\txh->ops = ops;\n", "", "xenhost_register"),
        ("\tif (xh->type != type)\n\t\treturn -ENOENT;\n", "", "xenhost_unregister"),
    ],
)
def test_a_wrong_tree_is_not_proved(before: str, after: str, about: str, tmp_path: Path) -> None:
    for tool in ("frama-c", "why3", "cvc4"):
        need(tool, "frama-c-base why3 cvc4")
    spec = interface(SPEC.read_text())
    tree = written(spec, tmp_path / "tree")
    source = tree / spec.source.file
    text = source.read_text()
    assert text.count(before) == 1
    source.write_text(text.replace(before, after))
    proof = proved(spec, tree, tmp_path / "work")
    assert proof.proved < proof.total
    assert about in {finding.subject for finding in findings(proof, [])}
