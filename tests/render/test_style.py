# SPDX-License-Identifier: GPL-2.0-only
"""Kernel style to the column: lists broken at 80, tabs before what is aligned, block comments."""

import pytest

from xenhostgen.render.style import comment, pad, wrapped


@pytest.mark.parametrize(("length", "lines"), [(79, 1), (80, 1), (81, 2)])
def test_a_list_is_broken_if_it_is_longer_than_80_columns(length: int, lines: int) -> None:
    text = wrapped("\tint f", ["int a", "b" * (length - 8 - len("int f(int a, );"))], ");")
    assert text.count("\n") + 1 == lines
    assert max(len(line.expandtabs(8)) for line in text.split("\n")) <= 80


def test_further_lines_are_filled_and_stand_behind_the_parenthesis() -> None:
    head, items = "static inline int port_name", [f"unsigned int argument_{n}" for n in "abcd"]
    assert wrapped(head, items) == (
        "static inline int port_name(unsigned int argument_a, unsigned int argument_b,\n"
        "\t\t\t    unsigned int argument_c, unsigned int argument_d)"
    )


def test_the_last_item_has_room_for_what_ends_the_list() -> None:
    last = "b" * (80 - 8 - len(");"))
    first, second = wrapped("int ret", ["a" * 60, last], ");").split("\n")
    assert (first, second) == (f"int ret({'a' * 60},", f"\t{last});")
    assert len(second.expandtabs(8)) == 80


def test_an_empty_list_is_void() -> None:
    assert wrapped("int f", []) == "int f(void)"


@pytest.mark.parametrize(("text", "tabs"), [("", 3), ("a" * 7, 3), ("a" * 8, 2), ("a" * 30, 1)])
def test_what_follows_comes_to_a_column(text: str, tabs: int) -> None:
    assert pad(text, 24) == text + "\t" * tabs


def test_a_comment_is_indented_and_has_no_blanks_at_the_ends_of_lines() -> None:
    assert comment("one\n\ntwo\n", 1) == "\t/*\n\t * one\n\t *\n\t * two\n\t */"
