# SPDX-License-Identifier: GPL-2.0-only
"""A C file of the kernel as tree-sitter sees it: it parses what it can, macros and all, and never gives up."""

from collections.abc import Iterator
from functools import cached_property

import tree_sitter_c
from tree_sitter import Language, Node, Parser

from xenhostgen.extensions.kernel_tree.reduction import defined
from xenhostgen.spec.source import At, Problems


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
        """The row on which a function begins, with the comments directly above it and what shares its lines."""
        while previous := node.prev_sibling:
            last = previous.end_point.row - (
                previous.end_point.column == 0
            )  # a directive ends with its newline
            first = self.lines[previous.start_point.row].lstrip()
            comment = previous.type == "comment" and first.startswith(("/*", "//"))
            # The parser takes a line of specifiers that it doesn't know for a declaration without an end.
            specifiers = (
                previous.has_error
                and previous.type in ("ERROR", "declaration")
                and "(" not in first
            )
            if last < node.start_point.row - (comment or specifiers):
                break
            node = previous
        return node.start_point.row

    def below(self, node: Node) -> int:
        """The row below a node, the rest of its last line, and a function's exports. Notes code that goes on below."""
        row = node.end_point.row + 1
        while follower := node.next_sibling:
            joined = follower.start_point.row < row
            if not joined and not (
                follower.start_point.row == row and self.lines[row].startswith("EXPORT_")
            ):
                break
            goes_on = follower.end_point.row >= row and follower.type != "comment"
            if joined and (goes_on or follower.type == "}"):
                what = "function" if node.type == "function_definition" else "step"
                message = (
                    "a fragment goes below this line, where the code goes on that begins on it"
                )
                self.wrong(
                    f"{what}-shares-line", message, row - 1, "give that code a line of its own"
                )
                break
            node, row = follower, follower.end_point.row + 1
        return row
