# SPDX-License-Identifier: GPL-2.0-only
"""C as tree-sitter sees it, for files that only their own kernel can compile.

It parses what it can, macros and all, and never gives up.
"""

import re
from collections.abc import Iterator

import tree_sitter_c
from tree_sitter import Language, Node, Parser

CONDITIONALS = ("preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "preproc_elifdef")
_DEFINITIONS = ("function_definition", "preproc_def", "preproc_function_def")
_COMMENT = r"/\*.*?\*/|//[^\n]*"
_LITERAL = r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""
# Attributes without arguments, of which the parser would make types.
_MARKS = re.compile(
    rb"\b(?:asmlinkage|noinline|__(?:init|exit|ref)(?:data|const)?"
    rb"|__(?:read_mostly|ro_after_init|visible|used|cold|weak|noreturn|must_check|maybe_unused"
    rb"|always_unused|always_inline))\b"
)


def without_marks(content: bytes) -> bytes:
    """C with blanks in place of the kernel's attributes."""
    return _MARKS.sub(lambda mark: b" " * len(mark[0]), content)


def parse(content: bytes) -> Node:
    """The root of a file's syntax tree."""
    return Parser(Language(tree_sitter_c.language())).parse(content).root_node


def outside_functions(root: Node) -> Iterator[tuple[Node, bool]]:
    """A file's declarations and directives, each with whether it stands in an ``#if`` block."""
    pending = [(node, False) for node in reversed(root.children)]
    while pending:
        node, conditional = pending.pop()
        if node.type in CONDITIONALS:
            pending += [(child, True) for child in reversed(node.children)]
        else:
            yield node, conditional


def text_of(node: Node | None) -> str:
    """A node's C; empty for none."""
    return (node.text or b"").decode(errors="surrogateescape") if node else ""


def bare(c: str) -> str:
    """C without comments and white space: equal for code that differs in layout alone."""
    return "".join(re.sub(_COMMENT, "", c, flags=re.DOTALL).split())


def silent(c: str) -> str:
    """C without comments, strings and characters."""
    return re.sub(f"{_COMMENT}|{_LITERAL}", " ", c, flags=re.DOTALL)


def words(c: str) -> set[str]:
    """The names and keywords in C."""
    return set(re.findall(r"[A-Za-z_]\w*", silent(c)))


def defined(node: Node) -> str:
    """The name of the function or macro that a node defines; empty for other nodes."""
    return text_of(declared(node)) if node.type in _DEFINITIONS else ""


def declared(node: Node) -> Node:
    """The name that a declaration or directive declares, within its declarators."""
    while inner := node.child_by_field_name("declarator") or node.child_by_field_name("name"):
        node = inner
    return node
