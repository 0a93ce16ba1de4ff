# SPDX-License-Identifier: GPL-2.0-only
"""C text cut into pieces that a spec can be lifted from: declarations with the comments above them.

Only words are looked at, never the amount of white space, so that collapsed text lifts as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import NamedTuple

from xenhostgen.csource.tokens import Kind, Token, tokens
from xenhostgen.extensions.patches.declarations import Declaration, declared_by
from xenhostgen.render.files import BANNER


class Remark(NamedTuple):
    """A comment of whole lines; ``adjacent``: what it is about stands on the next line."""

    text: str
    adjacent: bool


@dataclass(frozen=True)
class Piece:
    """A declaration, directive, enumerator or statement; lines count from 1.

    ``code`` is its text on one line, ``head`` what stands before its braces, ``body`` the text
    between them as it stands, ``remarks`` the comments since the piece before.
    """

    kind: str
    name: str
    code: str
    head: str
    body: str
    body_line: int
    remarks: tuple[Remark, ...]
    first: int
    last: int

    @cached_property
    def inner(self) -> "list[Piece]":
        """What stands between its braces, lines counted as in the text that this is a piece of."""
        if not self.body:
            return []
        return pieces(self.body, self.body_line, "," if self.kind == "enum" else ";")


@lru_cache(256)  # most of what is rendered again is as it was
def pieces(text: str, line: int = 1, separator: str = ";") -> list[Piece]:
    """The pieces of C text that begins on a line, in order, by what separates them."""
    code, remarks = _code_and_remarks(text, line)
    starts = [0, *accumulate(len(row) + 1 for row in text.split("\n"))]

    def offset(token: Token) -> int:
        return starts[token.line - line] + token.column - 1

    def braced(piece: Declaration) -> tuple[str, int, Sequence[Token]]:
        """What stands between a piece's braces, the line of that, and what stands before."""
        if not piece.body:
            return "", piece.tokens[0].line, piece.tokens
        begin, end = piece.body
        closing = offset(piece.tokens[end]) if end < len(piece.tokens) else len(text)
        body = text[offset(piece.tokens[begin - 1]) + 1 : closing]
        return body, piece.tokens[begin - 1].line, piece.tokens[: begin - 1]

    cut: list[Piece] = []
    for piece in declared_by(code, separator):
        first, last = piece.tokens[0].line, piece.tokens[-1].line
        above: list[Token] = []
        while remarks and remarks[0].line < first:
            above.append(remarks.pop(0))
            if cut and above[-1].line <= cut[-1].last:  # it stands within that one
                above.pop()
        body, body_line, head = braced(piece)
        texts = (_spaced(piece.tokens), _spaced(head), body)
        seen = tuple(_remarks(above, first))
        cut.append(Piece(piece.kind, piece.name, *texts, body_line, seen, first, last))
    return cut


def _code_and_remarks(text: str, line: int) -> tuple[list[Token], list[Token]]:
    """The tokens of C text, and the comments in it that begin a line."""
    lines = text.split("\n")
    code: list[Token] = []
    remarks: list[Token] = []
    for token in tokens(text, line):
        if token.kind is Kind.COMMENT:
            before = lines[token.line - line][: token.column - 1]
            remarks += [] if before.strip() else [token]
        elif token.kind is Kind.DIRECTIVE_END:
            code.append(replace(token, text=""))
        elif token.kind is not Kind.BLANK:
            code.append(token)
    return code, remarks


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


def within(found: list[Piece]) -> Iterator[Piece]:
    """Pieces and all that stands in them."""
    for piece in found:
        yield piece
        yield from within(piece.inner)
