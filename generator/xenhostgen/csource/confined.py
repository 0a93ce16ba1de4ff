# SPDX-License-Identifier: GPL-2.0-only
"""Read C and object files, by a program of its own where they are a stranger's.

This module is that program, too; ``reader()`` starts it, and what it answers is checked.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from xenhostgen.csource import debug_info, facts, objects
from xenhostgen.csource.debug_info import Unit
from xenhostgen.csource.facts import Fact, Facts
from xenhostgen.csource.objects import Contents, Symbol
from xenhostgen.csource.preprocess import SourceError, read_output
from xenhostgen.sandbox.location import Location
from xenhostgen.sandbox.process import BuildError, Complaint
from xenhostgen.sandbox.reader import Reader, serve

T = TypeVar("T")
_NONSENSE = (ValueError, TypeError, KeyError, AttributeError)


def reader(*readable: Path) -> Reader:
    """The program; it sees the folders."""
    return Reader("xenhostgen.csource.confined", readable)


def read_facts(output: str, path: Path, by: Reader | None) -> Facts:
    """The facts of a file, from what the preprocessor made of it. Raises SourceError."""
    if by is None:
        return _facts(output, str(path))
    whole = Location(str(path))
    try:
        answer = by.ask("facts", output, str(path))
        if complaints := _each(_complaint, answer["complaints"]):
            raise SourceError(*complaints)
        return _each(_fact, answer["facts"])
    except BuildError as error:
        raise SourceError(Complaint(str(error), whole)) from error
    except _NONSENSE as error:
        raise SourceError(Complaint("its parser's answer makes no sense", whole)) from error


def read_unit(path: Path, by: Reader | None) -> Unit:
    """What an object file's debugging information says. Raises BuildError."""
    try:
        if by is None:
            return debug_info.read_unit(path)
        descriptions, sections, references = by.ask("unit", str(path))
        names = {_text(key): _text(name) for key, name in sections.items()}
        return Unit(_named_texts(descriptions), names, _named_texts(references))
    except BuildError:  # it says more
        raise
    except Exception as error:  # assembler code can put anything anywhere
        raise BuildError("what the compiler made of it can't be read") from error


def read_contents(path: Path, by: Reader | None) -> Contents:
    """The symbols and writable sections of an object file. Raises BuildError."""
    try:
        if by is None:
            return objects.read_contents(path)
        writable, symbols = by.ask("contents", str(path))
        return Contents(_each(_text, writable), _each(_symbol, symbols))
    except BuildError:
        raise
    except Exception as error:
        raise BuildError("what the linker made of it can't be read") from error


def _facts(output: str, path: str) -> Facts:
    return facts.read_facts(read_output(output, path))


def _answer(kind: str, *question: str) -> object:
    """The program's answer to a question."""
    if kind == "unit":
        return debug_info.read_unit(Path(*question))
    if kind == "contents":
        return objects.read_contents(Path(*question))
    try:
        return {"facts": _facts(*question), "complaints": []}
    except SourceError as error:
        return {"complaints": error.complaints}


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise TypeError(raw)
    return raw


def _number(raw: object) -> int:
    if not isinstance(raw, int):
        raise TypeError(raw)
    return raw


def _each(convert: Callable[[Any], T], raw: object) -> tuple[T, ...]:
    if not isinstance(raw, list):
        raise TypeError(raw)
    return tuple(map(convert, raw))


def _named_texts(raw: Any) -> dict[str, tuple[str, ...]]:
    return {_text(name): _each(_text, texts) for name, texts in raw.items()}


def _location(raw: Any) -> Location:
    file, line, column = raw
    return Location(_text(file), _number(line), _number(column))


def _complaint(raw: Any) -> Complaint:
    text, at, symbol = raw
    return Complaint(_text(text), _location(at), _text(symbol))


def _fact(raw: Any) -> Fact:
    kind, name, at, text, words = raw
    return Fact(_text(kind), _text(name), _location(at), _text(text), _each(_text, words))


def _symbol(raw: Any) -> Symbol:
    *names, offset = raw
    name, kind, binding, section = map(_text, names)
    return Symbol(name, kind, binding, section, _number(offset))


if __name__ == "__main__":
    serve(_answer)
