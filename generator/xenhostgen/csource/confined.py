# SPDX-License-Identifier: GPL-2.0-only
"""Read C and object files, in a program of its own where they are a stranger's.

What that answers is checked, and taken for what the same function returns here.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from traceback import walk_tb
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from xenhostgen.csource import debug_info, facts, objects
from xenhostgen.csource.debug_info import Unit
from xenhostgen.csource.facts import Facts
from xenhostgen.csource.objects import Contents
from xenhostgen.csource.preprocess import read_output
from xenhostgen.sandbox.process import BuildError
from xenhostgen.sandbox.reader import Reader

T = TypeVar("T")
_hints = cache(get_type_hints)


def read_facts(output: str, path: Path, by: Reader | None) -> Facts:
    """The facts of a file, from what the preprocessor made of it. Raises BuildError."""
    return _read(_facts, by, output, str(path))


def read_unit(path: Path, by: Reader | None) -> Unit:
    """What an object file's debugging information says. Raises BuildError."""
    return _read(debug_info.read_unit, by, path)


def read_contents(path: Path, by: Reader | None) -> Contents:
    """The symbols and writable sections of an object file. Raises BuildError."""
    return _read(objects.read_contents, by, path)


def _facts(output: str, path: str) -> Facts:
    return facts.read_facts(read_output(output, path))


def _read(function: Callable[..., T], by: Reader | None, *arguments: object) -> T:
    """What a function returns, here or by a reader. Raises BuildError where that can't read it."""
    try:
        if by is None:
            return function(*arguments)
        result: T = _typed(_hints(function)["return"], by.ask(function, *arguments))
    except BuildError:
        raise
    except Exception as error:  # assembler code can put anything anywhere
        if by is None and not _is_of_library(error):
            raise
        raise BuildError("what was made of it can't be read") from error
    return result


def _is_of_library(error: Exception) -> bool:
    """Whether a library raises an error, which what it reads may cause; ours would be a bug."""
    *_, (frame, _) = walk_tb(error.__traceback__)
    return not str(frame.f_globals["__name__"]).startswith(f"{__name__.split('.')[0]}.")


def _typed(wanted: Any, raw: Any) -> Any:
    """JSON as a type that named tuples, tuples, dictionaries, texts and numbers make up.

    Raises TypeError or ValueError where it is something else.
    """
    kind, parts = get_origin(wanted) or wanted, get_args(wanted)
    if kind is dict:
        return {_typed(parts[0], key): _typed(parts[1], value) for key, value in raw.items()}
    if not issubclass(kind, tuple):
        if type(raw) is not kind:
            raise TypeError(raw)
        return raw
    if not isinstance(raw, list):
        raise TypeError(raw)
    if parts:
        return tuple(_typed(parts[0], value) for value in raw)
    hints = _hints(kind)
    return kind(*(_typed(hints[name], value) for name, value in zip(hints, raw, strict=True)))
