# SPDX-License-Identifier: GPL-2.0-only
"""One spelling for C code, so that code which means the same tokens compares equal as text."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pycparser import CParser, c_ast
from pycparser.c_generator import CGenerator
from pycparser.c_lexer import CLexer

from xenhostgen.csource.preprocess import Preprocessed, SourceError
from xenhostgen.csource.tokens import spaced
from xenhostgen.sandbox.location import Location
from xenhostgen.sandbox.process import Complaint

KNOWN_TYPES = (
    "bool size_t ssize_t uintptr_t pid_t loff_t gfp_t phys_addr_t dma_addr_t "
    "u8 u16 u32 u64 s8 s16 s32 s64 __u8 __u16 __u32 __u64 __s8 __s16 __s32 __s64 "
    "uint8_t uint16_t uint32_t uint64_t int8_t int16_t int32_t int64_t"
).split()
"""Type names that every snippet may use; the shim's <linux/types.h> has them."""


def parse(preprocessed: Preprocessed) -> Any:
    """The pycparser AST of preprocessed C; its coordinates are lines of ``preprocessed.text``."""
    parser = CParser(lexer=_Lexer)
    with parser_errors(preprocessed.origin, lambda: parser.clex.place):
        return parser.parse(preprocessed.text)


class _Lexer(CLexer):  # type: ignore[misc]  # pycparser has no types
    """Remembers where it is, for the errors that pycparser gives no place."""

    place = (0, 0)

    def token(self) -> Any:
        token = super().token()
        if token is not None:
            self.place = (token.lineno, token.column)
        return token


@contextmanager
def parser_errors(
    origin: Callable[[int, int], Location], place: Callable[[], tuple[int, int]] = lambda: (0, 0)
) -> Iterator[None]:
    """Turn what pycparser raises into SourceError.

    ``origin(line, column)`` gives a place's position; ``place()`` is where the parser has got to.
    """
    try:
        yield
    except SourceError:
        raise
    except RecursionError as error:
        raise SourceError(Complaint("nested too deeply", origin(*place()))) from error
    except Exception as error:  # asserts, too: strange input trips a few within the parser
        match = re.fullmatch(r"(?:[^:]*:(\d+)(?::(\d+))?|): (.*)", str(error), re.DOTALL)
        line, column, reason = match.groups() if match else (None, None, repr(error))
        at = (int(line), int(column or 0)) if line else place()
        message = f"not C that can be parsed: {reason[0].lower()}{reason[1:]}"
        raise SourceError(Complaint(message, origin(*at))) from error


class _Generator(CGenerator):  # type: ignore[misc]
    """Leaves out the names of parameters, which are everybody's own."""

    def visit_ParamList(self, node: Any) -> str:
        return ", ".join(self.visit(getattr(param, "type", param)) for param in node.params)


def text_of(node: Any) -> str:
    """An expression's or initialiser's C text on one line."""
    text = spaced(_Generator().visit(node))
    return f"{{{text}}}" if isinstance(node, c_ast.InitList) else text


def statement_texts(compound: Any) -> tuple[str, ...]:
    """The text of each statement of a compound one."""
    _Plain().visit(compound)
    # In braces of its own the generator gives it its semicolon.
    texts = (text_of(c_ast.Compound([item]))[1:-1].strip() for item in compound.block_items or ())
    return tuple(text.replace("(void) ", "") for text in texts)


class _Plain(c_ast.NodeVisitor):  # type: ignore[misc]  # pycparser has no types
    """Takes from conditions what makes no difference: likely(), and braces around one statement."""

    def visit_If(self, node: Any) -> None:
        self.generic_visit(node)
        if isinstance(node.cond, c_ast.FuncCall) and getattr(node.cond.name, "name", "") in (
            "likely",
            "unlikely",
        ):
            (node.cond,) = node.cond.args.exprs
        for branch in ("iftrue", "iffalse"):
            match getattr(node, branch):
                case c_ast.Compound(block_items=[one]) if not isinstance(
                    one, (c_ast.Decl, c_ast.If)
                ):
                    setattr(node, branch, one)


def type_text(node: Any) -> str:
    """The text of a type without the name that it declares, nor the body that it may define."""
    definition = innermost(node)
    body = "values" if isinstance(definition, c_ast.Enum) else "decls"
    kept = getattr(definition, body, None)
    if kept is None:
        return text_of(node)
    setattr(definition, body, None)
    text = text_of(node)
    setattr(definition, body, kept)
    return text


def innermost(node: Any) -> Any:
    """The struct, union, enum or named type at the heart of a declarator."""
    while isinstance(
        node, (c_ast.PtrDecl, c_ast.ArrayDecl, c_ast.FuncDecl, c_ast.TypeDecl, c_ast.Typename)
    ):
        node = node.type
    return node
