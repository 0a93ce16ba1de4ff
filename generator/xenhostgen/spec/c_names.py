# SPDX-License-Identifier: GPL-2.0-only
"""Words of C: which are taken, what a declaration declares, and what is a type."""

import re
from functools import cache
from itertools import pairwise

KEYWORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if "
    "inline int long register restrict return short signed sizeof static struct switch typedef "
    "union unsigned void volatile while asm typeof _Bool _Complex _Generic _Atomic _Noreturn "
    "_Alignas _Alignof _Static_assert _Thread_local __attribute__ __inline __volatile__ __asm__ "
    "__typeof__".split()
)
# Words that kernel headers define for everyone; a symbol of ours by that name would not compile.
RESERVED = frozenset(
    "NULL true false bool BUG BUG_ON EXPORT_SYMBOL_GPL linux unix i386 current".split()
)
STORAGE = frozenset("static extern inline register auto typedef".split())
_BASE = frozenset("void char short int long float double signed unsigned bool _Bool".split())
# Read from the end, where the name stands: from the front it would try every word on the way.
_DECLARED = re.compile(r"\s*(?:\][^\[\]]*\[\s*)*(\w*[A-Za-z_])", re.ASCII)
_WORD = re.compile(r"\"[^\"]*\"|'[^']*'|\w+|\S")
_ADJACENT = re.compile(r"\w\w")
_MARKS = frozenset("()[],=:'\"")
_CLOSING = {")": "(", "]": "["}
# Keywords that no expression of C has outside brackets.
_STATEMENTS = KEYWORDS - {"sizeof", "_Alignof", "_Generic", "__typeof__"}
_FUNCTION_POINTER = re.compile(r"\(\s*\*\s*([A-Za-z_]\w*)\s*(?:\[[^\[\]]*\])?\s*\)")


def declared_name(c: str) -> str:
    """The name that a C declaration declares; empty if it declares none."""
    last_word = c.rpartition(" ")[2].lstrip("*")
    if last_word.isidentifier() and last_word.isascii():
        return last_word
    if match := _FUNCTION_POINTER.search(c):
        return match[1]
    match = _DECLARED.match(c[::-1])
    return match[1][::-1] if match else ""


def spaced_type(c_type: str) -> str:
    """A C type with the blank that stands between it and a name, none behind a '*'."""
    return c_type if c_type.endswith("*") else c_type + " "


def declares_one(c: str) -> bool:
    """Whether brackets match and no second declaration, initialiser or width follows."""
    if _MARKS.isdisjoint(c):
        return True
    words = _outer_words(c)
    return words is not None and {",", "=", ":"}.isdisjoint(words)


def is_expression(c: str) -> bool:
    """Whether C is one value or call: no declaration, no statement and no second expression."""
    words = _outer_words(c)
    if not words or "," in words or not _STATEMENTS.isdisjoint(words):
        return False
    return not any(
        _ADJACENT.fullmatch(first[-1] + second[0]) and first != "sizeof"
        for first, second in pairwise(words)
    )


def _outer_words(c: str) -> list[str] | None:
    """The words of C outside its brackets, with the opening ones; None if quotes or brackets fail.

    Whoever declares or calls things inside brackets changes nothing around them.
    """
    outer: list[str] = []
    opened: list[str] = []
    for word in _WORD.findall(c):
        if word in _CLOSING:
            if not opened or opened.pop() != _CLOSING[word]:
                return None
            continue
        if word in ('"', "'"):
            return None
        if not opened:
            outer.append(word)
        if word in ("(", "["):
            opened.append(word)
    return None if opened else outer


@cache
def is_type(c: str) -> bool:
    """Whether C may stand before a function's name: no storage class, and no name in it."""
    words = re.findall(r"\w+", c)
    if not declares_one(c) or not STORAGE.isdisjoint(words):
        return False
    words = [
        word for word in words if word not in ("const", "volatile") and not word.startswith("__")
    ]
    if words and words[0] in ("struct", "union", "enum"):
        return len(words) == 2
    return len(words) < 2 or "(" in c or _BASE.issuperset(words)
