# SPDX-License-Identifier: GPL-2.0-only
"""A file of the kernel: its lines, its functions, the landmarks in it, and what is beside these."""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cached_property
from typing import NoReturn

from xenhostgen.extensions.kernel_tree.c_tree import (
    Node,
    defined,
    excess,
    outside_functions,
    parse,
    without_marks,
)
from xenhostgen.sandbox.process import BuildError
from xenhostgen.spec.source import At, Problems, Refused, did_you_mean

ALTERNATIVES = (
    "if another kernel has something else in its place, name that under 'alternatives' in the spec"
)


class KernelFile:
    """A file's lines, its syntax tree, and what is wrong with it. Rows count from 0."""

    def __init__(self, path: str, content: bytes) -> None:
        self.content = content
        text = content.decode(errors="surrogateescape")
        # Where every line ends as in DOS, so do the lines that are put there.
        self.line_end = "\r\n" if text.count("\r\n") == text.count("\n") > 0 else "\n"
        self.lines = text.split(self.line_end)
        self.problems = Problems(path, text)

    def joined(self, lines: Iterable[str]) -> bytes:
        """Lines as the content of such a file."""
        return self.line_end.join(lines).encode(errors="surrogateescape")

    def note(self, rule: str, message: str, row: int, hint: str) -> None:
        """Note a problem at the first character of a line that isn't blank."""
        row = min(row, len(self.lines) - 1)
        indent = len(self.lines[row]) - len(self.lines[row].lstrip())
        self.problems.add(rule, message, At(row + 1, indent + 1), hint)

    def refuse(self, rule: str, message: str, row: int, hint: str) -> NoReturn:
        """Note a problem, and raise ``Refused``."""
        self.note(rule, message, row, hint)
        raise Refused(self.problems.noted)

    @cached_property
    def nodes(self) -> list[tuple[Node, bool]]:
        """The declarations and directives, each with whether it stands in an ``#if`` block."""
        hint = "is this the kernel's own file? place it in a tree that you trust"
        if reason := excess(self.content):
            self.refuse("too-large", f"the file {reason}", 0, hint)
        try:
            return list(outside_functions(parse(without_marks(self.content))))
        except BuildError as error:
            self.refuse("unparsable", str(error), 0, hint)

    def function(self, names: list[str]) -> Node:
        """The only definition of a function that has one of these names."""
        functions = [pair for pair in self.nodes if pair[0].type == "function_definition"]
        matches = [pair for pair in functions if defined(pair[0]) in names]
        if not matches:
            rows = {defined(node): node.start_point.row for node, _ in functions}
            near = get_close_matches(names[0], rows, n=1)
            hint = did_you_mean(names[0], near, "has it been renamed, or moved to another file?")
            message = f"expected the function {names[0]}(); it isn't defined here"
            self.refuse("function-gone", message, rows[near[0]] if near else 0, hint)
        node, conditional = matches[-1]
        if conditional or len(matches) > 1:
            message = f"{names[0]}() is defined in an #if block, or more than once"
            hint = "name a function that is always built"
            self.refuse("function-unclear", message, node.start_point.row, hint)
        return node

    def landmark(self, candidates: dict[int, str], names: list[str], where: str) -> int:
        """The row of the only candidate line that is one of the names, white space left out."""
        expected, *_ = wanted = [squeezed(name) for name in names]
        rows = [row for row, line in candidates.items() if squeezed(line) in wanted]
        if len(rows) > 1:
            message = f"'{expected}' stands {len(rows)} times; which one does the spec mean?"
            hint = "give the place a landmark that is unique"
            self.refuse("landmark-twice", message, rows[1], hint)
        if not rows:
            lines = [squeezed(line) for line in self.lines]
            near = [line for line in lines if line in wanted]
            near += [line for line in lines if expected in line]
            near += get_close_matches(expected, lines, n=1, cutoff=0.5)
            row = lines.index(near[0]) if near else max(candidates, default=0)
            stands = f"here stands '{self.lines[row].strip()}'"
            if lines[row] in wanted:
                stands = "it may not be built where it stands, in a condition or a comment"
            message = f"expected '{expected}', {where} which the fragment goes; {stands}"
            self.refuse("landmark-gone", message, row, ALTERNATIVES)
        return rows[0]

    def above(self, node: Node) -> int:
        """The row on which a function begins.

        With it begin the comments directly above it, and what shares its lines.
        """
        row = self._first(node)
        while previous := node.prev_sibling:
            end = previous.end_point
            last = end.row - (end.column == 0)  # a directive ends with its newline
            first = self.lines[previous.start_point.row].lstrip()
            comment = previous.type == "comment" and first.startswith(("/*", "//"))
            # Specifiers that the parser doesn't know look like a declaration without an end.
            broken = previous.has_error and previous.type in ("ERROR", "declaration")
            specifiers = broken and "(" not in first
            if last < row - (comment or specifiers):
                break
            node, row = previous, self._first(previous)
        return row

    def _first(self, node: Node) -> int:
        """The row on which a node begins, with the lines above that hold attributes alone."""
        row = node.start_point.row
        while row and (above := self.lines[row - 1].encode(errors="replace")).strip():
            if without_marks(above).strip():
                break
            row -= 1
        return row

    def below(self, node: Node) -> int:
        """The row below a node, the rest of its last line, and a function's exports.

        Refuses code that begins on that line and goes on below it.
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
                message = "a fragment goes below this line, but other code shares the line"
                hint = "move the other code to a line of its own"
                self.refuse(f"{what}-shares-line", message, row - 1, hint)
            node, row = follower, follower.end_point.row + 1
        return row


def squeezed(line: str) -> str:
    """A line by its words, as text still has it whose white space was lost."""
    return " ".join(line.split())
