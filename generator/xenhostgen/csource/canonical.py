# SPDX-License-Identifier: GPL-2.0-only
"""One spelling for C code, so that code which means the same tokens compares equal as text.

Snippets go through the same parser and generator as whole files. Preprocess a snippet first if the
code that it is compared with was preprocessed and uses macros of its own.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from xenhostgen.csource.preprocess import Diagnostic, Position, Preprocessed, SourceError
from xenhostgen.csource.tokens import Kind, spaced, tokens

KNOWN_TYPES = (
    *("bool", "size_t", "ssize_t", "uintptr_t"),
    *(name.format(bits) for name in ("u{}", "s{}", "uint{}_t", "int{}_t") for bits in (8, 16, 32, 64)),
)
"""Type names that every snippet may use; the shim's <linux/types.h> has them."""


def canonical_statements(code: str, typedefs: Sequence[str] = ()) -> tuple[str, ...]:
    """Each statement of ``code``, a function's body without its braces, on one line.

    ``typedefs`` are the type names that it uses. Raises SourceError.
    """
    function = _snippet("void snippet(void) {\n", code, "\n}", typedefs)
    with parser_errors(_origin):
        return statement_texts(function.body)


def canonical_expression(code: str, typedefs: Sequence[str] = ()) -> str:
    """An expression on one line, with its grouping in parentheses. Raises SourceError."""
    declaration = _snippet("int snippet = (\n", code, "\n);", typedefs)
    with parser_errors(_origin):
        return text_of(declaration.init)


def canonical_type(code: str, typedefs: Sequence[str] = ()) -> str:
    """A type's name, as in a cast, on one line. Raises SourceError."""
    declaration = _snippet("int snippet = sizeof(\n", code, "\n);", typedefs)
    with parser_errors(_origin):
        return type_text(declaration.init.expr)


def parse(preprocessed: Preprocessed) -> Any:
    """The pycparser AST of preprocessed C; its coordinates are lines of ``preprocessed.text``."""
    return _parsed(preprocessed.text, preprocessed.origin)


class _Lexer:
    """pycparser's lexer, remembering where it is, for the errors that pycparser gives no place."""

    def __init__(self, **options: Any) -> None:
        from pycparser.c_lexer import CLexer

        self._lexer = CLexer(**options)
        self.place = (0, 0)

    def token(self) -> Any:
        token = self._lexer.token()
        if token is not None:
            self.place = (token.lineno, token.column)
        return token

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lexer, name)


_Origin = Callable[[int, int], Position]


def _parsed(text: str, origin: _Origin) -> Any:
    from pycparser import CParser  # slow to import, and many commands don't parse

    parser = CParser(lexer=_Lexer)
    with parser_errors(origin, lambda: parser.clex.place):
        return parser.parse(text)


@contextmanager
def parser_errors(origin: _Origin, place: Callable[[], tuple[int, int]] = lambda: (0, 0)) -> Iterator[None]:
    """Turn what pycparser raises into SourceError.

    ``origin(line, column)`` gives a place's position; ``place()`` is where the parser has got to.
    """
    try:
        yield
    except SourceError:
        raise
    except RecursionError as error:
        raise SourceError(Diagnostic(origin(*place()), "nested too deeply")) from error
    except Exception as error:  # asserts, too: strange input trips a few within the parser
        match = re.fullmatch(r"(?:[^:]*:(\d+)(?::(\d+))?|): (.*)", str(error), re.DOTALL)
        line, column, reason = match.groups() if match else (None, None, repr(error))
        at = (int(line), int(column or 0)) if line else place()
        message = f"not C that can be parsed: {reason[0].lower()}{reason[1:]}"
        raise SourceError(Diagnostic(origin(*at), message)) from error


def text_of(node: Any) -> str:
    """An expression's or initialiser's C text on one line."""
    from pycparser.c_generator import CGenerator

    text = spaced(CGenerator().visit(node))
    return f"{{{text}}}" if type(node).__name__ == "InitList" else text


def statement_texts(compound: Any) -> tuple[str, ...]:
    """The text of each statement of a compound one."""
    from pycparser.c_ast import Compound

    # In braces of its own the generator gives it its semicolon.
    return tuple(text_of(Compound([item]))[1:-1].strip() for item in compound.block_items or ())


def type_text(node: Any) -> str:
    """The text of a type without the name that it declares, nor the body that it may define."""
    definition = innermost(node)
    bodies = {"Struct": "decls", "Union": "decls", "Enum": "values"}
    body = bodies.get(type(definition).__name__)
    saved = getattr(definition, body) if body else None
    if body:
        setattr(definition, body, None)
    try:
        return text_of(node)
    finally:
        if body:
            setattr(definition, body, saved)


def innermost(node: Any) -> Any:
    """The struct, union, enum or named type at the heart of a declarator."""
    while type(node).__name__ in ("PtrDecl", "ArrayDecl", "FuncDecl", "TypeDecl", "Typename"):
        node = node.type
    return node


def _origin(line: int, column: int) -> Position:
    """Snippets start on the third line of what is parsed."""
    return Position("<snippet>", max(line - 2, 1), column)


def _snippet(before: str, code: str, after: str, typedefs: Sequence[str]) -> Any:
    used = {token.text for token in tokens(code)}
    names = "".join(f"typedef int {name}; " for name in dict.fromkeys((*KNOWN_TYPES, *typedefs)) if name in used)
    # The parser knows no comments; their newlines stay, for the lines of messages.
    bare = "".join(
        token.text if token.kind is not Kind.COMMENT else " " + "\n" * token.text.count("\n") for token in tokens(code)
    )
    found = _parsed(f"{names}\n{before}{bare}{after}", _origin).ext
    if len(found) != names.count(";") + 1:
        raise SourceError(Diagnostic(_origin(3, 0), "more than one piece of C"))
    return found[-1]
