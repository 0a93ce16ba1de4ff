# SPDX-License-Identifier: GPL-2.0-only
"""A file's text as what counts when two are compared: its declarations, and its comments."""

import hashlib
import re

from xenhostgen.csource.tokens import Kind, Token, code_tokens, comments
from xenhostgen.extensions.patches.declarations import Declaration, declarations, digest
from xenhostgen.render.files import BANNER


def declared(path: str, text: str, first_line: int = 1) -> list[Declaration]:
    """The declarations of C, which stands in its file from ``first_line`` on.

    Of any other file the lines.
    """
    return declarations(text, first_line) if _is_c(path) else _lines(text, first_line)


def remarks(path: str, text: str) -> list[str]:
    """The words of each comment; outside C, of what follows a ``#``.

    A banner is none: it's about the file.
    """
    after = (line.partition("#") for line in text.split("\n"))
    found = (
        comments(text)
        if _is_c(path)
        else [" ".join(words.split()) for _, mark, words in after if mark]
    )
    return [words for words in found if not words.startswith(BANNER)]


def code_digest(text: str) -> str:
    """A digest of a piece of C's tokens; layout and comments don't count."""
    return digest(Declaration("", "", tuple(code_tokens(text))))


def words_digest(text: str) -> str:
    """A digest of a text's words; the amount of white space between them doesn't count."""
    words = " ".join(text.split()).encode("utf-8", "surrogatepass")
    return hashlib.sha256(words).hexdigest()[:16]


def function_begun(text: str) -> str:
    """The name of the function whose heading a text begins with, or an empty string."""
    first = next(iter(declarations(text)), None)
    if first is None or first.kind not in ("function", "prototype"):
        return ""
    declares_only = first.kind == "prototype" and first.tokens[-1].text == ";"
    return "" if declares_only else first.name


def _is_c(path: str) -> bool:
    return path.endswith((".c", ".h"))


def _lines(text: str, first_line: int) -> list[Declaration]:
    made = []
    for number, line in enumerate(text.split("\n"), first_line):
        words = list(re.finditer(r"\S+", line.partition("#")[0]))
        if words:
            tokens = [Token(Kind.OTHER, word[0], number, word.start() + 1) for word in words]
            name = " ".join(token.text for token in tokens)
            made.append(Declaration("line", name, tuple(tokens)))
    return made
