# SPDX-License-Identifier: GPL-2.0-only
"""Top-level declarations of C text, found by matching brackets and named, without parsing.

It works on incomplete code (the added lines of a patch), where a statement may stand outside any
function and a bracket may have lost its partner.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import shorten

from xenhostgen.csource.tokens import Kind, Token, code_tokens

_OPEN = frozenset("([{")
_CLOSE = frozenset(")]}")
_TAGS = ("struct", "union", "enum")
_STATEMENTS = frozenset(
    "if else for while do switch case default return goto break continue BUG BUG_ON".split()
)
# They look like calls in a declaration and aren't part of what is declared.
_ATTRIBUTES = frozenset(
    ["__attribute__", "__section", "__aligned", "__printf", "__asm__", "asm", "_Alignas"]
)
# The same without arguments: where a word of this kind stands, it is no name.
MARKS = re.compile(
    r"\b(?:asmlinkage|noinline|__(?:init|exit|ref)(?:data|const)?"
    r"|__(?:read_mostly|ro_after_init|visible|used|cold|weak|noreturn|must_check|maybe_unused"
    r"|always_unused|always_inline))\b"
)
_STATEMENT_HEAD = 62  # characters of a statement that its label shows


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
        rest = enumerate(nested(self.tokens[start:]), start)
        return start + 1, next((i for i, (_, _, after) in rest if after == 0), len(self.tokens))


def digest(declaration: Declaration) -> str:
    """The first 16 hex digits of the SHA-256 of its code tokens: layout doesn't count."""
    text = "".join(f"{token.kind}\t{token.text}\n" for token in declaration.tokens)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def declarations(text: str, first_line: int = 1) -> list[Declaration]:
    """The top-level declarations of C text, which begins at ``first_line``, in order."""
    return declared_by(code_tokens(text, first_line))


def declared_by(tokens: Sequence[Token], separator: str = ";") -> list[Declaration]:
    """The declarations of C tokens; what separates them ends each as a semicolon does."""
    return [Declaration(*_name(group), tuple(group)) for group in _groups(tokens, separator)]


def nested(tokens: Sequence[Token]) -> Iterator[tuple[Token, int, int]]:
    """Yield each token with the bracket depth before and after it, which never falls below 0."""
    before = after = 0
    for token in tokens:
        if token.kind in (Kind.PUNCTUATOR, Kind.PARAMETERS):
            after = max(0, before + (token.text in _OPEN) - (token.text in _CLOSE))
        yield token, before, after
        before = after


def _groups(tokens: Sequence[Token], separator: str) -> Iterator[list[Token]]:
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
                    body = _is_function(_head([each.text for each in _skeleton(group)]))
                depth += 1
            elif token.kind is Kind.PUNCTUATOR and token.text in _CLOSE:
                depth = max(0, depth - 1)
            following = tokens[index + 1].text if index + 1 < len(tokens) else ""
            separates = token.text == separator != ";"
            ended = depth == 0 and (separates or _ends(group, following, bool(body)))
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
    if last != "}" or following == "else" or (following == "while" and group[0].text == "do"):
        return False
    if following in (";", ","):
        return following == ";" and has_body
    return has_body or group[0].text in {"{", "}"} | _STATEMENTS


def _head(words: list[str]) -> list[str]:
    """What stands before the first brace list at the top level."""
    return words[: words.index("{")] if "{" in words else words


def _is_function(head: list[str]) -> bool:
    """Is the brace list behind a head a body (of a function or of a statement)?"""
    return head[-1:] == [")"] and "=" not in head


def _skeleton(group: Sequence[Token]) -> list[Token]:
    """The tokens outside brackets, and the outermost brackets themselves; attributes left out."""
    result: list[Token] = []
    skipping = False
    for token, before, after in nested(group):
        skipping = skipping or (before == 0 and token.text in _ATTRIBUTES)
        if not skipping and 0 in (before, after):
            result.append(token)
        if before == 1 and after == 0:
            skipping = False
    return result


def _name(group: list[Token]) -> tuple[str, str]:
    """The kind and the name of a declaration or directive."""
    first, *others = [token.text for token in group]
    if first == "#":
        word, *rest = [word for word in others if word] or ["directive"]
        return ("macro", "".join(rest[:1])) if word == "define" else (word, " ".join(rest))
    skeleton = _skeleton(group)
    words = [token.text for token in skeleton]
    head = _head(words)
    called = skeleton[words.index("(") - 1] if "(" in words[1:] else None
    if first.startswith("EXPORT_") and "SYMBOL" in first:
        return "export", "".join(token.text for token in group if token.text != ";")
    if first == "typedef":
        return "typedef", ", ".join(declared_names(group))
    has_body = head != words and _is_function(head)
    if has_body and first not in _STATEMENTS and "(" in head and head.index("(") > 1:
        return "function", head[head.index("(") - 1]
    if head != words and "=" not in head and any(word in _TAGS for word in head[:4]):
        return _tagged_name(group, head)
    if first in _TAGS and len(words) == 3 and words[2] == ";":
        return "forward", " ".join(words[:2])
    if not _is_declaration(words, skeleton):
        return "statement", shorten(" ".join([first, *others]), _STATEMENT_HEAD, placeholder=" …")
    if called and called.kind is Kind.IDENTIFIER and "=" not in words:
        return "prototype", called.text
    return "variable", ", ".join(declared_names(group))


def _tagged_name(group: list[Token], head: list[str]) -> tuple[str, str]:
    """The tag of a struct, union or enum's definition; without one, the names of its variables."""
    tag = next(index for index, word in enumerate(head) if word in _TAGS)
    if len(head) > tag + 1:
        return head[tag], head[tag + 1]
    names = [name for name in declared_names(group) if name != head[tag]]
    return ("variable", ", ".join(names)) if names else (head[tag], "(anonymous)")


def _is_declaration(words: list[str], skeleton: list[Token]) -> bool:
    """Two words in a row, or a word, stars and a word, start a declaration; `a = b` doesn't."""
    if not words or words[0] in _STATEMENTS or skeleton[0].kind is not Kind.IDENTIFIER:
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
    for index, (token, before, after) in enumerate(nested(group)):
        marks = token.text in _ATTRIBUTES or MARKS.fullmatch(token.text)
        if before == 0 and token.text in (",", ";"):
            names.append(candidate)
            candidate, settled = "", False
        elif before == 0 and token.text in ("=", ":"):
            settled = True
        elif not settled and token.kind is Kind.IDENTIFIER and not marks:
            in_pointer = (
                after == 1 and group[index - 1].text == "*" and group[index - 2].text == "("
            )
            if after == 0 or in_pointer:
                candidate = token.text
                settled = in_pointer  # (*name)(…): the words behind it are parameters
    return [name for name in (*names, candidate) if name]
