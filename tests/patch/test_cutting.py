# SPDX-License-Identifier: GPL-2.0-only
"""Pieces of C are cut and named; `pieces/*.c` stands beside the labels expected of it."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xenhostgen.extensions.patches.lift_c import pieces, within

HERE = Path(__file__).parent
WORDS = ["int", "x", "(", ")", "{", "}", ";", ",", "=", "*", "if", "else", "enum", "typedef"]
any_c = st.lists(
    st.sampled_from([*WORDS, "#define", "\n", "struct", "EXPORT_SYMBOL", "__aligned", "[", "/*"])
)


@pytest.mark.parametrize("case", sorted(HERE.glob("pieces/*.c")), ids=lambda path: path.stem)
def test_labels(case: Path) -> None:
    labels = [f"{piece.kind} {piece.name}".strip() for piece in pieces(case.read_text())]
    assert labels == case.with_suffix(".labels").read_text().splitlines()


@given(any_c.map(" ".join))
@example(") { ] (,")
def test_any_text_is_cut_and_named(c: str) -> None:
    cut = pieces(c)
    assert all(piece.kind and piece.first <= piece.last for piece in within(cut))


def test_a_piece_has_the_comments_above_it_and_none_beside_another() -> None:
    c = "/* one */\n\n/* two */\nint a; /* beside */\n/* three */ int b;\n"
    assert [[*map(tuple, piece.remarks)] for piece in pieces(c)] == [
        [("/* one */", False), ("/* two */", True)],
        [("/* three */", False)],
    ]
