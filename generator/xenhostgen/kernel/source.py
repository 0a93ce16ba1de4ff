# SPDX-License-Identifier: GPL-2.0-only
"""A C file of the kernel as tree-sitter sees it: it parses what it can, macros and all, and never gives up."""

from collections.abc import Iterator
from functools import cached_property

import tree_sitter_c
from tree_sitter import Language, Node, Parser

from xenhostgen.csource.reduction import bare, defined, text_of
from xenhostgen.spec.source import At, Problems


def words(node: Node) -> str:
    """A node's code without comments and white space."""
    return bare(text_of(node))


class KernelFile:
    """A file's lines, its syntax tree, and what is wrong with it. Rows count from 0."""

    def __init__(self, path: str, content: bytes) -> None:
        self.content = content
        text = content.decode(errors="surrogateescape")
        self.lines = text.split("\n")
        self.problems = Problems(path, text)

    def wrong(self, rule: str, message: str, row: int, hint: str) -> None:
        """Note a problem at the first character of a line that isn't blank."""
        row = max(0, min(row, len(self.lines) - 1))
        indent = len(self.lines[row]) - len(self.lines[row].lstrip())
        self.problems.add(rule, message, At(row + 1, indent + 1), hint)

    @cached_property
    def _top(self) -> list[Node]:
        return Parser(Language(tree_sitter_c.language())).parse(self.content).root_node.children

    def nodes(self, kind: str) -> Iterator[tuple[Node, bool]]:
        """The file's nodes of a kind, each with whether it stands in an ``#if`` block."""
        todo = [(node, False) for node in self._top]
        while todo:
            node, inside = todo.pop(0)
            if node.type == kind:
                yield node, inside
            elif node.type.startswith(("preproc_if", "preproc_el")):
                todo = [(child, True) for child in node.children] + todo

    @cached_property
    def functions(self) -> dict[str, list[tuple[Node, bool]]]:
        """The function definitions by name."""
        found: dict[str, list[tuple[Node, bool]]] = {}
        for node, inside in self.nodes("function_definition"):
            if name := defined(node):
                found.setdefault(name, []).append((node, inside))
        return found

    def above(self, node: Node) -> int:
        """The row on which a function begins, with the comments directly above it."""
        while (comment := node.prev_sibling) and comment.type == "comment":
            if comment.end_point.row + 1 != node.start_point.row:
                break
            node = comment
        return node.start_point.row

    def below(self, node: Node) -> int:
        """The row below a function and the exports that belong to it."""
        row = node.end_point.row + 1
        while row < len(self.lines) and self.lines[row].startswith("EXPORT_"):
            row += 1
        return row
