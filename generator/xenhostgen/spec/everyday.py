# SPDX-License-Identifier: GPL-2.0-only
"""Everyday YAML, read by line: what nearly all of a spec is written in, at a third of the cost.

Block mappings and sequences, flow collections within a line, plain and simply quoted scalars, and
literal blocks. It reads only what can mean one thing; at anything else (and at every error) it gives
up, and the file is left to the real parser. The tests hold both against each other.
"""

import re
from typing import NoReturn

from xenhostgen.spec.source import Text
from xenhostgen.spec.tree import MAX_DEPTH, Mapping, Node, Sequence

_KEY = re.compile(r"([A-Za-z0-9_](?:[\w.()/$+]|->)*): *", re.ASCII)
# A plain scalar, by where it stands: none of these begins with a mark or holds one that needs care.
_PLAIN = re.compile(r"(-?[\w/.<(](?:[^:#]*[^:# ])?)(?: +#.*)?", re.ASCII)
_FLOW = r"(-?[\w/.<(](?:[^,\[\]{}:#?]*[^,\[\]{}:#? ])?)"
# A pair of scalars behind a mark, else any character: a search that never looks further than it stands.
_PAIRS = re.compile(rf"[{{,] *{_FLOW}: +{_FLOW} *(?=[,}}])|.", re.ASCII)
_OPENING = re.compile(rf"[{{,] *{_FLOW}: +", re.ASCII)
_ITEM = re.compile(rf" *(?:{_FLOW} *(?=[,\]]))?", re.ASCII)
_QUOTED = re.compile(r"""(?:"([^"\\]*)"|'([^']*)') *""")
_LITERAL = re.compile(r"\|(-?)")


class _Unsure(Exception):
    """This needs the real parser."""


def parse(source: str) -> Mapping | None:
    """The document's top mapping, or None if it takes the real parser to read it."""
    if not source.endswith("\n") or not source.replace("\n", "").isprintable():
        return None
    try:
        return _Reader(source).document()
    except _Unsure:
        return None


def _unsure() -> NoReturn:
    raise _Unsure


