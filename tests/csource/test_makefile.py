# SPDX-License-Identifier: GPL-2.0-only
"""The Makefile reader: what kbuild sees in a Makefile."""

from xenhostgen.csource.makefile import Statement, read_makefile


def test_assignments_have_words_whatever_their_layout() -> None:
    text = (
        "# obj-y += no.o\nobj-y := a.o \\\n\tb.o # c.o\n\nobj-$(CONFIG_X)+=d.o\nexport A ?= 1=2\n"
    )
    assert read_makefile(text) == [
        Statement(2, 0, ("a.o", "b.o"), "obj-y", ":="),
        Statement(5, 0, ("d.o",), "obj-$(CONFIG_X)", "+="),
        Statement(6, 0, ("1=2",), "A", "?=", ("export",)),
    ]


def test_a_comment_goes_on_behind_a_backslash() -> None:
    assert read_makefile("a = 1 # b \\\nc = 2\nd =\n") == [
        Statement(1, 0, ("1",), "a", "="),
        Statement(3, 0, (), "d", "="),
    ]


def test_depth_counts_conditions_and_definitions() -> None:
    text = (
        "ifeq ($(X),a=b)\nobj-y += a.o\nelse\n  ifdef Y\nobj-y += b.o\n  endif\nendif\n"
        "override define f\nobj-y += c.o\nendef\nobj-y += d.o\n"
    )
    statements = read_makefile(text)
    assert [statement.depth for statement in statements] == [1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 0]
    assert [statement.words[0] for statement in statements if statement.variable] == [
        "a.o",
        "b.o",
        "c.o",
        "d.o",
    ]


def test_rules_and_calls_are_no_assignments() -> None:
    text = "$(obj)/a.o: b = c\ntarget: a.c\n$(call f,a = b)\ninclude x.mk\nifdef a = b\nendif\n"
    assert [statement.variable for statement in read_makefile(text)] == [""] * 6
