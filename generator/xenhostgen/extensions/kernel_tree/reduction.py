# SPDX-License-Identifier: GPL-2.0-only
"""Blank out what of a C file doesn't matter, by its structure; what stays keeps its lines.

For files that only their own kernel can compile: tree-sitter parses what it can, macros and all, and
never gives up.
"""

import re
from collections.abc import Callable, Iterable, Iterator

import tree_sitter_c
from tree_sitter import Language, Node, Parser

from xenhostgen.csource.declarations import MARKS

Choice = Callable[[Node], bool]

_COMMENT = r"/\*.*?\*/|//[^\n]*"
_LITERAL = r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""
_LEAVES = re.compile(r"\b(?:return|goto|break|continue)\b")
_DIES = re.compile(r"(?:BUG\(\)|BUG_ON\((?:1|true)\)|panic\(.*\));")
_IF = ("preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "preproc_elifdef")
_LISTS = ("compound_statement", "case_statement", *_IF)
_DEFINITIONS = ("function_definition", "preproc_def", "preproc_function_def")


def text_of(node: Node | None) -> str:
    """A node's C; empty for none."""
    return (node.text or b"").decode(errors="surrogateescape") if node else ""


def bare(c: str) -> str:
    """C without comments and white space: equal for code that differs in layout alone."""
    return "".join(re.sub(_COMMENT, "", c, flags=re.DOTALL).split())


def words(c: str) -> set[str]:
    """The names and keywords in C."""
    return set(re.findall(r"[A-Za-z_]\w*", silent(c)))


def called(c: str) -> set[str]:
    """What looks called in C."""
    return set(re.findall(r"([A-Za-z_]\w*)\s*\(", silent(c)))


def silent(c: str) -> str:
    """C without comments, strings and characters."""
    return re.sub(f"{_COMMENT}|{_LITERAL}", " ", c, flags=re.DOTALL)


def defined(node: Node) -> str:
    """The name of what a function's or macro's definition defines; empty for other nodes."""
    if node.type not in _DEFINITIONS:
        return ""
    named = (
        innermost(node) if node.type == "function_definition" else node.child_by_field_name("name")
    )
    return text_of(named) if named and named.type == "identifier" else ""


def innermost(node: Node) -> Node:
    """What a declaration declares: the name within its declarators."""
    while inner := node.child_by_field_name("declarator"):
        node = inner
    return node


class Reduction:
    """One file: what is cut from it, and what takes the place of that."""

    def __init__(self, text: str) -> None:
        # The parser would make types of these words, which don't matter here.
        masked = MARKS.sub(lambda found: " " * len(found[0]), text)
        self.content = masked.encode("utf-8", "replace")
        self.root = Parser(Language(tree_sitter_c.language())).parse(self.content).root_node
        self.cuts: list[
            tuple[int, int, str]
        ] = []  # of two that begin as one, the larger or else the later counts
        self.kept: list[Node] = []
        self.free: list[
            Node
        ] = []  # what was cut outside every #if: there is room for something else

    def cut(self, node: Node, instead: str = "", end: Node | None = None) -> None:
        """Blank a node, or its part before another; C on one line may take its place."""
        self.cuts.append((node.start_byte, end.start_byte if end else node.end_byte, instead))

    def definitions(self, outer: Node | None = None) -> Iterator[Node]:
        """The definitions of functions and macros, those in ``#if`` blocks, too."""
        for node in (outer or self.root).children:
            if node.type in _IF:
                yield from self.definitions(node)
            elif node.type in _DEFINITIONS:
                yield node

    def keep(self, wanted: Choice, outer: Node | None = None, free: bool = True) -> bool:
        """Cut all declarations and directives but those wanted, and the ``#if`` lines around these; is any kept?"""
        outer = outer or self.root
        first = next((node for node in self.root.children if node.type != "comment"), None)
        condition = outer.child_by_field_name("name") or outer.child_by_field_name("condition")
        any_kept = False
        for node in outer.children:
            if (
                node.type == "comment"
                or node == condition
                or not (node.is_named or node.type == ";")
            ):
                continue
            if node.type in _IF:
                keep = self.keep(wanted, node, free and node == first)
            elif node.type == ";":  # what it ends is a node of its own
                keep = bool(self.kept) and self.kept[-1] == node.prev_sibling
            else:
                keep = wanted(node)
                self.kept += [node] * keep
            any_kept |= keep
            if not keep:
                self.cut(node)
                self.free += [node] * free
        return any_kept

    def include(self, headers: Iterable[str]) -> None:
        """Include headers in the places of others that were cut."""
        places = [node for node in self.free if node.type == "preproc_include"]
        for node, header in zip(places, headers, strict=False):
            self.cut(node, f"#include {header}")
            self.free.remove(node)
            self.kept.append(node)

    def supply(self, c: Iterable[str]) -> None:
        """Put declarations in the place of something that was cut, below includes and enums."""
        above = [
            node.end_byte
            for node in self.kept
            if node.type in ("preproc_include", "enum_specifier")
        ]
        top = max(above, default=0)
        place = next((node for node in self.free if node.start_byte >= top), None)
        if place:
            self.cut(place, " ".join(c))

    def reduce(self, body: Node, counts: Choice, jumps: bool = True, nested: bool = False) -> None:
        """Cut all statements of a function's body but those that count, with what they rely on.

        That is the blocks that they stand in, the declarations of the variables that they name, and with
        ``jumps`` whatever may lead past them.
        """
        items = [node for node in body.named_children if _is_statement(node)]
        kept = {node.id for node in items if counts(node)}
        last = max((node.start_byte for node in items if node.id in kept), default=0)
        if jumps:
            kept |= {
                node.id for node in items if (nested or node.start_byte < last) and _leaves(node)
            }
            # Within a condition it is the kernel's to know when it gives up.
            kept |= {
                node.id for node in items if not nested and node.start_byte < last and _dies(node)
            }
        used: set[str] = set()
        for node in (node for node in items if node.id in kept):
            before = len(self.cuts)
            self._within(node, counts, jumps)
            used |= words(self._left(node, self.cuts[before:]))
        for node in (node for node in items if node.id not in kept):
            if not used & {
                text_of(innermost(each)) for each in node.children_by_field_name("declarator")
            }:
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
        return self._left(None, self.cuts)

    def _left(self, node: Node | None, cuts: list[tuple[int, int, str]]) -> str:
        """What cuts leave of a node, or of the file."""
        parts: list[bytes] = []
        done, last = (node.start_byte, node.end_byte) if node else (0, len(self.content))
        for _, (start, end, instead) in sorted(
            enumerate(cuts), key=lambda cut: (cut[1][0], -cut[1][1], -cut[0])
        ):
            if start >= done:  # else it lies in what is cut already
                blank = re.sub(rb"[^\n]", b" ", self.content[start:end])
                # What follows keeps its column, too, where there is room.
                room = len(blank.partition(b"\n")[0])
                parts += [
                    self.content[done:start],
                    instead.encode(),
                    blank[min(room, len(instead)) :],
                ]
                done = end
        return b"".join([*parts, self.content[done:last]]).decode()


def _is_statement(node: Node) -> bool:
    return node.type.endswith("_statement") or node.type in (
        "declaration",
        "function_definition",
        "ERROR",
        *_IF,
    )


def _leaves(node: Node) -> bool:
    return _LEAVES.search(silent(text_of(node))) is not None


def _dies(node: Node) -> bool:
    return _DIES.fullmatch(bare(text_of(node))) is not None
