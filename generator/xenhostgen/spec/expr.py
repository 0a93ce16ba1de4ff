# SPDX-License-Identifier: GPL-2.0-only
"""The small C expressions of boot conditions: parsed here, evaluated by ``Memory``.

Names, members, calls without arguments, numbers, ``! & | == != && ||`` and parentheses: what a
guest asks of the kernel's state while it boots. Precedence as in C.
"""

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]+|\d+)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<mark>&&|\|\||==|!=|->|[-!&|().])|(?P<odd>\S))"
)
MAX_TOKENS = 200  # keeps the recursion far from Python's limit
MAX_DIGITS = 20
_PRECEDENCE = {"||": 1, "&&": 2, "|": 3, "&": 4, "==": 5, "!=": 5}


class ExpressionError(ValueError):
    """A text that is not such an expression; ``offset`` counts characters from its beginning."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Number(NamedTuple):
    """A whole number."""

    value: int


class Place(NamedTuple):
    """A variable, constant or member; members are told by '.', whether C writes '.' or '->'."""

    path: str


class Ask(NamedTuple):
    """A macro or function called without arguments."""

    name: str


class Not(NamedTuple):
    """Logical negation."""

    operand: "Expression"


class Binary(NamedTuple):
    """Two operands and a C operator."""

    operator: str
    left: "Expression"
    right: "Expression"


Expression = Number | Place | Ask | Not | Binary


def parse(source: str) -> Expression:
    """The expression that a text holds; raises ``ExpressionError``."""
    parser = _Parser(source)
    expression = parser.binary(1)
    kind, text, offset = parser.take()
    if kind != "end":
        raise ExpressionError(f"'{text}' is not expected here", offset)
    return expression


def is_operand(source: str) -> bool:
    """Whether an expression binds tighter than any binary operator; raises ``ExpressionError``."""
    parser = _Parser(source)
    parser.unary()
    return parser.take()[0] == "end"


def names(expression: Expression) -> set[str]:
    """The variables and constants in an expression, without members, and macros with ``()``."""
    match expression:
        case Place(path):
            return {path.split(".")[0]}
        case Ask(name):
            return {f"{name}()"}
        case Not(operand):
            return names(operand)
        case Binary(_, left, right):
            return names(left) | names(right)
    return set()


class _Parser:
    def __init__(self, source: str) -> None:
        self.tokens: list[tuple[str, str, int]] = []
        self.at = 0
        for match in _TOKEN.finditer(source):
            kind = match.lastgroup or ""
            if kind == "odd":
                raise ExpressionError(
                    f"'{match[kind]}' is not allowed in a condition", match.start(kind)
                )
            if kind == "number" and len(match[kind]) > MAX_DIGITS:
                raise ExpressionError("the number is too large", match.start(kind))
            self.tokens.append((kind, match[kind], match.start(kind)))
        self.tokens.append(("end", "", len(source.rstrip())))
        if len(self.tokens) > MAX_TOKENS:
            raise ExpressionError("the condition is too long", 0)

    def take(self) -> tuple[str, str, int]:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def accept(self, mark: str) -> bool:
        if self.tokens[self.at][:2] == ("mark", mark):
            self.at += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        if not self.accept(mark):
            _, text, offset = self.tokens[self.at]
            raise ExpressionError(
                f"'{mark}' expected" + (f" before '{text}'" if text else ""), offset
            )

    def binary(self, lowest: int) -> Expression:
        left = self.unary()
        while (rank := _PRECEDENCE.get(self.tokens[self.at][1], 0)) >= lowest:
            operator = self.take()[1]
            left = Binary(operator, left, self.binary(rank + 1))
        return left

    def unary(self) -> Expression:
        if self.accept("!"):
            return Not(self.unary())
        if self.accept("("):
            inner = self.binary(1)
            self.expect(")")
            return inner
        if self.accept("-"):
            kind, digits, offset = self.take()
            if kind != "number":
                raise ExpressionError("a number is expected after '-'", offset)
            return Number(-_number(digits, offset).value)
        kind, word, offset = self.take()
        if kind == "number":
            return _number(word, offset)
        if kind == "end":
            raise ExpressionError("the condition ends too soon", offset)
        if kind != "name":
            raise ExpressionError(f"'{word}' is not expected here", offset)
        return self.named(word)

    def named(self, name: str) -> Expression:
        """What begins with a name: a call without arguments, or a variable with its members."""
        if self.accept("("):
            self.expect(")")
            return Ask(name)
        path = name
        while self.accept("->") or self.accept("."):
            kind, member, offset = self.take()
            if kind != "name":
                raise ExpressionError("a member's name is expected", offset)
            path += f".{member}"
        return Place(path)


def _number(digits: str, offset: int) -> Number:
    is_octal = len(digits) > 1 and digits[0] == "0" and digits[1] not in "xX"
    if is_octal and not set(digits) <= set("01234567"):
        raise ExpressionError(f"'{digits}' is not an octal number", offset)
    return Number(int(digits, 8 if is_octal else 0))
