# SPDX-License-Identifier: GPL-2.0-only
"""What one C file declares: a flat list of names, without types.

Types are for a compiler to tell (see ``debug_info``); attributes and sections lie in the object.
"""

import re
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from pycparser import CParser, c_ast
from pycparser.c_lexer import CLexer

from xenhostgen.csource.preprocess import Preprocessed, read_output
from xenhostgen.csource.tokens import spaced
from xenhostgen.sandbox.location import Location
from xenhostgen.sandbox.process import BuildError, Complaint

_TYPE_NAME = re.compile(r"\w+_t|(__)?[us](8|16|32|64)|bool")
# In files the shim's <linux/compiler.h> takes them out.
_FOR_SPARSE = re.compile(r"\b__(?:user|iomem|percpu|rcu|force)\b")


class Fact(NamedTuple):
    """One thing that a file defines or declares.

    ``kind`` is include (its name is the header as written), enum, enumerator, struct (or a union,
    or its typedef), function, prototype, variable, export or macro.
    """

    kind: str
    name: str
    at: Location
    text: str = ""
    """A macro's parameters and tokens, ``(a, b) its tokens``; the macro that exports."""
    words: tuple[str, ...] = ()
    """``extern``, ``static``, ``inline``, ``const`` (as a whole) and the like; ``typedef`` where it
    is only another name of a structure."""


Facts = tuple[Fact, ...]


def snippet_facts(c: str, typedefs: Collection[str] = ()) -> Facts:
    """The facts of C in which no macro is used. Raises BuildError.

    ``typedefs`` are its type names besides those that end as the kernel's do.
    """
    words = set(re.findall(r"\w+", c))
    names = [word for word in words if word in typedefs or _TYPE_NAME.fullmatch(word)]
    types = "".join(f"typedef int {name}; " for name in names)
    lines = [spaced(line) for line in _FOR_SPARSE.sub("", c).split("\n")]
    source = read_output("\n".join(['# 0 "c"', types, *lines]), "c")
    return read_facts(source)


def read_facts(source: Preprocessed) -> Facts:
    """Parse a file: what it declares itself, macros and includes too. Raises BuildError."""
    reader, parser = _Reader(source), CParser(lexer=_Lexer)
    outline = _outline(source)
    with _parser_errors(source, parser.clex):
        unit = parser.parse(outline)
    for node in unit.ext:
        declaration = node.decl if isinstance(node, c_ast.FuncDef) else node
        if reader.at(declaration).file == source.path:
            reader.read(node)
    return (*(Fact(*directive) for directive in source.directives), *reader.facts)


class _Reader(c_ast.NodeVisitor):  # type: ignore[misc]  # pycparser has no types
    """Collects the facts of nodes at the top level, and of the types that these define."""

    def __init__(self, source: Preprocessed) -> None:
        self.source = source
        self.facts: list[Fact] = []

    def at(self, node: Any) -> Location:
        line, column = (node.coord.line, node.coord.column) if node.coord else (0, 0)
        return self.source.origin(line, column or 0)

    def note(self, kind: str, name: str | None, node: Any, text: str = "") -> None:
        if name:
            self.facts.append(Fact(kind, name, self.at(node), text))

    def read(self, node: Any) -> None:
        """Note what a node at the top level declares."""
        match node:
            case c_ast.FuncDef():
                self.declared("function", node.decl)
            case c_ast.StaticAssert(
                # What the shim's EXPORT_SYMBOL makes of it: sizeof(&symbol), and a message.
                cond=c_ast.UnaryOp(expr=c_ast.UnaryOp(expr=c_ast.ID(name=symbol))),
                message=c_ast.Constant(value=message),
            ):
                self.note("export", symbol, node, message.strip('"'))
            case c_ast.Decl(type=c_ast.FuncDecl()):
                self.declared("prototype", node)
            case c_ast.Typedef(type=c_ast.TypeDecl(type=c_ast.Struct())):
                self.visit(node.type)
                words = () if node.type.type.decls else ("typedef",)
                self.facts.append(Fact("struct", node.name, self.at(node), "", words))
            case c_ast.Decl() | c_ast.Typedef():
                self.visit(node.type)
                if isinstance(node, c_ast.Decl) and node.name:
                    self.declared("variable", node)

    def declared(self, kind: str, node: Any) -> None:
        """Note a function or variable."""
        element = node.type
        while isinstance(element, c_ast.ArrayDecl):
            element = element.type
        words = (*node.storage, *node.funcspec, *getattr(element, "quals", ()))
        self.facts.append(Fact(kind, node.name, self.at(node), "", words))

    def visit_Enum(self, node: Any) -> None:
        if node.values:
            self.note("enum", node.name, node)
            for enumerator in node.values.enumerators:
                self.note("enumerator", getattr(enumerator, "name", None), enumerator)

    def visit_Struct(self, node: Any) -> None:
        if node.decls is not None:
            self.note("struct", node.name, node)
            self.generic_visit(node)

    visit_Union = visit_Struct


