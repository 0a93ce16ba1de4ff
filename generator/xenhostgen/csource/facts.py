# SPDX-License-Identifier: GPL-2.0-only
"""What one C file defines, as plain data: the result of reading the C back.

Texts are canonical (see ``canonical``): what is expected is read from snippets, in the same way.
Attributes and section names aren't here: look for those in the object file.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pycparser import c_ast

from xenhostgen.csource import canonical
from xenhostgen.csource.canonical import innermost, text_of, type_text
from xenhostgen.csource.constants import evaluate
from xenhostgen.csource.preprocess import Preprocessed
from xenhostgen.csource.tokens import Kind, code_tokens, spaced, tokens
from xenhostgen.sandbox.location import Location


class Fact(NamedTuple):
    """One thing that a file defines or declares.

    ======================  ==================================================================
    ``kind``                ``text``
    ======================  ==================================================================
    include                 empty; the header as written is the name
    enum, enumerator        ``a=0 b=None`` (None: only a compiler could tell), the value
    struct                  its members, as ``name: type; struct {…}``; also a union or typedef
    function, prototype     ``int (char *, ...)``, with ``static`` for a function
    variable, table         storage and type, ``.member=value; [0]=value`` if it has such a list
    export                  the macro's name
    macro                   ``(a, b) its tokens``
    ======================  ==================================================================
    """

    kind: str
    name: str
    text: str
    at: Location
    words: tuple[str, ...] = ()
    """``extern``, ``static``, ``inline`` and the like."""
    statements: tuple[str, ...] = ()
    """A function's: one text for each at the top level of its body."""


Facts = tuple[Fact, ...]
# In files the shim's <linux/compiler.h> takes them out.
_FOR_SPARSE = re.compile(r"\b__(?:user|iomem|percpu|rcu|force)\b")


def read_facts(source: Preprocessed) -> Facts:
    """Parse a file; what its includes define is not among the facts. Raises SourceError."""
    return (
        *_includes(source.path),
        *_declared(source),
        *(Fact("macro", *macro) for macro in source.macros),
    )


def snippet_facts(code: str, typedefs: Iterable[str] = ()) -> Facts:
    """The facts of C at hand; ``typedefs`` are the type names that it uses. Raises SourceError."""
    bare, used = _FOR_SPARSE.sub("", spaced(code)), {token.text for token in tokens(code)}
    names = [name for name in dict.fromkeys((*canonical.KNOWN_TYPES, *typedefs)) if name in used]
    types = "".join(f"typedef int {name}; " for name in names)
    return _declared(
        Preprocessed("<snippet>", f"{types}\n{bare}", (Location(), Location("<snippet>", 1)), ())
    )


def _declared(source: Preprocessed) -> Facts:
    ast = canonical.parse(source)
    with canonical.parser_errors(source.origin):
        return tuple(_Reader(source).read(ast))


def _includes(path: str) -> Iterator[Fact]:
    found = code_tokens(Path(path).read_text("utf-8", "replace"))
    for start, word, name in zip(found, found[1:], found[2:], strict=False):
        if start.kind is Kind.DIRECTIVE and word.text == "include":
            yield Fact("include", name.text, "", Location(path, start.line, start.column))


