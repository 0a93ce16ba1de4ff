# SPDX-License-Identifier: GPL-2.0-only
"""C text cut into pieces that a spec can be lifted from: declarations with the comments above them.

Brackets cut it, so that a bracket without its partner does no harm, and tree-sitter names a piece.
Only words are looked at, never the amount of white space: collapsed text lifts as well.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import NamedTuple

from tree_sitter import Node

from xenhostgen.csource.tokens import Kind, Token, tokens
from xenhostgen.extensions.kernel_tree.c_tree import declared, parse, text_of, without_marks
from xenhostgen.render.files import BANNER

_LABEL = 62  # characters of a statement that names it
_TAGS = {"enum_specifier": "enum", "struct_specifier": "struct", "union_specifier": "union"}


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

    def __init__(self, words: Sequence[Word], opening: int = 0, closing: int = 0) -> None:
        code = [word.token for word in words]
        self.code = _spaced(code)
        self.head = _spaced(code[:opening]) if opening else self.code
        self.first, self.last = code[0].line, code[-1].line
        self.remarks = tuple(_remarks(words[0].above, self.first))
        self._rest = _spaced(code[closing + 1 :]) if opening else ""
        self._inner = words[opening + 1 : closing] if opening else ()
        values = any(token.text in ("=", "enum") for token in code[:opening])
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
        if self.code.startswith("#"):
            word, _, rest = self.code[1:].strip().partition(" ")
            if word != "define":
                return word or "directive", rest.strip()
        braces = " {}" if self.head != self.code else ""
        c = f"{self.head}{braces}{self._rest}\n".encode(errors="replace")
        node = parse(c if c.startswith(b"#") else without_marks(c))
        first = next(iter(node.children), node)
        name = text_of(declared(first))
        names = ", ".join(_names(first))
        match first.type:
            case "preproc_def" | "preproc_function_def":
                return "macro", name
            case "function_definition" if name.isidentifier():
                return "function", name
            case "type_definition":
                return "typedef", names
            case "enum_specifier" | "struct_specifier" | "union_specifier":
                tag = _TAGS[first.type]
                return (tag, name) if braces else ("forward", f"{tag} {name}")
            case "declaration" if names:
                function = first.child_by_field_name("declarator")
                while function and function.type == "pointer_declarator":
                    function = function.child_by_field_name("declarator")
                called = function and function.type == "function_declarator"
                return "prototype" if called and name.isidentifier() else "variable", names
        if self.code.startswith("EXPORT_") and "SYMBOL" in self.code:
            return "export", self.code.removesuffix(";")
        return "statement", self.code[:_LABEL]


def _names(node: Node) -> Iterator[str]:
    """The names that a declaration declares, the last words of (*name) and the like."""
    for child in node.children_by_field_name("declarator"):
        yield from re.findall(r"\w+", text_of(declared(child)))[-1:]


@lru_cache(256)  # most of what is rendered again is as it was
def pieces(text: str) -> list[Piece]:
    """The pieces of C text, in order."""
    return list(_cut(list(_words(text)), ";"))


def _words(text: str) -> Iterator[Word]:
    above: list[Token] = []
    line = 0  # of the token before
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
    start = depth = opening = closing = 0
    is_body = in_directive = False
    for at, (token, _) in enumerate(words):
        if token.kind is Kind.DIRECTIVE:
            in_directive = True
            if depth == 0 and at > start:
                yield Piece(words[start:at], opening, closing)
                start, opening, closing = at, 0, 0
        if in_directive:  # brackets in it pair off among themselves, if at all
            in_directive = token.kind is not Kind.DIRECTIVE_END
            ended = not in_directive and depth == 0
        else:
            if token.text in ("(", "[", "{"):
                if token.text == "{" and depth == 0 and not opening:
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
            yield Piece(words[start : at + 1], opening, closing)
            start, opening, closing, is_body = at + 1, 0, 0, False
    if start < len(words):
        yield Piece(words[start:], opening, closing or len(words) - start)


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


def within(found: list[Piece]) -> Iterator[Piece]:
    """Pieces and all that stands in them."""
    for piece in found:
        yield piece
        yield from within(piece.inner)
