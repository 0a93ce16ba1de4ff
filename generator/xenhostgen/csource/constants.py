# SPDX-License-Identifier: GPL-2.0-only
"""The values of constant expressions, as far as they need no compiler."""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1),
    "%": lambda a, b: abs(a) % abs(b) * (-1 if a < 0 else 1),
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
        case "BinaryOp" if node.op in _BINARY:
            left, right = evaluate(node.left, names), evaluate(node.right, names)
            if left is not None and right is not None and _defined(node.op, right):
                value = int(_BINARY[node.op](left, right))
        case "TernaryOp":
            condition = evaluate(node.cond, names)
            if condition is not None:
                value = evaluate(node.iftrue if condition else node.iffalse, names)
    return value if value is not None and -(2**63) <= value < 2**64 else None


def _defined(op: str, right: int) -> bool:
    if op in ("/", "%"):
        return right != 0
    return op not in ("<<", ">>") or 0 <= right < 64


def _literal(text: str) -> int | None:
    plain = re.fullmatch(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)[uUlL]*", text)
    if plain:
        digits = plain[1]
        octal = digits.startswith("0") and digits.isdigit()
        return int(digits, 8 if octal else 0) if not octal or not set("89") & set(digits) else None
    return ord(text[1]) if re.fullmatch(r"'[ -&(-\[\]-~]'", text) else None
