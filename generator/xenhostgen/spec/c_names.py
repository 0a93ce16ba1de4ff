# SPDX-License-Identifier: GPL-2.0-only
"""Words of C: which are taken, and which one a declaration declares."""

import re

KEYWORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline "
    "int long register restrict return short signed sizeof static struct switch typedef union unsigned "
    "void volatile while asm typeof _Bool _Complex _Generic _Atomic _Noreturn _Alignas _Alignof "
    "_Static_assert _Thread_local __attribute__ __inline __volatile__ __asm__ __typeof__".split()
)
# Words that kernel headers define for everyone; a symbol of ours by that name would not compile.
RESERVED = frozenset(
    "NULL true false bool BUG BUG_ON EXPORT_SYMBOL_GPL linux unix i386 current".split()
)
# Read from the end, where the name stands: to look for it from the front would try every word on the way.
_DECLARED = re.compile(r"\s*(?:\][^\[\]]*\[\s*)*(\w*[A-Za-z_])", re.ASCII)
_FUNCTION_POINTER = re.compile(r"\(\s*\*\s*([A-Za-z_]\w*)\s*(?:\[[^\[\]]*\])?\s*\)")


def declared_name(c: str) -> str:
    """The name that a C declaration declares; empty if it declares none."""
    last = c.rpartition(" ")[2].lstrip("*")
    if last.isidentifier() and last.isascii():
        return last
    if found := _FUNCTION_POINTER.search(c):
        return found[1]
    found = _DECLARED.match(c[::-1])
    return found[1][::-1] if found else ""
