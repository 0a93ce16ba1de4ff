# SPDX-License-Identifier: GPL-2.0-only
"""A syntax tree that comes from another program is the one that tree-sitter makes."""

from pathlib import Path

import pytest
import tree_sitter_c
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Language, Parser
from tree_sitter import Node as Theirs

from tools import need
from xenhostgen.extensions.kernel_tree.c_tree import Node, parse

TESTS = Path(__file__).parents[1]
FILES = [*(TESTS / "csource/sources").glob("*.[ch]"), *(TESTS / "kernel/tree").rglob("*.[ch]")]
PIECES = ["int a", *"(){};*", "\n", "\r\n", '"é"', "#if X\n", "#endif\n", "f", "/*"]


def place(node: Node | Theirs | None) -> tuple[int, int] | None:
    return (node.start_byte, node.end_byte) if node else None


def assert_same(ours: Node, theirs: Theirs) -> None:
    for name in ("type", "text", "start_byte", "end_byte", "is_named", "has_error"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert (ours.start_point, ours.end_point) == (theirs.start_point, theirs.end_point)
    for name in ("name", "declarator", "condition"):
        own, due = ours.child_by_field_name(name), theirs.child_by_field_name(name)
        assert place(own) == place(due)
    assert [*map(place, ours.named_children)] == [*map(place, theirs.named_children)]
    for child, theirs_child in zip(ours.children, theirs.children, strict=True):
        assert child.parent is ours
        assert_same(child, theirs_child)
    # Theirs may overlook neighbours where something is missing.
    if not theirs.has_error:
        for child, theirs_child in zip(ours.children, theirs.children, strict=True):
            assert place(child.prev_sibling) == place(theirs_child.prev_sibling)
            assert place(child.next_sibling) == place(theirs_child.next_sibling)


def check(content: bytes) -> None:
    assert_same(parse(content), Parser(Language(tree_sitter_c.language())).parse(content).root_node)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_is_the_same_tree(file: Path) -> None:
    need("bwrap", "bubblewrap")
    check(file.read_bytes())


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_it_is_the_same_tree_of_what_is_no_c(pieces: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XENHOSTGEN_UNCONFINED", "1")
        check("".join(pieces).encode())


@pytest.mark.parametrize("answer", [None, [], [7], [["x"]], [["x", "", 0, "0", True, True, 0]]])
def test_an_answer_that_makes_no_sense_is_refused(
    answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("bwrap", "bubblewrap")
    reader = "xenhostgen.sandbox.reader.Reader"
    monkeypatch.setattr(f"{reader}.ask", lambda self, *question: answer)
    with pytest.raises(Exception, match="makes no sense"):
        parse(f"int answer_{id(answer)};".encode())
