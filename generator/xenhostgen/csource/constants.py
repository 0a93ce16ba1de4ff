# SPDX-License-Identifier: GPL-2.0-only
"""The values of constant expressions, as far as they need no compiler."""

import operator
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from typing import Any

_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: int(Fraction(a, b)),
    "%": lambda a, b: a - b * int(Fraction(a, b)),
    "<<": operator.lshift,
    ">>": operator.rshift,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "&&": lambda a, b: bool(a) and bool(b),
    "||": lambda a, b: bool(a) or bool(b),
}
_UNARY: dict[str, Callable[[int], int]] = {
    "+": operator.pos,
    "-": operator.neg,
    "~": operator.invert,
    "!": operator.not_,
}


def evaluate(node: Any, names: Mapping[str, int | None]) -> int | None:
    """The value of a pycparser expression, or None for ``sizeof``, unknown names and overflow."""
    value: int | None = None
    match type(node).__name__:
        case "Constant":
            value = _literal(node.value)
        case "ID":
            value = names.get(node.name)
        case "UnaryOp" if node.op in _UNARY:
            operand = evaluate(node.expr, names)
            value = None if operand is None else int(_UNARY[node.op](operand))
        case "BinaryOp":
            left, right = evaluate(node.left, names), evaluate(node.right, names)
            shifts_far = node.op in ("<<", ">>") and right is not None and right >= 64
            if left is not None and right is not None and not shifts_far:
                with suppress(ArithmeticError, ValueError):  # by zero, or a negative number of bits
                    value = int(_BINARY[node.op](left, right))
        case "TernaryOp":
            condition = evaluate(node.cond, names)
            if condition is not None:
                value = evaluate(node.iftrue if condition else node.iffalse, names)
    return value if value is not None and -(2**63) <= value < 2**64 else None


def _literal(text: str) -> int | None:
    if re.fullmatch(r"'[ -&(-\[\]-~]'", text):
        return ord(text[1])
    digits = text.rstrip("uUlL")
    with suppress(ValueError):
        return int(digits, 8 if re.match(r"0\d", digits) else 0)
    return None
