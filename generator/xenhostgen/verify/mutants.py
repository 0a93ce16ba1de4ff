# SPDX-License-Identifier: GPL-2.0-only
"""Wrong versions of rendered C, each with one fault that a person might make.

The syntax tree tells what can go wrong where; the fault is then made in the text itself, so that all
else stays as rendered, line numbers included.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pycparser import c_ast

from xenhostgen.csource.canonical import KNOWN_TYPES, parse
from xenhostgen.csource.declarations import Declaration, declarations, declared_names
from xenhostgen.csource.preprocess import Preprocessed
from xenhostgen.csource.tokens import Kind
from xenhostgen.spec.model import Interface
from xenhostgen.verify.score import Mutant

_Edit = tuple[str, int, int, str]  # the operator, the first token, the one behind the last, the new text
_Span = tuple[int, int]  # the first token and the one behind the last
_OTHER = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "&&": "||", "||": "&&"}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_ASSERTIONS = ("BUG_ON", "WARN_ON", "WARN_ON_ONCE")
_KINDS = ("function", "variable", "struct", "enum", "typedef", "prototype", "export", "macro")


def mutants(spec: Interface, path: str, text: str) -> Iterator[Mutant]:
    """The mutants of one rendered C file, from the top down."""
    ours = {macro.name for macro in spec.predicates.macros} if path == spec.predicates.file else None
    others = _mistakable(spec)
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    ordinals: Counter[tuple[str, str]] = Counter()
    made: set[str] = {text}
    for declaration in declarations(text):
        if declaration.kind not in _KINDS or (ours is not None and declaration.name not in ours):
            continue
        unit = _Unit(spec, declaration, others, text, starts)
        for operator, first, behind, new in unit.edits():
            start, end = unit.extent(first, behind)
            # As many lines as before, for a BUG tells its line.
            new += "".join(re.findall(r"(?: \\)?\n", text[start:end])[new.count("\n") :])
            if (whole := text[:start] + new + text[end:]) not in made:
                made.add(whole)
                ordinals[unit.name, operator] += 1
                name = f"{path}:{unit.name}:{operator}:{ordinals[unit.name, operator]}"
                at = unit.tokens[first]
                in_body = declaration.kind in ("function", "macro") and ours is None
                yield Mutant(name, path, operator, at.line, at.column, start, end, new, in_body)


def _mistakable(spec: Interface) -> dict[str, str]:
    """For each name another one of the same sort, which someone could have written instead."""
    c, misuse = spec.c, spec.registry.misuse
    errnos = [getattr(misuse, case)[1:] for case in ("type", "occupied", "requires", "absent")] if misuse else []
    sorts: list[Sequence[str]] = [
        [c.type(name) for name in spec.values],
        [*(slot.pointer for slot in spec.slots), "NULL"],
        [table.symbol for _, table in spec.tables()],
        [str(errno) for errno in errnos],
        [macro.name for macro in (*spec.kernel.macros, *spec.predicates.macros)],
        [variable.name for variable in spec.kernel.variables],
        [op.name for op in spec.ops],
        ["type", "ops"],
        *(enum.values for enum in spec.kernel.enums),
    ]
    for guest in spec.guests:
        for op in spec.ops:
            entries = [entry for entry in op.tables if entry.table.startswith(f"{guest.name}.")]
            sorts.append(list(dict.fromkeys(str(entry.function) for entry in entries if entry.function != "NULL")))
    unique = [list(dict.fromkeys(sort)) for sort in sorts]
    return {name: other for sort in unique for name, other in zip(sort, sort[1:] + sort[:1], strict=True)}


class _Unit:
    """One declaration: its tokens, without words that the parser doesn't know, and its tree."""

    def __init__(
        self, spec: Interface, declaration: Declaration, others: dict[str, str], text: str, starts: list[int]
    ) -> None:
        self.kind = declaration.kind
        self.source = text
        self.starts = starts
        self.others = others
        linkage = " ".join(guest.boot.linkage or "" for guest in spec.guests)
        self.unknown = {"__init", spec.registry.attribute.strip(), *linkage.split()}
        self.raw = list(declaration.tokens)
        self.tokens = self.raw
        self.name = declaration.name
        if self.kind == "variable":
            self.name = declared_names([token for token in self.raw if token.text not in self.unknown])[0]
        elif self.kind == "export":
            self.name = self.raw[2].text
        elif self.kind == "macro":
            body = next((n + 1 for n, t in enumerate(self.raw) if t.text == ")"), 3)
            self.tokens = self.raw[body if self.raw[3].kind is Kind.PARAMETERS else 3 : -1]
        self.typedefs = (*KNOWN_TYPES, *((spec.c.host, spec.c.ops) if spec.typedefs else ()))

    def edits(self) -> Iterator[_Edit]:
        """Every fault, as tokens that become another text."""
        if self.kind in ("export", "prototype"):
            yield "drop-declaration", 0, len(self.tokens), ""
        if self.kind == "export":
            return
        yield from self.words()
        if self.tokens:
            self.tokens = [token for token in self.tokens if token.text not in self.unknown]
            self.index = {(token.line, token.column): n for n, token in enumerate(self.tokens)}
            yield from self.node(self.tree())

    def words(self) -> Iterator[_Edit]:
        """Words that change what the others mean, forgotten."""
        for n, token in enumerate(self.tokens if self.kind != "macro" else ()):
            if token.text in ("const", "static") or (self.kind == "variable" and token.text in self.unknown):
                yield "drop-word", n, n + 1, ""

    def tree(self) -> Any:
        """The syntax tree; its coordinates are those of the file."""
        used = {token.text for token in self.tokens} - {self.name}
        ahead = "".join(f"typedef int {name}; " for name in self.typedefs if name in used)
        before, after = ("void macro(void) {", "\n;}") if self.kind == "macro" else ("", "\n")
        rows: dict[int, str] = {}
        for token in self.tokens:
            rows[token.line] = rows.get(token.line, "").ljust(token.column - 1) + token.text
        code = "\n".join(rows.get(line, "") for line in range(1, max(rows) + 1))
        return parse(Preprocessed("", f'{ahead}{before}\n# 1 "here"\n{code}{after}', (), ())).ext[-1]

    def node(self, node: Any) -> Iterator[_Edit]:
        """The faults that a node allows, then those of its parts."""
        match node:
            case c_ast.FuncDef() if self.kind == "function":
                yield from self.block(node.body.block_items, self.find("{", 0) + 1)[1]
            case c_ast.For() if self.kind == "macro":
                first = self.find(";", 0)
                yield from self.condition(first + 1, self.find(";", first + 1))
            case c_ast.FuncCall(name=c_ast.ID(name=name)) if name in _ASSERTIONS:
                opening = self.at(node.name) + 1
                yield from self.condition(opening + 1, self.match(opening))
            case c_ast.ID(name=name) if name in self.others:
                yield "swap-name", self.at(node), self.at(node) + 1, self.others[name]
            case c_ast.Constant(type="int"):
                at, value = self.at(node), int(node.value, 0)
                yield from (("off-by-one", at, at + 1, str(near)) for near in (value + 1, value - 1) if near >= 0)
            case c_ast.BinaryOp(op=op) if op in _OTHER:
                yield from self.operation(op, self.find(op, self.at(_last(node.left)) + 1))
            case c_ast.UnaryOp(op="p++"):
                at = self.find("++", self.at(_last(node)))
                yield "swap-operator", at, at + 1, "--"
            case c_ast.UnaryOp(op="!"):
                at = max(n for n in range(self.at(_first(node))) if self.tokens[n].text == "!")
                yield "drop-not", at, at + 1, ""
            case c_ast.Decl(init=init) if init is not None:
                first = self.find("=", self.at(node))
                yield "drop-initialiser", first, self.ending(first, (",", ";")), ""
                if isinstance(init, c_ast.InitList):
                    yield from self.members("entry", first + 1, ",")
            case c_ast.Struct(decls=decls) if decls:
                yield from self.members("member", self.find("{", self.at(node)), ";")
            case c_ast.Enum(values=values) if values:
                yield from self.members("enumerator", self.find("{", self.at(node)), ",")
        for _, part in node.children():
            yield from self.node(part)

    def block(self, items: Sequence[Any] | None, at: int) -> tuple[int, list[_Edit]]:
        """Statements one after another: where they end, and their faults."""
        spans: list[_Span] = []
        edits: list[_Edit] = []
        for item in items or ():
            start = at
            if isinstance(item, (c_ast.Case, c_ast.Default)):
                colon = self.find(":", at)
                edits.append(("drop-label", at, colon + 1, ""))
                at, more = self.block(item.stmts, colon + 1)
                edits += more
                continue
            at = self.behind(at)
            edits += self.statement(item, start)
            if not isinstance(item, c_ast.Decl):
                spans.append((start, at))
        return at, [*edits, *self.sequence("statement", spans, ";")]

    def statement(self, node: Any, at: int) -> Iterator[_Edit]:
        """The faults of control flow in one statement."""
        match node:
            case c_ast.Compound():
                yield from self.block(node.block_items, at + 1)[1]
            case c_ast.If() | c_ast.While():
                closing = self.match(at + 1)
                yield from self.condition(at + 2, closing)
                yield from self.statement(node.stmt if isinstance(node, c_ast.While) else node.iftrue, closing + 1)
                if isinstance(node, c_ast.If) and node.iffalse:
                    yield from self.statement(node.iffalse, self.behind(closing + 1) + 1)
            case c_ast.Switch():
                yield from self.block(node.stmt.block_items, self.match(at + 1) + 2)[1]

    def condition(self, first: int, behind: int) -> Iterator[_Edit]:
        """A condition that never holds, that always does, or when it shouldn't."""
        yield "condition-false", first, behind, "0"
        yield "condition-true", first, behind, "1"
        words = {token.text for token in self.tokens[first:behind]}
        if words & {"&&", "||"} or not words & {"!", *_OTHER}:  # else another operator does the same
            yield "negate", first, behind, f"!({self.text(first, behind)})"

    def operation(self, op: str, at: int) -> Iterator[_Edit]:
        """Another operator, or one side of a conjunction forgotten."""
        yield "swap-operator", at, at + 1, _OTHER[op]
        if op in ("&&", "||"):
            yield "drop-operand", at, self.ending(at + 1, (op, "||", ",", ";")), ""
            yield "drop-operand", self.beginning(at, (op, "||", ",", ";", "return")), at + 1, ""

    def members(self, kind: str, opening: int, mark: str) -> Iterator[_Edit]:
        """What stands in braces, each ended by a mark."""
        at, closing = opening + 1, self.match(opening)
        spans: list[_Span] = []
        while at < closing:
            end = min(self.ending(at, (mark,)) + 1, closing)
            spans.append((at, end))
            at = end
        yield from self.sequence(kind, spans, "")

    def sequence(self, kind: str, spans: list[_Span], nothing: str) -> Iterator[_Edit]:
        """One left out, or two exchanged."""
        for first, behind in spans:
            yield f"drop-{kind}", first, behind, nothing
        for (first, end), (start, behind) in zip(spans, spans[1:], strict=False):
            gap = self.source[self.extent(first, end)[1] : self.extent(start, behind)[0]]
            yield f"reorder-{kind}", first, behind, f"{self.text(start, behind)}{gap}{self.text(first, end)}"

    def extent(self, first: int, behind: int) -> tuple[int, int]:
        """Where tokens begin and end in the file."""
        begin, last = self.tokens[first], self.tokens[behind - 1]
        start, end = (self.starts[token.line - 1] + token.column - 1 for token in (begin, last))
        return start, end + len(last.text)

    def text(self, first: int, behind: int) -> str:
        """Tokens as they stand in the file."""
        start, end = self.extent(first, behind)
        return self.source[start:end]

    def at(self, node: Any) -> int:
        """The token that a node's coordinates name."""
        return self.index[node.coord.line, node.coord.column]

    def find(self, text: str, at: int) -> int:
        """The next token of that text."""
        return next(n for n in range(at, len(self.tokens)) if self.tokens[n].text == text)

    def match(self, opening: int) -> int:
        """The bracket that closes one."""
        return self.ending(opening + 1, (_CLOSING[self.tokens[opening].text],))

    def beginning(self, at: int, marks: Sequence[str]) -> int:
        """The token behind the last of some marks outside brackets, or behind the bracket that opens around them."""
        depth = 0
        while at and (depth or self.tokens[at - 1].text not in (*marks, *_CLOSING)):
            at -= 1
            depth += (self.tokens[at].text in _CLOSING.values()) - (self.tokens[at].text in _CLOSING)
        return at

    def ending(self, at: int, marks: Sequence[str]) -> int:
        """The first of some marks outside brackets, or the bracket that closes around them."""
        while at < len(self.tokens) and self.tokens[at].text not in (*marks, *_CLOSING.values()):
            at = self.match(at) + 1 if self.tokens[at].text in _CLOSING else at + 1
        return at

    def behind(self, at: int) -> int:
        """The token behind the statement that starts here."""
        match self.tokens[at].text:
            case "{":
                return self.match(at) + 1
            case "if" | "while" | "for" | "switch" as word:
                end = self.behind(self.match(at + 1) + 1)
                return self.behind(end + 1) if word == "if" and self.tokens[end].text == "else" else end
        return self.ending(at, (";",)) + 1


def _first(node: Any) -> Any:
    """The leaf of a tree that stands first."""
    parts = [part for _, part in node.children() if part.coord]
    return _first(parts[0]) if parts else node


def _last(node: Any) -> Any:
    """The leaf of a tree that stands last."""
    parts = [part for _, part in node.children() if part.coord]
    return _last(parts[-1]) if parts else node
