# SPDX-License-Identifier: GPL-2.0-only
"""Conditions: precedence as in Python's evaluation; any text either parses or is refused."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenhostgen.spec.expr import (
    Ask,
    Binary,
    Expression,
    ExpressionError,
    Not,
    Number,
    Place,
    names,
    parse,
)

OPERATORS: dict[str, Callable[[int, int], int]] = {
    "&&": lambda a, b: int(bool(a) and bool(b)),
    "||": lambda a, b: int(bool(a) or bool(b)),
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
}


def value(expression: Expression) -> int:
    match expression:
        case Number(number):
            return number
        case Not(operand):
            return int(not value(operand))
        case Binary(operator, left, right):
            return OPERATORS[operator](value(left), value(right))
    raise AssertionError(expression)


def written(expression: Expression, all_parentheses: bool) -> str:
    match expression:
        case Number(number):
            return str(number)
        case Place(path):
            return path
        case Ask(name):
            return f"{name}()"
        case Not(operand):
            inner = written(operand, all_parentheses)
            return f"!({inner})"
        case Binary(operator, left, right):
            parts = [written(side, all_parentheses) for side in (left, right)]
            if all_parentheses:
                parts = [f"({part})" for part in parts]
            return f"{parts[0]} {operator} {parts[1]}"
    raise AssertionError(expression)


LEAVES = (
    st.integers(0, 9).map(Number)
    | st.sampled_from(["a", "b.c"]).map(Place)
    | st.sampled_from(["f", "g"]).map(Ask)
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        inner.map(Not) | st.builds(Binary, st.sampled_from(sorted(OPERATORS)), inner, inner)
    ),
    max_leaves=12,
)


@given(TREES)
def test_a_written_tree_is_read_back(tree: Expression) -> None:
    assert parse(written(tree, all_parentheses=True)) == tree


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(sorted(OPERATORS))), max_size=8))
def test_precedence_is_that_of_c(terms: list[tuple[int, str]]) -> None:
    """Split at the operators that bind least, from the right: the textbook's way, not ours."""
    flat: list[int | str] = [item for term in terms for item in term] + [1]

    def textbook(items: list[int | str]) -> int:
        for level in (["||"], ["&&"], ["|"], ["&"], ["==", "!="]):
            for index in range(len(items) - 2, 0, -2):
                if items[index] in level:
                    operator = OPERATORS[str(items[index])]
                    return operator(textbook(items[:index]), textbook(items[index + 1 :]))
        return int(items[0])

    assert value(parse(" ".join(map(str, flat)))) == textbook(flat)


@given(st.text(alphabet="ab01x()!&|=-> .\t", max_size=30) | st.text(max_size=20))
def test_any_text_parses_or_is_refused(source: str) -> None:
    try:
        names(parse(source))
    except ExpressionError as error:
        assert 0 <= error.offset <= len(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("xen_domain() && !info->flags", {"xen_domain()", "info"}),
        ("a.b.c | 0x10", {"a"}),
        ("-1 == 010", set()),
    ],
)
def test_names(source: str, expected: set[str]) -> None:
    assert names(parse(source)) == expected


def test_octal_is_read_as_c_does() -> None:
    assert parse("010") == Number(8)
