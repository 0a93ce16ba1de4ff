# SPDX-License-Identifier: GPL-2.0-only
"""Blank out what of a C file doesn't matter, by its structure; what stays keeps its lines."""

import re
from collections.abc import Callable, Iterable, Iterator

from xenhostgen.extensions.kernel_tree.c_tree import (
    CONDITIONALS,
    Node,
    bare,
    declared,
    parse,
    text_of,
    without_marks,
    words,
)
from xenhostgen.sandbox.process import BuildError

Choice = Callable[[Node], bool]

_LEAVING = {"return", "goto", "break", "continue"}
_DIES = re.compile(r"(?:BUG\(\)|BUG_ON\((?:1|true)\)|panic\(.*\));")
_LISTS = ("compound_statement", "case_statement", *CONDITIONALS)
_STATEMENTS = ("declaration", "function_definition", "ERROR", *CONDITIONALS)


class Reduction:
    """One file: what is cut from it, and what takes the place of that.

    ``cuts`` holds where each begins and ends, and what stands there instead. ``free`` are the nodes
    that were cut outside every ``#if``: there is room for something else.
    """

    def __init__(self, text: str) -> None:
        # What an attribute says in brackets is judged; its words may stand in a header that is cut.
        self.content = without_marks(text.encode("utf-8", "replace"), words_alone=True)
        self.root = parse(without_marks(self.content))
        self.cuts: list[tuple[int, int, str]] = []
        self.kept: list[Node] = []
        self.free: list[Node] = []

    def cut(self, node: Node, instead: str = "", end: Node | None = None) -> None:
        """Blank a node, or its part before another; C on one line may take its place."""
        self.cuts.append((node.start_byte, end.start_byte if end else node.end_byte, instead))

    def keep(self, wanted: Choice, outer: Node | None = None, free: bool = True) -> bool:
        """Cut all declarations and directives but those wanted, with the ``#if`` lines around them.

        Returns whether any is kept.
        """
        outer = outer or self.root
        first = next((node for node in self.root.children if node.type != "comment"), None)
        condition = outer.child_by_field_name("name") or outer.child_by_field_name("condition")
        any_kept = False
        for node in outer.children:
            ends = node.type == ";"  # a node of its own
            if node.type == "comment" or node == condition or not (node.is_named or ends):
                continue
            if node.type in CONDITIONALS:
                keep = self.keep(wanted, node, free and node == first)
            else:
                keep = self.kept[-1:] == [node.prev_sibling] if ends else wanted(node)
                self.kept += [node] * keep
            any_kept |= keep
            if not keep:
                self.cut(node)
                self.free += [node] * free
        return any_kept

    def supply(self, headers: Iterable[str], c: Iterable[str]) -> None:
        """Include headers that aren't kept, and put declarations below all includes and enums.

        Both take the places of what was cut, or blank lines. Raises ``BuildError`` without room.
        """
        kept = {text_of(node.child_by_field_name("path")) for node in self.kept}
        cut = [(node.start_byte, node.end_byte, node.type) for node in self.free]
        blank = [(at, at, "") for at in self._blank_lines()]
        above = ("preproc_include", "enum_specifier")
        top = max((node.end_byte for node in self.kept if node.type in above), default=0)
        lines = [*(place for place in cut if place[2] == "preproc_include"), *blank]
        missing = [header for header in headers if header not in kept]
        for (begin, end, _), header in zip(lines, missing, strict=False):
            self.cuts.append((begin, end, f"#include {header}"))
            top = max(top, end + 1)
        place = next((place for place in sorted(cut + blank) if place[0] >= top), None)
        if text := " ".join(c):
            if not place or len(missing) > len(lines):
                raise BuildError("it has no blank line to hold the spec's kernel declarations")
            self.cuts.append((*place[:2], text))

    def _blank_lines(self) -> Iterator[int]:
        """Where lines without anything are, outside every ``#if`` but that around the file."""
        outer = next((node for node in self.root.children if node.type != "comment"), self.root)
        outer = outer if outer.type in CONDITIONALS else self.root
        filled = [(node.start_byte, node.end_byte) for node in outer.children]
        for line in re.finditer(rb"^[ \t]*\n", self.content, re.MULTILINE):
            at = line.start()
            inside = outer.start_byte <= at < outer.end_byte
            if inside and not any(begin <= at < end for begin, end in filled):
                yield at

    def reduce(self, body: Node, counts: Choice, jumps: bool = True, nested: bool = False) -> None:
        """Cut all statements of a function's body but those that count, with what they rely on.

        That is the blocks that they stand in, the declarations of the variables that they name, and
        with ``jumps`` whatever may lead past them.
        """
        statements = [node for node in body.named_children if _is_statement(node)]
        counting = [node for node in statements if counts(node)]
        last = counting[-1].start_byte if counting else 0
        others: list[Node] = []
        used: set[str] = set()
        for node in statements:
            above = node.start_byte < last
            # Within a condition it is the kernel's to know when it dies.
            passes = (_leaves(node) and (nested or above)) or (_dies(node) and above and not nested)
            if node in counting or (jumps and passes):
                self._within(node, counts, jumps)
                used |= words(self._left(node.start_byte, node.end_byte))
            else:
                others.append(node)
        for node in others:
            names = map(declared, node.children_by_field_name("declarator"))
            if used.isdisjoint(map(text_of, names)):
                self.cut(node)

    def _within(self, node: Node, counts: Choice, jumps: bool) -> None:
        """Reduce the statements that stand in one that is kept."""
        if node.type in _LISTS:
            self.reduce(node, counts, jumps, nested=True)
            return
        for child in node.named_children:
            if child.type == "else_clause" or _is_statement(child):
                if counts(child) or (jumps and _leaves(child)):
                    self._within(child, counts, jumps)
                else:
                    self.cut(child, "" if child.type == "else_clause" else ";")

    def text(self) -> str:
        """What is left of the file."""
        return self._left(0, len(self.content))

    def _left(self, begin: int, finish: int) -> str:
        """What is left of a piece. Of two cuts that begin as one, the larger or later counts."""
        cuts = [cut for cut in reversed(self.cuts) if begin <= cut[0] < finish]
        parts: list[bytes] = []
        done = begin
        for start, end, instead in sorted(cuts, key=lambda cut: (cut[0], -cut[1])):
            if start < done:  # it lies in what is cut already
                continue
            blank = re.sub(rb"[^\n]", b" ", self.content[start:end])
            # What follows keeps its column, too, where there is room.
            room = len(blank.partition(b"\n")[0])
            parts += [self.content[done:start], instead.encode(), blank[min(room, len(instead)) :]]
            done = end
        return b"".join([*parts, self.content[done:finish]]).decode()


def _is_statement(node: Node) -> bool:
    return node.type.endswith("_statement") or node.type in _STATEMENTS


def _leaves(node: Node) -> bool:
    return bool(words(text_of(node)) & _LEAVING)


def _dies(node: Node) -> bool:
    return _DIES.fullmatch(bare(text_of(node))) is not None