class _Reader:
    """Goes down the lines; columns count from 0 here, line numbers from 1."""

    def __init__(self, source: str) -> None:
        self.lines = source.split("\n")
        self.row = -1
        self.indent = 0
        self.advance()

    def text(self, value: str, column: int) -> Text:
        made = Text(value)
        made.line, made.column = self.row + 1, column + 1
        return made

    def advance(self) -> None:
        """Go to the next line that holds something; its indentation is -1 at the end."""
        lines = self.lines
        for row in range(self.row + 1, len(lines)):
            line = lines[row]
            rest = line.lstrip(" ")
            if rest and rest[0] != "#":
                self.row, self.indent = row, len(line) - len(rest)
                return
        self.row, self.indent = len(lines), -1

    def document(self) -> Mapping:
        if self.indent != 0:
            raise _Unsure
        top = self.mapping(0, 0, 0)
        return top if self.indent == -1 else _unsure()

    def mapping(self, column: int, indent: int, depth: int) -> Mapping:
        """A block mapping whose first key stands in this line at ``column``."""
        if depth >= MAX_DEPTH:
            raise _Unsure
        made = Mapping()
        made.line, made.column = self.row + 1, column + 1
        while True:
            found = _KEY.match(self.lines[self.row], column)
            if not found:
                raise _Unsure
            key = self.text(found[1], column)
            if key in made:
                raise _Unsure
            made[key] = self.value(found.end(), indent, depth, found[0][-1] == " ")
            if self.indent != indent:
                return made if self.indent < indent else _unsure()
            column = indent
            if self.lines[self.row].startswith("- ", column):
                return made

    def value(self, column: int, indent: int, depth: int, apart: bool) -> Node:
        """What stands behind a key or dash, in the line or below it; goes on behind it."""
        line = self.lines[self.row]
        first = line[column : column + 1]
        if not first or (first == "#" and apart):
            self.advance()
            if self.indent > indent:
                below = self.lines[self.row].startswith("- ", self.indent)
                block = self.sequence if below else self.mapping
                return block(self.indent, self.indent, depth + 1)
            if self.indent == indent and self.lines[self.row].startswith("- ", indent):
                return self.sequence(indent, indent, depth + 1)
            raise _Unsure
        if not apart:
            raise _Unsure
        node: Node
        if first in "{[":
            node, end = self.flow(line, column, depth + 1)
            if line[end:].partition(" #")[0].strip(" "):
                raise _Unsure
        elif first == "|":
            return self.literal(column, indent)
        elif found := _PLAIN.fullmatch(line, column):
            node = self.text(found[1], column)
        elif (quoted := _QUOTED.match(line, column)) and quoted.end() == len(line):
            node = self.text(quoted[quoted.lastindex or 1], column)
        else:
            raise _Unsure
        self.advance()
        return node

    def sequence(self, column: int, indent: int, depth: int) -> Sequence:
        """A block sequence whose first dash stands in this line."""
        if depth >= MAX_DEPTH:
            raise _Unsure
        made = Sequence()
        made.line, made.column = self.row + 1, column + 1
        while self.indent == indent and self.lines[self.row].startswith("- ", indent):
            line = self.lines[self.row]
            inner = indent + 2
            if _KEY.match(line, inner):
                made.append(self.mapping(inner, inner, depth + 1))
            else:
                # Further in than the dash: at its own depth stands the next item.
                made.append(self.value(inner, indent + 1, depth, True))
        return made if self.indent <= indent else _unsure()

    def literal(self, column: int, indent: int) -> Text:
        """A literal block; its lines end where the indentation does."""
        found = _LITERAL.fullmatch(self.lines[self.row], column)
        number = self.row + 1
        lines, row = self.lines, self.row + 1
        first = lines[row]
        inner = len(first) - len(first.lstrip(" "))
        if not found or inner <= indent or not first.strip(" "):
            raise _Unsure
        held: list[str] = []
        while row < len(lines) and (not lines[row] or lines[row].startswith(" " * inner)):
            if lines[row] and not lines[row].strip(" "):
                raise _Unsure
            held.append(lines[row][inner:])
            row += 1
        while held and not held[-1]:
            held.pop()
        self.row = row - 1
        self.advance()
        if self.indent > indent:
            raise _Unsure
        made = Text("\n".join(held) + ("" if found[1] else "\n"))
        made.line, made.column = number, column + 1
        return made

    def flow(self, line: str, start: int, depth: int) -> tuple[Node, int]:
        """A flow collection that opens at ``start``, and where the text goes on behind it."""
        if depth >= MAX_DEPTH:
            raise _Unsure
        return (self.flow_mapping if line[start] == "{" else self.flow_sequence)(line, start, depth)

    def flow_mapping(self, line: str, start: int, depth: int) -> tuple[Node, int]:
        made = Mapping()
        made.line, made.column = self.row + 1, start + 1
        if line.startswith("}", start + 1):
            return made, start + 2
        end, pairs, number = start, 0, self.row + 1
        while True:
            for found in _PAIRS.finditer(line, end):
                (_, stop), (first, last), (begin, behind) = found.regs
                if first < 0:
                    break
                key = Text(line[first:last])
                key.line, key.column = number, first + 1
                value = made[key] = Text(line[begin:behind])
                value.line, value.column = number, begin + 1
                end = stop
                pairs += 1
            if line.startswith("}", end):
                break
            opening = _OPENING.match(line, end)
            if not opening:
                raise _Unsure
            (_, begin), (first, last) = opening.regs
            key = Text(line[first:last])
            key.line, key.column = number, first + 1
            made[key], end = self.inner(line, begin, depth)
            pairs += 1
            if line.startswith("}", end):
                break
            if not line.startswith(",", end):
                raise _Unsure
        if len(made) < pairs:
            raise _Unsure
        return made, end + 1

    def flow_sequence(self, line: str, start: int, depth: int) -> tuple[Node, int]:
        made = Sequence()
        made.line, made.column = self.row + 1, start + 1
        if line.startswith("]", start + 1):
            return made, start + 2
        end = start
        while True:
            found = _ITEM.match(line, end + 1)
            assert found
            end = found.end()
            if found[1] is not None:
                made.append(self.text(found[1], found.start(1)))
            else:
                item, end = self.inner(line, end, depth)
                made.append(item)
            mark = line[end : end + 1]
            if mark == "]":
                return made, end + 1
            if mark != ",":
                raise _Unsure

    def inner(self, line: str, start: int, depth: int) -> tuple[Node, int]:
        """A collection or quoted scalar within a collection."""
        first = line[start : start + 1]
        if first in ("{", "["):
            return self.flow(line, start, depth + 1)
        found = _QUOTED.match(line, start)
        if not found:
            raise _Unsure
        return self.text(found[found.lastindex or 1], start), found.end()
