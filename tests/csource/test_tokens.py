# SPDX-License-Identifier: GPL-2.0-only
"""The lexer takes any text, loses nothing of it and doesn't care about amounts of white space."""

import time

from hypothesis import given
from hypothesis import strategies as st

from xenhostgen.csource.tokens import (
    Kind,
    Token,
    code_tokens,
    comments,
    includes,
    parts,
    spaced,
    tokens,
)

ODD = ['"', "'", "/*", "*/", "//", "\\", "\n", "\\\n", "\r\n", "#", "define", "include", "<a.h>"]
SNIPPETS = [
    *ODD,
    "\0",
    "é",
    "(",
    ")",
    "x",
    "if",
    "0x1fUL",
    "1e+3",
    ".5",
    "...",
    "->",
    " ",
    "\t",
    ";",
]
any_c = st.lists(st.sampled_from(SNIPPETS) | st.text(max_size=3), max_size=40).map("".join)


def words(text: str) -> list[tuple[Kind, str]]:
    return [(token.kind, token.text) for token in code_tokens(text)]


@given(any_c)
def test_the_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(token.text for token in tokens(text)) == text


@given(any_c)
def test_every_token_stands_where_it_says(text: str) -> None:
    lines = text.split("\n")
    for token in tokens(text):
        assert "\n".join(lines[token.line - 1 :])[token.column - 1 :].startswith(token.text)


@given(any_c, st.sampled_from([" ", "\t", "   ", " \t "]))
def test_amounts_of_white_space_do_not_matter(text: str, blanks: str) -> None:
    changed = "".join(
        blanks if token.kind is Kind.BLANK and "\n" not in token.text else token.text
        for token in tokens(text)
    )
    # A lone backslash would splice the line once blanks follow it, or no longer do.
    if "\\" not in text:
        assert words(changed) == words(text)


@given(st.lists(st.sampled_from(["int", "x", "->", "=", "{", "}", "1", "'c'", ";"]), max_size=20))
def test_lines_may_be_broken_anywhere_outside_directives(parts: list[str]) -> None:
    assert words("\n".join(parts)) == words(" ".join(parts)) == words(" /*\n*/".join(parts))


LINES = ["#include <a.h>", "\n# include <b.h>\n", "x", " ", "/* */", "\\ \n", "u8'\\'"]


@given(st.lists(st.sampled_from([*ODD, *LINES]).filter(lambda c: c != '"'), max_size=12))
def test_includes_are_the_directives_that_tokens_show(snippets: list[str]) -> None:
    text = "".join(snippets)
    shown = []
    for directive in parts(text).directives:
        match directive:
            case [Token(text="include"), Token(kind=Kind.HEADER, text=header), *_]:
                shown.append(header)
    assert [include.header for include in includes(text)] == shown


def test_an_include_lies_from_its_hash_to_its_header() -> None:
    text = '"\\\n#include <a.h>" /*\n#include <b.h> */\n /* c */ #\\\n include\t"d.h" // e'
    (include,) = includes(text)
    assert (include.header, text[include.start : include.end]) == ('"d.h"', '#\\\n include\t"d.h"')


def test_a_directive_is_marked_from_its_hash_to_its_end() -> None:
    text = "/* a */ # define A(x) \\\n x /* over\n lines */ y\nz"
    kinds = [(token.kind, token.text) for token in code_tokens(text)]
    assert kinds == [
        (Kind.DIRECTIVE, "#"),
        (Kind.IDENTIFIER, "define"),
        (Kind.IDENTIFIER, "A"),
        (Kind.PARAMETERS, "("),
        (Kind.IDENTIFIER, "x"),
        (Kind.PUNCTUATOR, ")"),
        (Kind.IDENTIFIER, "x"),
        (Kind.IDENTIFIER, "y"),
        (Kind.DIRECTIVE_END, ""),
        (Kind.IDENTIFIER, "z"),
    ]


def test_a_body_in_parentheses_is_no_parameter_list() -> None:
    assert words("#define A(x)") != words("#define A (x)")


def test_a_directive_ends_with_the_text() -> None:
    assert words("#include <a/b.h>")[2:] == [(Kind.HEADER, "<a/b.h>"), (Kind.DIRECTIVE_END, "")]


def test_a_directive_without_a_newline_ends_with_the_text() -> None:
    end = list(tokens("int a;\n#define A 1"))[-1]
    assert (end.kind, end.text, end.line, end.column) == (Kind.DIRECTIVE_END, "", 2, 12)


def test_what_is_unterminated_is_an_error_token() -> None:
    for text in ('"abc', "'a", "/* abc"):
        assert [token.kind for token in tokens(text)] == [Kind.ERROR]


def test_comments_are_freed_of_their_layout() -> None:
    text = "int a; /**\n * one:  two\n *\n * *three*\n */\n// four   five\n/* six\nseven */"
    assert comments(text) == ["one: two *three*", "four five", "six seven"]
    collapsed = "int a; /**\n* one: two\n*\n* *three*\n*/\n// four five\n/* six\nseven */"
    assert comments(collapsed) == comments(text)


def test_spaced_keeps_strings() -> None:
    assert spaced('a\n\t b /* c */ "d  e" ;') == 'a b "d  e" ;'


def test_a_comments_blank_lines_take_no_time() -> None:
    begin = time.process_time()
    assert comments(f"/*{chr(10) * 60_000}a\n * b*/") == ["a b"]
    assert time.process_time() - begin < 2
