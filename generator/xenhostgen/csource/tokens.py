# SPDX-License-Identifier: GPL-2.0-only
"""A tolerant C lexer: text in, tokens with positions out, whatever the text is.

It reads whole files, and fragments of patches whose white space was collapsed on the way. So the
amount of white space never matters. One thing about layout does: a newline ends a directive.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Kind(StrEnum):
    """What a token is."""

    BLANK = "blank"
    COMMENT = "comment"
    DIRECTIVE = "directive"  # the '#' that starts one
    DIRECTIVE_END = "directive end"  # its newline; empty at the end of the text
    HEADER = "header"  # <linux/types.h>
    PARAMETERS = "parameters"  # the '(' that touches a macro's name: without it, it is a body
    IDENTIFIER = "identifier"
    NUMBER = "number"
    STRING = "string"
    CHAR = "char"
    PUNCTUATOR = "punctuator"
    ERROR = "error"  # an unterminated comment, string or character constant
    OTHER = "other"  # a character that C has no use for


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of C text; its place doesn't count when tokens are compared.

    ``line`` and ``column`` count from 1, in characters.
    """

    kind: Kind
    text: str
    line: int = field(compare=False)
    column: int = field(compare=False)


_PATTERNS = {
    "COMMENT": r"/\*.*?\*/|//(?:\\\r?\n|[^\n])*",
    "NEWLINE": r"\n",
    "BLANK": r"(?:[ \t\r\f\v]|\\[ \t]*\r?\n)+",
    "STRING": r'(?:u8|[uUL])?"(?:\\.|[^"\\\n])*"',
    "CHAR": r"[uUL]?'(?:\\.|[^'\\\n])*'",
    "ERROR": r"/\*.*|(?:u8|[uUL])?[\"'](?:\\.|[^\"'\\\n])*",
    "IDENTIFIER": r"[^\W\d]\w*",
    "NUMBER": r"\.?\d(?:[eEpP][+-]|[\w.])*",
    "PUNCTUATOR": r"\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|[<>=!]=|&&|\|\||[-*/%+&^|]=|##"
    r"|[][(){}.&*+\-~!/%<>^|?:;=,#]",
    "OTHER": r".",
}
_TOKEN = re.compile("|".join(f"(?P<{kind}>{p})" for kind, p in _PATTERNS.items()), re.DOTALL)
_HEADER = re.compile(r"(?P<HEADER><[^>\n]*>)")


def tokens(text: str, line: int = 1) -> Iterator[Token]:
    """Yield every token of ``text``, whose first line is ``line``. Never raises.

    The tokens' texts, joined, are ``text``.
    """
    position = line_start = 0
    fresh_line = True  # only blanks and comments so far: a '#' starts a directive
    directive: list[str] = []  # the first few words of the directive that we are in
    kind = Kind.BLANK
    while position < len(text):
        in_include = directive in (["#", "include"], ["#", "include_next"])
        match = _HEADER.match(text, position) if in_include else None
        match = match or _TOKEN.match(text, position)
        assert match is not None, "the last alternative takes any character"
        word, name = match.group(), str(match.lastgroup)
        in_macro_name = kind is Kind.IDENTIFIER and directive[1:-1] == ["define"]
        if name == "NEWLINE":
            kind = Kind.DIRECTIVE_END if directive else Kind.BLANK
            fresh_line, directive = True, []
        elif word == "#" and fresh_line:
            kind = Kind.DIRECTIVE
        else:
            kind = Kind.PARAMETERS if word == "(" and in_macro_name else Kind[name]
        yield Token(kind, word, line, position - line_start + 1)
        if kind not in (Kind.BLANK, Kind.COMMENT, Kind.DIRECTIVE_END):
            fresh_line = False
            if kind is Kind.DIRECTIVE or 0 < len(directive) < 4:
                directive.append(word)
        if newlines := word.count("\n"):
            line += newlines
            line_start = position + word.rindex("\n") + 1
        position = match.end()
    if directive:
        yield Token(Kind.DIRECTIVE_END, "", line, position - line_start + 1)


def code_tokens(text: str, first_line: int = 1) -> list[Token]:
    """The tokens that a compiler sees: no comments, no blanks; ends of directives are kept.

    White space inside strings and broken tokens is folded, since archives of mails fold it too.
    """
    return [
        # The end of a directive becomes empty that way.
        Token(token.kind, " ".join(token.text.split()), token.line, token.column)
        for token in tokens(text, first_line)
        if token.kind not in (Kind.BLANK, Kind.COMMENT)
    ]


class Parts(NamedTuple):
    """The tokens of C: those of each directive, without its '#', and those between directives."""

    directives: list[list[Token]]
    code: list[Token]


@lru_cache(maxsize=32)
def parts(text: str) -> Parts:
    """Take C apart; comments and blanks are left out."""
    parts = Parts([], [])
    tokens = parts.code
    for token in code_tokens(text):
        if token.kind is Kind.DIRECTIVE:
            tokens = []
            parts.directives.append(tokens)
        elif token.kind is Kind.DIRECTIVE_END:
            tokens = parts.code
        else:
            tokens.append(token)
    return parts


def includes(text: str) -> Iterator[str]:
    """The headers that C includes, without their brackets or quotes."""
    for directive in parts(text).directives:
        match directive:
            case [Token(text="include"), Token(text=header), *_]:
                yield header[1:-1]


def comments(text: str) -> list[str]:
    """The words of each comment: white space folded, the stars at the starts of lines removed."""
    return [_comment_words(token.text) for token in tokens(text) if token.kind is Kind.COMMENT]


def _comment_words(text: str) -> str:
    if text.startswith("//"):
        return " ".join(text.lstrip("/").split())
    return " ".join(re.sub(r"\n[^\S\n]*\*", "\n", text[2:-2].strip("*")).split())


def spaced(text: str) -> str:
    """``text`` on one line: comments dropped, every run of white space one blank, strings kept."""
    parts: list[str] = []
    for token in tokens(text):
        if token.kind not in (Kind.BLANK, Kind.COMMENT, Kind.DIRECTIVE_END):
            parts.append(token.text)
        elif parts and parts[-1] != " ":
            parts.append(" ")
    return "".join(parts).strip()