class _Reader:
    """Walks one AST once; enumerators of included files are kept for their values only."""

    def __init__(self, source: Preprocessed) -> None:
        self.source = source
        self.values: dict[str, int | None] = {}
        self.seen: set[int] = set()  # two declarators may share one definition

    def read(self, ast: Any) -> Iterator[Fact]:
        for node in ast.ext:
            declaration = node.decl if isinstance(node, c_ast.FuncDef) else node
            ours = self.at(declaration).file == self.source.path
            if isinstance(declaration, (c_ast.Decl, c_ast.Typedef)):
                found = list(self.definitions(innermost(declaration.type)))
                yield from found if ours else ()
            if ours:
                yield from self.external(node)

    def at(self, node: Any) -> Location:
        line, column = (node.coord.line, node.coord.column) if node.coord else (0, 0)
        return self.source.origin(line, column or 0)

    def definitions(self, node: Any) -> Iterator[Fact]:
        """The enums, structs and unions that a declaration defines."""
        if id(node) in self.seen:
            return
        self.seen.add(id(node))
        match node:
            case c_ast.Enum(values=c_ast.EnumeratorList(enumerators=nodes)):
                enumerators = list(self.enumerators(nodes))
                text = " ".join(f"{fact.name}={fact.text}" for fact in enumerators)
                yield Fact("enum", node.name or "", text, self.at(node))
                yield from enumerators
            case c_ast.Struct(decls=list()) | c_ast.Union(decls=list()):
                for member in node.decls:
                    if isinstance(member, c_ast.Decl):
                        yield from self.definitions(innermost(member.type))
                if node.name:
                    yield Fact("struct", node.name, _members(node), self.at(node))

    def enumerators(self, nodes: list[Any]) -> Iterator[Fact]:
        value: int | None = -1
        for node in nodes:
            if isinstance(node, c_ast.Enumerator):
                if node.value is not None:
                    value = evaluate(node.value, self.values)
                elif value is not None:
                    value += 1
                self.values[node.name] = value
                yield Fact("enumerator", node.name, str(value), self.at(node))

    def external(self, node: Any) -> Iterator[Fact]:
        """A declaration of the file's own."""
        match node:
            case c_ast.FuncDef():
                fact = self.function("function", node.decl)
                text = f"static {fact.text}" if "static" in fact.words else fact.text
                statements = canonical.statement_texts(node.body)
                yield fact._replace(text=text, statements=statements)
            case c_ast.Typedef():
                definition = innermost(node.type)
                if getattr(definition, "decls", None) is not None:
                    yield Fact("struct", node.name, _members(definition), self.at(node))
            case c_ast.StaticAssert(
                # What the shim's EXPORT_SYMBOL makes of it: sizeof(&symbol), and a message.
                cond=c_ast.UnaryOp(expr=c_ast.UnaryOp(expr=c_ast.ID(name=symbol))),
                message=c_ast.Constant(value=message),
            ):
                if (kind := message.strip('"')).startswith("EXPORT_SYMBOL"):
                    yield Fact("export", symbol, kind, self.at(node))
            case c_ast.Decl(type=c_ast.FuncDecl()):
                yield self.function("prototype", node)
            case c_ast.Decl(name=str()):
                yield from self.variable(node)

    def function(self, kind: str, node: Any) -> Fact:
        nodes = node.type.args.params if node.type.args else ()
        types = [
            "..." if isinstance(one, c_ast.EllipsisParam) else type_text(one.type) for one in nodes
        ]
        words = tuple(dict.fromkeys([*node.storage, *node.funcspec]))
        text = f"{type_text(node.type.type)} ({', '.join(types) or 'void'})"
        return Fact(kind, node.name, text, self.at(node), words)

    def variable(self, node: Any) -> Iterator[Fact]:
        text = " ".join([*node.storage, type_text(node.type)])
        yield Fact("variable", node.name, text, self.at(node), tuple(node.storage))
        if isinstance(node.init, c_ast.InitList):
            yield Fact("table", node.name, "; ".join(map(_entry, node.init.exprs)), self.at(node))


def _members(node: Any) -> str:
    """The members of a struct or union; of one within, only if that has no name."""
    told = []
    for member in node.decls:
        if isinstance(member, c_ast.Decl):
            inner = innermost(member.type)
            if not member.name and getattr(inner, "decls", None) is not None:
                told.append(f"struct {{{_members(inner)}}}")
            else:
                bits = f" : {text_of(member.bitsize)}" if member.bitsize is not None else ""
                told.append(f"{member.name or ''}: {type_text(member.type)}{bits}")
    return "; ".join(told)


def _entry(node: Any) -> str:
    """An entry of a brace list: ``.member=value``, ``[index]=value`` or ``=value``."""
    text, value = "", node
    if isinstance(node, c_ast.NamedInitializer):
        value = node.expr
        for part in node.name:
            text += (
                text_of(part) if isinstance(part, c_ast.ArrayDesignator) else f".{text_of(part)}"
            )
    return f"{text}={text_of(value)}"
