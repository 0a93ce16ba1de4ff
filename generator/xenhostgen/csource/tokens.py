# SPDX-License-Identifier: GPL-2.0-only
"""A tolerant C lexer: text in, tokens with positions out, whatever the text is.

It reads whole files, and fragments of patches whose white space was collapsed on the way. So the
amount of white space never matters. One thing about layout does: a newline ends a directive.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
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
_TOKEN = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS.items())
_KINDS = Kind.__members__
_ANYWHERE = re.compile(_TOKEN, re.DOTALL)
_BEHIND_INCLUDE = re.compile(rf"(?P<HEADER><[^>\n]*>)|{_TOKEN}", re.DOTALL)
_SPLICE = r"\\[ \t]*\r?\n"
_LAYOUT = rf"(?:[ \t\r\f\v]|{_SPLICE}|/\*.*?\*/)*+"
_INCLUDE = rf"(?:\A|\n){_LAYOUT}(#{_LAYOUT}include{_LAYOUT}(<[^>\n]*>|\"[^\"\n]*\"))"
# A directive stands behind the end of a line, unless that is within one of the others.
_INCLUDES = re.compile(
    f"{_INCLUDE}|{_SPLICE}|{_PATTERNS['COMMENT']}|{_PATTERNS['STRING']}"
    f"|{_PATTERNS['CHAR']}|{_PATTERNS['ERROR']}",
    re.DOTALL,
)


def tokens(text: str, line: int = 1) -> Iterator[Token]:
    """Yield every token of ``text``, whose first line is ``line``. Never raises.

    The tokens' texts, joined, are ``text``.
    """
    position = line_start = 0
    fresh_line = True  # only blanks and comments so far: a '#' starts a directive
    directive: list[str] = []  # the first few words of the directive that we are in
    kind = Kind.BLANK
    while position < len(text):
        in_include = directive[1:] in (["include"], ["include_next"])
        match = (_BEHIND_INCLUDE if in_include else _ANYWHERE).match(text, position)
        assert match is not None, "the last alternative takes any character"
        word, name = match[0], str(match.lastgroup)
        if name == "NEWLINE":
            kind = Kind.DIRECTIVE_END if directive else Kind.BLANK
            fresh_line, directive = True, []
        elif word == "#" and fresh_line:
            kind = Kind.DIRECTIVE
        elif word == "(" and kind is Kind.IDENTIFIER and directive[1:-1] == ["define"]:
            kind = Kind.PARAMETERS
        else:
            kind = _KINDS[name]
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
    kept = []
    for token in tokens(text, first_line):
        if token.kind not in (Kind.BLANK, Kind.COMMENT):
            folded = " ".join(token.text.split())  # the end of a directive becomes empty that way
            kept.append(token if folded == token.text else replace(token, text=folded))
    return kept


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


class Include(NamedTuple):
    """A header that C includes, in its brackets or quotes, and where the directive lies."""

    header: str
    start: int
    end: int


def includes(text: str) -> list[Include]:
    """The includes of C, those under conditions too; without tokens, of which there may be many."""
    return [Include(match[2], *match.span(1)) for match in _INCLUDES.finditer(text) if match[1]]


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
