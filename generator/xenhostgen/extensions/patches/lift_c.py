# SPDX-License-Identifier: GPL-2.0-only
"""C text cut into pieces that a spec can be lifted from: declarations with the comments above them.

Brackets cut it, so that a bracket without its partner does no harm. Only words are looked at, never
the amount of white space: collapsed text lifts as well.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from xenhostgen.csource.tokens import Kind, Token, tokens
from xenhostgen.extensions.kernel_tree.c_tree import without_marks
from xenhostgen.render.files import BANNER

_LABEL = 62  # characters of a statement that names it
_TAGS = ("struct", "union", "enum")
_STATEMENTS = frozenset(
    "if else for while do switch case default return goto break continue BUG BUG_ON".split()
)
# They look like calls in a declaration and aren't part of what is declared.
_ATTRIBUTES = frozenset("__attribute__ __section __aligned __printf __asm__ asm".split())


class Word(NamedTuple):
    """A code token, and the comments of whole lines between it and the one before."""

    token: Token
    above: tuple[Token, ...]


class Remark(NamedTuple):
    """A comment of whole lines; ``adjacent``: what it is about stands on the next line."""

    text: str
    adjacent: bool


class Piece:
    """A declaration, directive, enumerator or statement; lines count from 1.

    ``code`` is its text on one line, ``head`` what stands before its braces, ``remarks`` the
    comments since the piece before, ``inner`` what stands between its braces.
    """

    def __init__(self, words: Sequence[Word], opening: int, closing: int, is_body: bool) -> None:
        code = [word.token for word in words]
        self.code = _spaced(code)
        self.head = _spaced(code[:opening]) if opening >= 0 else self.code
        self.first, self.last = code[0].line, code[-1].line
        self.remarks = tuple(_remarks(words[0].above, self.first))
        self._code, self._is_body = code, is_body
        self._inner = words[opening + 1 : closing] if opening >= 0 else ()
        values = any(token.text in ("=", "enum") for token in code[: max(opening, 0)])
        self._separator = "," if values else ";"

    @cached_property
    def inner(self) -> "list[Piece]":
        """What stands between its braces."""
        return list(_cut(self._inner, self._separator))

    @property
    def kind(self) -> str:
        """``include``, ``macro``, another directive's word, ``enum``, ``struct``, ``union``,
        ``forward``, ``typedef``, ``function``, ``prototype``, ``variable``, ``export``,
        ``statement``."""
        return self._named[0]

    @property
    def name(self) -> str:
        """What it defines or declares, an include's header, or how a statement begins."""
        return self._named[1]

    @cached_property
    def _named(self) -> tuple[str, str]:
        words = _outline(self._code)
        first, *rest = words
        if first == "#":
            word, *rest = rest or ["directive"]
            return ("macro", "".join(rest[:1])) if word == "define" else (word, " ".join(rest))
        if first.startswith("EXPORT_") and "SYMBOL" in first:
            return "export", self.code.removesuffix(";")
        names = list(_names(words))
        if first == "typedef":
            return "typedef", ", ".join(names)
        called = next((row for row, word in enumerate(words) if word[0] == "("), len(words))
        if self._is_body and first not in _STATEMENTS and 1 < called < len(words):
            return "function", words[called - 1]
        tag = next((row for row, word in enumerate(words[:4]) if word in _TAGS), None)
        if tag is not None and "=" not in words:
            following = words[tag + 1 :]
            if following[1:] == [";"] and following[0].isidentifier():
                return "forward", f"{words[tag]} {following[0]}"
            if following[1:2] and following[1][0] == "{":
                return words[tag], following[0]
        type_, *declared = [word for word in words if word != "*"] or [";"]
        is_name = declared and (declared[0].isidentifier() or declared[0].startswith("(*"))
        if first in _STATEMENTS or not (type_.isidentifier() and is_name and names):
            return "statement", self.code[:_LABEL]
        is_function = "=" not in words and words[called:] and words[called - 1] == names[0]
        return "prototype" if is_function else "variable", ", ".join(names)


def _outline(code: Sequence[Token]) -> list[str]:
    """The words of a declaration, brackets with how they begin as one; attributes left out."""
    words: list[str] = []
    depth = 0
    for token in code:
        if depth == 0:
            words.append(token.text)
        elif len(words[-1]) < _LABEL:
            words[-1] += token.text
        opens, closes = token.text in ("(", "[", "{"), token.text in (")", "]", "}")
        depth = max(depth + opens - closes, 0)
    words = [word for word in words if word]
    if words[:1] == ["#"]:
        return words
    kept = [
        word
        for before, word in pairwise(["", *words])
        if word not in _ATTRIBUTES
        and not (before in _ATTRIBUTES and word[0] == "(")
        and without_marks(word.encode(errors="replace")).strip()
    ]
    return kept or [";"]


