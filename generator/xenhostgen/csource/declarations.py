# SPDX-License-Identifier: GPL-2.0-only
"""Top-level declarations of C text, found by matching brackets and named, without parsing.

It works on incomplete code (the added lines of a patch), where a statement may stand outside any
function and a bracket may have lost its partner.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xenhostgen.csource.tokens import Kind, Token, code_tokens

_OPEN = {"(": ")", "[": "]", "{": "}"}
_CLOSE = frozenset(_OPEN.values())
_TAGS = ("struct", "union", "enum")
_STATEMENTS = frozenset(
    [
        *("if", "else", "for", "while", "do", "switch", "case", "default"),
        *("return", "goto", "break", "continue", "BUG", "BUG_ON"),
    ]
)
# They look like calls in a declaration and aren't part of what is declared.
_ATTRIBUTES = frozenset(["__attribute__", "__section", "__aligned", "__printf", "__asm__", "asm", "_Alignas"])
# The same without arguments: where a word of this kind stands, it is no name.
MARKS = re.compile(
    r"\b(?:asmlinkage|noinline|__(?:init|exit|ref)(?:data|const)?|__(?:read_mostly|ro_after_init|visible|used|cold"
    r"|weak|noreturn|must_check|maybe_unused|always_unused|always_inline))\b"
)
_STATEMENT_HEAD = 60  # characters of a statement that its label shows


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declaration, directive or stray statement at the top level of C text."""

    kind: str
    """``include``, ``macro``, another directive's word, ``enum``, ``struct``, ``union``,
    ``forward``, ``typedef``, ``function``, ``prototype``, ``variable``, ``export``, ``statement``.
    """
    name: str
    tokens: tuple[Token, ...]

    @property
    def label(self) -> str:
        """How messages call it: ``function foo_register``."""
        return f"{self.kind} {self.name}".strip()

    @property
    def body(self) -> tuple[int, int] | None:
        """Where its first brace list stands in ``tokens``: past the ``{``, and at the ``}``."""
        start = next((i for i, t in enumerate(self.tokens) if t.text == "{"), None)
        if start is None:
            return None
        end = next((i for i, d in _depths(self.tokens, start) if d == 0), len(self.tokens))
        return start + 1, end


def digest(declaration: Declaration) -> str:
    """The first 16 hex digits of the SHA-256 of its code tokens: layout doesn't count."""
    text = "".join(f"{kind}\t{word}\n" for kind, word in (t.code for t in declaration.tokens))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def declarations(text: str) -> list[Declaration]:
    """Split C text into its top-level declarations, in order."""
    return [_named(group) for group in _groups(code_tokens(text))]


def _depths(tokens: Sequence[Token], start: int = 0) -> Iterator[tuple[int, int]]:
    """Yield each index from ``start`` with the bracket depth after it; it never falls below 0."""
    depth = 0
    for index in range(start, len(tokens)):
        if tokens[index].kind in (Kind.PUNCTUATOR, Kind.PARAMETERS):
            if tokens[index].text in _OPEN:
                depth += 1
            elif tokens[index].text in _CLOSE:
                depth = max(0, depth - 1)
        yield index, depth


def _groups(tokens: list[Token]) -> Iterator[list[Token]]:
    """Cut the stream where a declaration ends."""
    group: list[Token] = []
    depth = 0
    in_directive = False
    body = None  # is the group's first brace list a function's body?
    for index, token in enumerate(tokens):
        if token.kind is Kind.DIRECTIVE:
            in_directive = True
            if depth == 0 and group:
                yield group
                group, body = [], None
        group.append(token)
        if in_directive:
            # Brackets in a directive pair off among themselves, if at all.
            in_directive = token.kind is not Kind.DIRECTIVE_END
            ended = not in_directive and depth == 0
        else:
            if token.kind is Kind.PUNCTUATOR and token.text in _OPEN:
                if depth == 0 and token.text == "{" and body is None:
                    body = _is_function(group)
                depth += 1
            elif token.kind is Kind.PUNCTUATOR and token.text in _CLOSE:
                depth = max(0, depth - 1)
            following = tokens[index + 1].text if index + 1 < len(tokens) else ""
            ended = depth == 0 and _ends(group, following, bool(body))
        if ended:
            yield group
            group, body = [], None
    if group:
        yield group


def _ends(group: list[Token], following: str, has_body: bool) -> bool:
    """Does the last token of ``group``, outside all brackets, end a declaration?"""
    last = group[-1].text
    if last == ";":
        return following != "else" or group[0].text not in _STATEMENTS
    if last != "}":
        return False
    if following == "else" or (following == "while" and group[0].text == "do"):
        return False
    if following in (";", ","):
        return following == ";" and has_body
    return has_body or group[0].text in {"{", "}"} | _STATEMENTS


