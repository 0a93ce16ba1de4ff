# SPDX-License-Identifier: GPL-2.0-only
"""C text cut into pieces that a spec can be lifted from: declarations with the comments above them.

Only words are looked at, never the amount of white space, so that collapsed text lifts as well.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from xenhostgen.csource.tokens import Kind, Token, spaced, tokens
from xenhostgen.extensions.patches.declarations import declarations
from xenhostgen.render.files import BANNER
from xenhostgen.render.style import comment


@dataclass(frozen=True, slots=True)
class Piece:
    """A declaration, directive or statement; lines count from 1, those of its comment apart.

    ``code`` is its text on one line, ``inner`` the text between its braces as it stands, which
    begins on ``inner_line``, ``remark`` the comment that ends on the line above.
    """

    kind: str
    name: str
    code: str
    inner: str
    inner_line: int
    remark: str
    first: int
    last: int


def pieces(text: str) -> list[Piece]:
    """The pieces of C text, in order."""
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]

    def offset(token: Token) -> int:
        return starts[token.line - 1] + token.column - 1

    remarks = {
        token.line + token.text.count("\n"): token.text
        for token in tokens(text)
        if token.kind is Kind.COMMENT and not lines[token.line - 1][: token.column - 1].strip()
    }
    made = []
    for found in declarations(text):
        first, last = found.tokens[0], found.tokens[-1]
        end = offset(last) + len(last.text)
        inner, inner_line = "", first.line
        if found.body:
            opening, closing = found.tokens[found.body[0] - 1], found.tokens[found.body[1] :]
            inner = text[offset(opening) + 1 : offset(closing[0]) if closing else end]
            inner_line = opening.line
        code = spaced(text[offset(first) : end])
        remark = remarks.get(first.line - 1, "")
        made.append(
            Piece(found.kind, found.name, code, inner, inner_line, remark, first.line, last.line)
        )
    return made


def free_comment(text: str, before: int) -> str:
    """The last comment above a line that has a blank line below it; empty if there is none."""
    lines = text.split("\n")
    found = ""
    for token in tokens(text):
        end = token.line + token.text.count("\n")
        if end >= before:
            break
        if token.kind is Kind.COMMENT and not lines[end].strip():
            found = token.text
    return found


def doc(remark: str) -> str:
    """The words of a block comment, line by line.

    Empty for a banner and forms that templates don't write.
    """
    words = prose(body(remark))
    same = [line.split() for line in comment(words).split("\n")] == [
        line.split() for line in remark.split("\n")
    ]
    return words if same and not words.startswith(BANNER) else ""


def prose(lines: Sequence[str]) -> str:
    """A text of these lines, with a line's end behind it if there are several."""
    return "\n".join(lines) + ("\n" if len(lines) > 1 else "")


def body(remark: str) -> list[str]:
    """A block comment's lines without its first and last, and without the stars."""
    return [re.sub(r"^\s*\* ?", "", line) for line in remark.split("\n")[1:-1]]


def arguments(text: str) -> Iterator[str]:
    """The parameters in a list, split at the commas outside of brackets; none for ``void``."""
    depth, begin = 0, 0
    for index, char in enumerate(text + ","):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            if (word := text[begin:index].strip()) not in ("", "void"):
                yield word
            begin = index + 1
