# SPDX-License-Identifier: GPL-2.0-only
"""A C file of the kernel: its lines, its functions, and what stands directly beside these."""

from functools import cached_property

from tree_sitter import Node

from xenhostgen.extensions.kernel_tree.c_tree import defined, outside_functions, parse
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
    def nodes(self) -> list[tuple[Node, bool]]:
        """The declarations and directives, each with whether it stands in an ``#if`` block."""
        return list(outside_functions(parse(self.content)))

    @cached_property
    def functions(self) -> dict[str, list[tuple[Node, bool]]]:
        """The function definitions by name."""
        functions: dict[str, list[tuple[Node, bool]]] = {}
        for node, conditional in self.nodes:
            if node.type == "function_definition" and (name := defined(node)):
                functions.setdefault(name, []).append((node, conditional))
        return functions

    def above(self, node: Node) -> int:
        """The row on which a function begins.

        With it begin the comments directly above it, and what shares its lines.
        """
        while previous := node.prev_sibling:
            end = previous.end_point
            last = end.row - (end.column == 0)  # a directive ends with its newline
            first = self.lines[previous.start_point.row].lstrip()
            comment = previous.type == "comment" and first.startswith(("/*", "//"))
            # Specifiers that the parser doesn't know look like a declaration without an end.
            broken = previous.has_error and previous.type in ("ERROR", "declaration")
            specifiers = broken and "(" not in first
            if last < node.start_point.row - (comment or specifiers):
                break
            node = previous
        return node.start_point.row

    def below(self, node: Node) -> int:
        """The row below a node, the rest of its last line, and a function's exports.

        Notes code that begins on that line and goes on below it.
        """
        row = node.end_point.row + 1
        while follower := node.next_sibling:
            joined = follower.start_point.row < row
            exports = follower.start_point.row == row and self.lines[row].startswith("EXPORT_")
            if not joined and not exports:
                break
            goes_on = follower.end_point.row >= row and follower.type != "comment"
            if joined and (goes_on or follower.type == "}"):
                what = "function" if node.type == "function_definition" else "step"
                message = (
                    "a fragment goes below this line, where the code goes on that begins on it"
                )
                hint = "give that code a line of its own"
                self.wrong(f"{what}-shares-line", message, row - 1, hint)
                break
            node, row = follower, follower.end_point.row + 1
        return row
