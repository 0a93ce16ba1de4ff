# SPDX-License-Identifier: GPL-2.0-only
"""The quick reader against the real parser: the same tree with the same places, or it gives up."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from xenhostgen.spec import everyday
from xenhostgen.spec.source import Problems, SpecError
from xenhostgen.spec.tree import Mapping, Node, Sequence
from xenhostgen.spec.yaml import parse_fully, read_file

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "cases"
MINIMAL = (CASES / "succ_minimal.yaml").read_text()


def flat(node: Node) -> Any:
    if isinstance(node, Mapping):
        return "mapping", node.at, [(str(key), key.at, flat(value)) for key, value in node.items()]
    if isinstance(node, Sequence):
        return "sequence", node.at, [flat(item) for item in node]
    return str(node), node.at


def same(source: str) -> bool:
    """Whether the quick reader read it; if so it was the same."""
    quick = everyday.parse(source)
    if quick is None:
        return False
    problems = Problems("x.yaml", source)
    real = parse_fully(source, problems)
    assert real is not None
    assert not problems.found
    assert flat(quick) == flat(real)
    return True


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_case(path: Path) -> None:
    try:
        same(read_file(path))
    except SpecError:
        return


@pytest.mark.parametrize(
    "path", sorted((ROOT / "specs").glob("*.yaml")), ids=lambda path: path.stem
)
def test_shipped_specs_are_everyday_yaml(path: Path) -> None:
    assert same(path.read_text()), (
        "write it so that the quick reader takes it: it saves a quarter of a run"
    )


PIECES = [
    "a",
    "b: ",
    "c:",
    "- ",
    "\n",
    "\n  ",
    "\n    ",
    "  ",
    " ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    ",",
    ": ",
    ":",
    "#",
    " # ",
]
PIECES += [
    "'",
    '"',
    "|\n",
    "|-\n",
    "| ",
    ">\n",
    "&",
    "*",
    "!",
    "?",
    "? ",
    "-",
    "--- ",
    "...",
    "%",
    "@",
    "`",
    "~",
    "<<: ",
]
PIECES += [
    "->",
    "()",
    "<x.h>",
    "1",
    "-1",
    "0x1",
    "yes",
    "é",
    "\t",
    "\r",
    "\\",
    "{a: b}",
    "[a, b]",
    "{a: [b], c: {d: e}}",
]


@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
@example("a: |\n  b\n\n\n")
@example("- \n  - a")
@example("a: |-\n  b\n   c\n\n  d\ne: f\n")
@example("a:\n- b\n- c: d\n  e: f\n")
@example("a:\n  - - b\n")
@example("a: b\n  c\n")
@example("a: [b,\n  c]\n")
@example("a: 'b'  # c\n")
@example("a: {b: c}# d\n")
@example("a:#\n  b: c\n")
@settings(max_examples=1500, deadline=None)
def test_pieces(source: str) -> None:
    same("k:\n  " + source + "\n")
    same(source + "\n")


@given(
    st.integers(0, len(MINIMAL)),
    st.integers(0, 6),
    st.lists(st.sampled_from(PIECES), max_size=3).map("".join),
)
@settings(max_examples=800, deadline=None)
def test_edits_of_a_good_spec(start: int, length: int, text: str) -> None:
    same(MINIMAL[:start] + text + MINIMAL[start + length :])