def _is_function(group: list[Token]) -> bool:
    """Is its first top-level brace list a body (of a function or of a statement)?"""
    skeleton = _skeleton(group)
    words = [t.text for t in skeleton]
    if "{" not in words:
        return False
    head = words[: words.index("{")]
    return ")" in head[-1:] and "=" not in head


def _skeleton(group: Sequence[Token]) -> list[Token]:
    """The tokens outside brackets, and the outermost brackets themselves; attributes left out."""
    result: list[Token] = []
    skipping = False
    depth_before = 0
    for index, depth in _depths(group):
        token = group[index]
        if depth_before == 0 and token.text in _ATTRIBUTES:
            skipping = True
        elif not skipping and 0 in (depth, depth_before):
            result.append(token)
        if skipping and depth_before == 1 and depth == 0:
            skipping = False
        depth_before = depth
    return result


def _named(group: list[Token]) -> Declaration:
    kind, name = _directive_name(group) if group[0].text == "#" else _declared_name(group)
    return Declaration(kind, name, tuple(group))


def _directive_name(group: list[Token]) -> tuple[str, str]:
    words = [t.text for t in group[1:] if t.kind is not Kind.DIRECTIVE_END]
    if not words:
        return "directive", ""
    if words[0] == "define":
        return "macro", words[1] if len(words) > 1 else ""
    return words[0], " ".join(words[1:])


def _declared_name(group: list[Token]) -> tuple[str, str]:
    first = group[0].text
    skeleton = _skeleton(group)
    words = [token.text for token in skeleton]
    head = words[: words.index("{")] if "{" in words else words
    tagged = "{" in words and "=" not in head and any(word in _TAGS for word in head[:4])
    called = skeleton[words.index("(") - 1] if "(" in words[1:] else None
    if first.startswith("EXPORT_") and "SYMBOL" in first:
        kind, name = "export", "".join(token.text for token in group if token.text != ";")
    elif first == "typedef":
        kind, name = "typedef", ", ".join(declared_names(group))
    elif called and first not in _STATEMENTS and _is_function(group) and head.index("(") > 1:
        kind, name = "function", called.text
    elif tagged:
        kind, name = _tagged_name(group, head)
    elif first in _TAGS and len(words) == 3 and words[2] == ";":
        kind, name = "forward", " ".join(words[:2])
    elif not _is_declaration(words, skeleton):
        text = " ".join(token.text for token in group)
        kind, name = "statement", _shortened(text)
    elif called and called.kind is Kind.IDENTIFIER and "=" not in words:
        kind, name = "prototype", called.text
    else:
        kind, name = "variable", ", ".join(declared_names(group))
    return kind, name


def _tagged_name(group: list[Token], head: list[str]) -> tuple[str, str]:
    """The tag of a struct, union or enum's definition; without one, the names of its variables."""
    tag = next(index for index, word in enumerate(head) if word in _TAGS)
    if len(head) > tag + 1:
        return head[tag], head[tag + 1]
    names = [name for name in declared_names(group) if name != head[tag]]
    return ("variable", ", ".join(names)) if names else (head[tag], "(anonymous)")


def _shortened(text: str) -> str:
    if len(text) <= _STATEMENT_HEAD:
        return text
    return text[:_STATEMENT_HEAD].rsplit(" ", 1)[0] + " …"


def _is_declaration(words: list[str], skeleton: list[Token]) -> bool:
    """Two words in a row, or a word, stars and a word, start a declaration; `a = b` doesn't."""
    if words[0] in _STATEMENTS or skeleton[0].kind is not Kind.IDENTIFIER:
        return False
    if words[1:5] == ["(", ")", "(", ")"]:  # a pointer to a function: int (*name)(void)
        return True
    rest = [t for t in skeleton[1:] if t.text != "*"]
    return bool(rest) and rest[0].kind is Kind.IDENTIFIER


def declared_names(group: Sequence[Token]) -> list[str]:
    """The names that a variable, member or typedef declaration declares."""
    names: list[str] = []
    candidate = ""
    settled = False  # past an `=` or `:` the words belong to a value
    depth_before = 0
    for index, depth in _depths(group):
        token = group[index]
        if depth_before == 0 and token.text in (",", ";"):
            names.append(candidate)
            candidate, settled = "", False
        elif depth_before == 0 and token.text in ("=", ":"):
            settled = True
        elif not settled and _may_name(token):
            in_pointer = depth == 1 and group[index - 1].text == "*" and group[index - 2].text == "("
            if depth == 0 or in_pointer:
                candidate = token.text
                settled = in_pointer  # (*name)(…): the words behind it are parameters
        depth_before = depth
    if candidate:
        names.append(candidate)
    return [name for name in names if name]


def _may_name(token: Token) -> bool:
    return token.kind is Kind.IDENTIFIER and token.text not in _ATTRIBUTES and not MARKS.fullmatch(token.text)
