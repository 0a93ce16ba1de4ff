# SPDX-License-Identifier: GPL-2.0-only
"""C by pycparser: its AST, its errors with their places, statements as text."""

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


def statement_texts(compound: Any) -> tuple[str, ...]:
    """The text of each statement of a compound one, on one line."""
    _Plain().visit(compound)
    # In braces of its own the generator gives it its semicolon.
    blocks = (c_ast.Compound([item]) for item in compound.block_items or ())
    texts = (spaced(CGenerator().visit(block))[1:-1].strip() for block in blocks)
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
                case c_ast.Compound(block_items=[statement]) if not isinstance(
                    statement, (c_ast.Decl, c_ast.If)
                ):
                    setattr(node, branch, statement)
