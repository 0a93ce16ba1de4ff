# SPDX-License-Identifier: GPL-2.0-only
"""From a pycparser AST to ``Facts``."""

from pathlib import Path
from typing import Any

from pycparser import c_ast

from xenhostgen.csource import facts as f
from xenhostgen.csource.canonical import innermost, parse, parser_errors, statement_texts, text_of, type_text
from xenhostgen.csource.constants import evaluate
from xenhostgen.csource.preprocess import Position, Preprocessed
from xenhostgen.csource.tokens import Kind, code_tokens


def facts_of(source: Preprocessed) -> f.Facts:
    """The facts of the file that was preprocessed. Raises SourceError."""
    ast = parse(source)
    with parser_errors(source.origin):
        return _Reader(source).read(ast)


class _Reader:
    """Walks one AST once; enumerators of included files are kept for their values only."""

    def __init__(self, source: Preprocessed) -> None:
        self.source = source
        self.values: dict[str, int | None] = {}
        self.seen: set[int] = set()  # two declarators may share one definition
        self.enums: list[f.Enum] = []
        self.structs: list[f.Struct] = []
        self.typedefs: list[f.Typedef] = []
        self.prototypes: list[f.Prototype] = []
        self.functions: list[f.Function] = []
        self.variables: list[f.Variable] = []
        self.exports: list[f.Export] = []

    def read(self, ast: Any) -> f.Facts:
        for node in ast.ext:
            declaration = node.decl if isinstance(node, c_ast.FuncDef) else node
            ours = self._at(declaration).file == self.source.path
            if isinstance(declaration, (c_ast.Decl, c_ast.Typedef)):
                self._definitions(innermost(declaration.type), ours)
            if ours:
                self._external(node)
        return f.Facts(
            self.source.path,
            _includes(self.source.path),
            self.source.macros,
            tuple(self.enums),
            tuple(self.structs),
            tuple(self.typedefs),
            tuple(self.prototypes),
            tuple(self.functions),
            tuple(self.variables),
            tuple(self.exports),
        )

    def _at(self, node: Any) -> Position:
        coord = node.coord
        return self.source.origin(coord.line, coord.column or 0) if coord else Position(self.source.path)

    def _external(self, node: Any) -> None:
        if isinstance(node, c_ast.FuncDef):
            signature = self._signature(node.decl)
            self.functions.append(f.Function(*signature, statement_texts(node.body)))
        elif isinstance(node, c_ast.Typedef):
            members = self._members(innermost(node.type))
            at = self._at(node)
            self.typedefs.append(f.Typedef(node.name, type_text(node.type), members, at))
        elif isinstance(node, c_ast.StaticAssert):
            self._export(node)
        elif isinstance(node, c_ast.Decl) and node.name is None:
            self._forward(node.type)
        elif isinstance(node, c_ast.Decl):
            if isinstance(node.type, c_ast.FuncDecl):
                self.prototypes.append(f.Prototype(*self._signature(node)))
            else:
                self._variable(node)

    def _forward(self, node: Any) -> None:
        if isinstance(node, (c_ast.Struct, c_ast.Union)) and node.decls is None:
            kind = type(node).__name__.lower()
            self.structs.append(f.Struct(kind, node.name or "", None, self._at(node)))

    def _definitions(self, node: Any, ours: bool) -> None:
        """Note the enum, struct or union that a declaration defines, and those within."""
        if id(node) in self.seen:
            return
        self.seen.add(id(node))
        if isinstance(node, c_ast.Enum) and node.values is not None:
            enumerators = self._enumerators(node.values.enumerators)
            if ours:
                self.enums.append(f.Enum(node.name or "", enumerators, self._at(node)))
        elif isinstance(node, (c_ast.Struct, c_ast.Union)):
            for member in node.decls or ():
                if isinstance(member, c_ast.Decl):
                    self._definitions(innermost(member.type), ours)
            if ours and node.name and node.decls is not None:
                kind = type(node).__name__.lower()
                members = self._members(node)
                self.structs.append(f.Struct(kind, node.name, members, self._at(node)))

    def _enumerators(self, nodes: list[Any]) -> tuple[f.Enumerator, ...]:
        result = []
        value: int | None = -1
        for node in nodes:
            if not isinstance(node, c_ast.Enumerator):
                continue
            if node.value is not None:
                value = evaluate(node.value, self.values)
            elif value is not None:
                value += 1
            self.values[node.name] = value
            result.append(f.Enumerator(node.name, value, self._at(node)))
        return tuple(result)

    def _members(self, node: Any) -> tuple[f.Member, ...] | None:
        if not isinstance(node, (c_ast.Struct, c_ast.Union)) or node.decls is None:
            return None
        result = []
        for member in node.decls:
            if isinstance(member, c_ast.Decl):
                text = type_text(member.type)
                if member.bitsize is not None:
                    text += f" : {text_of(member.bitsize)}"
                inner = self._members(innermost(member.type))
                result.append(f.Member(member.name or "", text, inner, self._at(member)))
        return tuple(result)

    def _signature(self, node: Any) -> tuple[str, str, tuple[f.Parameter, ...], tuple[str, ...], Position]:
        parameters = [
            f.Parameter("", "...")
            if isinstance(parameter, c_ast.EllipsisParam)
            else f.Parameter(parameter.name or "", type_text(parameter.type))
            for parameter in (node.type.args.params if node.type.args else ())
        ]
        if parameters == [f.Parameter("", "void")]:
            parameters = []
        specifiers = tuple(dict.fromkeys([*node.storage, *node.funcspec]))
        returns = type_text(node.type.type)
        return node.name, returns, tuple(parameters), specifiers, self._at(node)

    def _variable(self, node: Any) -> None:
        element = node.type
        while isinstance(element, c_ast.ArrayDecl):
            element = element.type
        entries = None
        if isinstance(node.init, c_ast.InitList):
            entries = tuple(self._entry(entry) for entry in node.init.exprs)
        self.variables.append(
            f.Variable(
                name=node.name,
                type=type_text(node.type),
                storage=" ".join(node.storage),
                const="const" in getattr(element, "quals", ()),
                initialiser=None if node.init is None else text_of(node.init),
                entries=entries,
                at=self._at(node),
            )
        )

    def _entry(self, node: Any) -> f.Entry:
        if not isinstance(node, c_ast.NamedInitializer):
            return f.Entry("", text_of(node), self._at(node))
        designator = "".join(
            text_of(part) if isinstance(part, c_ast.ArrayDesignator) else f".{text_of(part)}" for part in node.name
        )
        return f.Entry(designator, text_of(node.expr), self._at(node.name[0]))

    def _export(self, node: Any) -> None:
        """An export is what the shim's EXPORT_SYMBOL made of it: sizeof(&symbol), and a message."""
        kind = node.message.value.strip('"') if node.message is not None else ""
        symbol = getattr(getattr(node.cond, "expr", None), "expr", None)
        if kind.startswith("EXPORT_SYMBOL") and isinstance(symbol, c_ast.ID):
            self.exports.append(f.Export(symbol.name, kind, self._at(node)))


def _includes(path: str) -> tuple[f.Include, ...]:
    tokens = code_tokens(Path(path).read_text("utf-8", "replace"))
    return tuple(
        f.Include(name.text, Position(path, start.line, start.column))
        for start, word, name in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if start.kind is Kind.DIRECTIVE and word.text == "include"
    )