def _names(words: Sequence[str]) -> Iterator[str]:
    """The names that a declaration declares."""
    name, is_settled = "", False
    for word in (*words, ";"):
        if word in (",", ";"):
            if name:
                yield name
            name, is_settled = "", False
        elif word in ("=", ":"):
            is_settled = True
        elif word.startswith("(*") and not is_settled:
            name, is_settled = word[2:].split("(")[0].strip("*)"), True
        elif word.isidentifier() and not is_settled:
            name = word


@lru_cache(256)  # most of what is rendered again is as it was
def pieces(text: str) -> list[Piece]:
    """The pieces of C text, in order."""
    return list(_cut(list(_words(text)), ";"))


def _words(text: str) -> Iterator[Word]:
    above: list[Token] = []
    line = 0  # of the token before
    if not text.isascii():  # a sign in place of each byte that isn't UTF-8, as a spec has to be
        text = re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)
    for token in tokens(text):
        if token.kind is Kind.BLANK:
            continue
        if token.kind is Kind.COMMENT:
            above += [token] if token.line > line else []
        elif token.kind is Kind.DIRECTIVE_END:
            yield Word(replace(token, text=""), ())
        else:
            yield Word(token, tuple(above))
            above = []
        line = token.line + token.text.count("\n") * (token.kind is Kind.COMMENT)


def _cut(words: Sequence[Word], separator: str) -> Iterator[Piece]:
    """Cut where a declaration ends: at what separates them, behind a body, around a directive."""
    start = depth = closing = 0
    opening = -1
    is_body = in_directive = False
    for at, (token, _) in enumerate(words):
        if token.kind is Kind.DIRECTIVE:
            in_directive = True
            if depth == 0 and at > start:
                yield Piece(words[start:at], opening, closing, is_body)
                start, opening, closing, is_body = at, -1, 0, False
        if in_directive:  # brackets in it pair off among themselves, if at all
            in_directive = token.kind is not Kind.DIRECTIVE_END
            ended = not in_directive and depth == 0
        else:
            if token.text in ("(", "[", "{"):
                if token.text == "{" and depth == 0 and opening < 0:
                    opening = at - start
                    is_body = _is_body([word.token.text for word in words[start:at]])
                depth += 1
            elif token.text in (")", "]", "}"):
                depth = max(0, depth - 1)
                closing = closing or (at - start if depth == 0 and token.text == "}" else 0)
            following = words[at + 1].token.text if at + 1 < len(words) else ""
            begins = words[start].token.text
            ended = depth == 0 and _ends(token.text, separator, begins, following, is_body)
        if ended:
            yield Piece(words[start : at + 1], opening, closing, is_body)
            start, opening, closing, is_body = at + 1, -1, 0, False
    if start < len(words):
        yield Piece(words[start:], opening, closing or len(words) - start, is_body)


def _is_body(before: Sequence[str]) -> bool:
    """Whether braces that follow hold statements, as opposed to members or values."""
    return not before or (before[-1] in (")", "do", "else") and "=" not in before)


def _ends(text: str, separator: str, begins: str, following: str, is_body: bool) -> bool:
    """Whether a token outside all brackets ends a declaration."""
    if text in (separator, ";"):
        return following != "else" or begins != "if"
    if text != "}" or following == "else" or (following == "while" and begins == "do"):
        return False
    return is_body or begins == "}"


def _remarks(above: Sequence[Token], line: int) -> Iterator[Remark]:
    """The comments above a line, without our banner."""
    below = [*(token.line for token in above[1:]), line]
    for token, row in zip(above, below, strict=False):
        if BANNER not in token.text:
            yield Remark(token.text, token.line + token.text.count("\n") + 1 == row)


def _spaced(group: Sequence[Token]) -> str:
    """Tokens on one line, with a blank wherever there is white space between two."""
    parts: list[str] = []
    line, column = 0, 0
    for token in group:
        parts += [" ", token.text] if (token.line, token.column) != (line, column) else [token.text]
        line, column = token.line, token.column + len(token.text)
    return "".join(parts).strip()


def arguments(text: str) -> Iterator[str]:
    """The parameters in a list, split at the commas outside of brackets; none for ``void``."""
    depth, begin = 0, 0
    for index, char in enumerate(text + ","):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            if (word := text[begin:index].strip()) not in ("", "void"):
                yield word
            begin = index + 1


def within(outer: list[Piece]) -> Iterator[Piece]:
    """Pieces and all that stands in them."""
    for piece in outer:
        yield piece
        yield from within(piece.inner)


def function_begun(text: str) -> str:
    """The name of the function whose heading a text begins with; empty if it begins with none."""
    first = next(iter(pieces(f"{text} {{}}")), None)
    return first.name if first and first.kind == "function" else ""
