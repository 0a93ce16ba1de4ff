# SPDX-License-Identifier: GPL-2.0-only
"""C as tree-sitter sees it, for files that only their own kernel can compile.

It parses what it can, macros and all, and never gives up. The parser is native code and the C may
be a stranger's: where bubblewrap works, the parser runs confined, in a process whose program is
this module too.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import tree_sitter_c
from tree_sitter import Language, Parser

from xenhostgen.sandbox.confinement import is_trusting, obstacle
from xenhostgen.sandbox.process import BuildError
from xenhostgen.sandbox.reader import reader

CONDITIONALS = ("preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "preproc_elifdef")
_DEFINITIONS = ("function_definition", "preproc_def", "preproc_function_def")
_COMMENT = r"/\*.*?(?:\*/|\Z)|//[^\n]*"
_LITERAL = r""""(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?"""
_SILENT = re.compile(f"{_COMMENT}|{_LITERAL}", re.DOTALL)
_PARSED_MAX = 1 << 20  # bytes
_NESTED_MAX = 1000  # the parser takes more than 4 KiB of memory for each bracket that is open
_PAIRS = {")": "(", "]": "[", "}": "{"}
_INNER = rb"[^()]*+"
for _ in range(4):  # brackets within brackets
    _INNER = rb"[^()]*+(?:\(" + _INNER + rb"\)[^()]*+)*+"
# Attributes, which the parser takes for types, declarations or calls.
_WORDS = (
    rb"\b(?:asmlinkage|noinline|__(?:init|exit|ref)(?:data|const)?"
    rb"|__(?:read_mostly|ro_after_init|visible|used|cold|weak|noreturn|must_check|maybe_unused"
    rb"|always_unused|always_inline))\b"
)
_WITH_BRACKETS = rb"\b__(?:attribute__|section|aligned|printf)\s*+\(" + _INNER + rb"\)"


def without_marks(content: bytes, words_alone: bool = False) -> bytes:
    """C with blanks in place of the kernel's attributes, or of those that are one word."""
    marks = _WORDS if words_alone else _WORDS + rb"|" + _WITH_BRACKETS
    return re.sub(marks, lambda mark: re.sub(rb"[^\n]", b" ", mark[0]), content)


class Point(NamedTuple):
    """A place in a file, from 0; the column in bytes."""

    row: int
    column: int


_ROW = [str, str, int, int, bool, bool, int]
"""What the parser's process tells of a node: its type, its field, where it begins and ends, whether
it is named, whether it has an error, and how many children it has."""


class Node:
    """A node of a syntax tree; ``field`` is its role in its parent, such as ``declarator``."""

    def __init__(self, source: "_Source", parent: "Node | None", row: Sequence[Any]) -> None:
        if [*map(type, row)] != _ROW:
            raise TypeError(row)
        self.source, self.parent = source, parent
        self.type, self.field, self.start_byte, self.end_byte = row[:4]
        self.is_named, self.has_error, self.child_count = row[4:]
        self.index = len(parent.children) if parent else 0
        self.children: list[Node] = []
        if parent:
            parent.children.append(self)

    @property
    def named_children(self) -> list["Node"]:
        """The children but for punctuation and keywords."""
        return [child for child in self.children if child.is_named]

    @property
    def text(self) -> bytes:
        """Its C."""
        return self.source.content[self.start_byte : self.end_byte]

    @property
    def start_point(self) -> Point:
        """Where it begins."""
        return self.source.point(self.start_byte)

    @property
    def end_point(self) -> Point:
        """Where it ends."""
        return self.source.point(self.end_byte)

    @property
    def prev_sibling(self) -> "Node | None":
        """The node above, of the same parent."""
        return self.parent.children[self.index - 1] if self.parent and self.index else None

    @property
    def next_sibling(self) -> "Node | None":
        """The node below, of the same parent."""
        following = self.parent.children[self.index + 1 :] if self.parent else []
        return following[0] if following else None

    def children_by_field_name(self, name: str) -> list["Node"]:
        """The children that have this role."""
        return [child for child in self.children if child.field == name]

    def child_by_field_name(self, name: str) -> "Node | None":
        """The first child that has this role."""
        return next(iter(self.children_by_field_name(name)), None)


class _Source:
    """The content of a file, and where its lines begin."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    @cached_property
    def starts(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self.content.split(b"\n"))]

    def point(self, byte: int) -> Point:
        row = bisect_right(self.starts, byte) - 1
        return Point(row, byte - self.starts[row])


@lru_cache(maxsize=64)
def parse(content: bytes) -> Node:
    """The root of a file's syntax tree. Raises ``BuildError`` where the parser fails."""
    if obstacle() or is_trusting():
        rows = _rows(content.decode("latin-1"))
    else:
        with reader() as program:
            rows = program.ask(_rows, content.decode("latin-1"))
    source = _Source(content)
    try:
        return _tree(source, rows)
    except (ValueError, TypeError, IndexError) as error:
        raise BuildError("its parser's answer makes no sense") from error


def _rows(text: str) -> list[list[Any]]:
    """The rows of a syntax tree's nodes, each in front of those of its children."""
    language = Language(tree_sitter_c.language())
    cursor = Parser(language).parse(text.encode("latin-1")).walk()
    rows: list[list[Any]] = []
    while True:
        node = cursor.node
        assert node
        place = [node.type, cursor.field_name or "", node.start_byte, node.end_byte]
        rows.append([*place, node.is_named, node.has_error, node.child_count])
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return rows


def _tree(source: _Source, rows: Sequence[Sequence[Any]]) -> Node:
    """The nodes of rows; a row's parent is the last node above that still lacks a child."""
    root = node = Node(source, None, rows[0])
    for row in rows[1:]:
        while len(node.children) == node.child_count:
            if not node.parent:
                raise ValueError(row)
            node = node.parent
        node = Node(source, node, row)
    return root


def excess(content: bytes) -> str:
    """Why a file is too much for the parser, which no limit holds everywhere; empty if it isn't."""
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

    def without_comment(match: re.Match[str]) -> str:
        return "" if match[0].startswith("/") else match[0]

    return "".join(_SILENT.sub(without_comment, c).split())


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