_QUOTED = r""""(?:\\.|[^"\\\n])*+"?|'(?:\\.|[^'\\\n])*+'?"""  # an open one ends with its line
_MARK = re.compile(rf"[(){{}};=]|{_QUOTED}")
_BRACE = re.compile(rf"[{{}}]|{_QUOTED}")


def _outline(source: Preprocessed) -> str:
    """The text, blank where the parser needn't read it, which takes most of the time.

    Of bodies it needs nothing, and of other files only what names types.
    """
    text, pieces, line = source.text, [], 0
    for start, body, end in _declarations(text):
        piece = text[start:end]
        lines = piece.count("\n")
        first = line + lines - piece.lstrip().count("\n")
        files = {origin.file for origin in source.origins[first : line + lines + 1]}
        if source.path not in files and "typedef" not in piece:
            piece = "\n" * lines
        elif body < end:
            inner = "\n" * text.count("\n", body, end)
            piece = f"{text[start : body + 1]}{inner}{text[end - 1 : end]}"
        pieces.append(piece)
        line += lines
    return "".join(pieces)


def _declarations(text: str) -> Iterator[tuple[int, int, int]]:
    """Where each declaration starts and ends, and a function's body starts, else the same end."""
    start, depth, previous = 0, 0, ";"
    is_value = False
    marks = _MARK.finditer(text)
    while mark := next(marks, None):
        word, end = mark[0], 0
        if word == "{" and previous == ")" and not depth and not is_value:
            end = _body_end(text, mark.start())
            yield start, mark.start(), end
            marks = _MARK.finditer(text, end)
        elif word == ";" and depth <= 0:
            end = mark.end()
            yield start, end, end
        if end:
            start, depth, is_value, word = end, 0, False, ";"
        depth += (word in "({") - (word in ")}")
        is_value = is_value or word == "="
        previous = word
    yield start, len(text), len(text)


def _body_end(text: str, start: int) -> int:
    """Behind the brace that closes the one at ``start``; the end of the text if none does."""
    depth = 0
    for brace in _BRACE.finditer(text, start):
        depth += (brace[0] == "{") - (brace[0] == "}")
        if not depth:
            return brace.end()
    return len(text)


# The calls of pycparser within each other: two or three for each of a statement's labels.
_DEPTH_MAX = 4000


class _Lexer(CLexer):  # type: ignore[misc]  # pycparser has no types
    """Takes the end from GNU C's ranges, and remembers where it is for errors without a place."""

    place = (0, 0)
    last = ""

    def token(self) -> Any:
        token = super().token()
        # In a list of parameters a comma precedes it.
        if token is not None and token.type == "ELLIPSIS" and self.last != "COMMA":
            while token is not None and token.type not in ("RBRACKET", "COLON"):
                token = super().token()
        if token is not None:
            self.place, self.last = (token.lineno, token.column), token.type
        return token


@contextmanager
def _parser_errors(source: Preprocessed, lexer: _Lexer) -> Iterator[None]:
    """Turn what pycparser raises into BuildError; it reads the text of ``source``."""
    # Never lowered again, as other threads may be parsing.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEPTH_MAX))
    try:
        yield
    except (BuildError, MemoryError):
        raise
    except RecursionError as error:
        at = source.origin(*lexer.place)
        raise Complaint("nested too deeply", at).error() from error
    except Exception as error:  # asserts, too: strange input trips a few within the parser
        match = re.fullmatch(r"(?:[^:]*:(\d+)(?::(\d+))?|): (.*)", str(error), re.DOTALL)
        line, column, reason = match.groups() if match else (None, None, repr(error))
        at = source.origin(*((int(line), int(column or 0)) if line else lexer.place))
        message = f"not C that can be parsed: {reason[0].lower()}{reason[1:]}"
        raise Complaint(message, at).error() from error
