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
_COMMENT = r"/\*.*?(?:\*/|\Z)|//[^\n]*"
_LITERAL = r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""
_SILENT = re.compile(f"{_COMMENT}|{_LITERAL}", re.DOTALL)
_PARSED_MAX = 1 << 20  # bytes
_NESTED_MAX = 1000  # the parser takes more than 4 KiB of memory for each bracket that is open
_PAIRS = {")": "(", "]": "[", "}": "{"}
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


def excess(content: bytes) -> str:
    """Why a file of a stranger's isn't parsed in this process; empty if it may be."""
    if len(content) > _PARSED_MAX:
        return f"is larger than {_PARSED_MAX >> 20} MiB: not parsed"
    opened: list[str] = []
    for bracket in re.findall(r"[][(){}]", silent(content.decode("latin-1"))):
        if bracket not in _PAIRS:
            opened.append(bracket)
        elif opened[-1:] == [_PAIRS[bracket]]:
            opened.pop()
        if len(opened) > _NESTED_MAX:
            return f"nests more than {_NESTED_MAX} brackets: not parsed"
    return ""


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
    return "".join(_SILENT.sub(lambda match: match[0] * (match[0][0] != "/"), c).split())


def silent(c: str) -> str:
    """C without comments, strings and characters."""
    return _SILENT.sub(" ", c)


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
