# SPDX-License-Identifier: GPL-2.0-only
"""What one C file defines, as plain data: the result of reading the C back.

Texts are canonical (see ``canonical``): compare them with expectations written as C snippets.
Attributes and section names aren't here: look for those in the object file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xenhostgen.csource.preprocess import DEFAULT_LIMITS, Limits, Macro, Position, preprocess


@dataclass(frozen=True, slots=True)
class Enumerator:
    """``value`` is None when only a compiler could tell it (``sizeof``)."""

    name: str
    value: int | None
    at: Position


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum's definition; ``name`` is empty for one without a tag."""

    name: str
    enumerators: tuple[Enumerator, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Member:
    """``members`` are those of a struct or union defined in place; ``name`` may then be empty."""

    name: str
    type: str
    members: tuple["Member", ...] | None
    at: Position


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct or union with a tag; ``members`` is None for a forward declaration."""

    kind: str
    name: str
    members: tuple[Member, ...] | None
    at: Position


@dataclass(frozen=True, slots=True)
class Typedef:
    """``members`` are those of a struct or union defined in place, with a tag or without."""

    name: str
    type: str
    members: tuple[Member, ...] | None
    at: Position


@dataclass(frozen=True, slots=True)
class Parameter:
    """A function's parameter; its name may be empty, and a final ``...`` is a type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Prototype:
    """A function's declaration; ``specifiers`` are words such as extern, static, inline."""

    name: str
    returns: str
    parameters: tuple[Parameter, ...]
    specifiers: tuple[str, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Function(Prototype):
    """A function's definition: one text for each top-level statement of its body."""

    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a brace initialiser; the designator is ``.member``, ``[index]`` or empty."""

    designator: str
    value: str
    at: Position


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable; ``storage`` is ``extern``, ``static`` or empty, ``const`` that of the object.

    ``entries`` is None unless the initialiser is a brace list.
    """

    name: str
    type: str
    storage: str
    const: bool
    initialiser: str | None
    entries: tuple[Entry, ...] | None
    at: Position


@dataclass(frozen=True, slots=True)
class Export:
    """``kind`` is the macro's name, ``EXPORT_SYMBOL`` or ``EXPORT_SYMBOL_GPL``."""

    symbol: str
    kind: str
    at: Position


@dataclass(frozen=True, slots=True)
class Include:
    """``text`` as written: ``<linux/types.h>`` or ``"local.h"``."""

    text: str
    at: Position


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that one file defines or declares, each kind in source order."""

    path: str
    includes: tuple[Include, ...]
    macros: tuple[Macro, ...]
    enums: tuple[Enum, ...]
    structs: tuple[Struct, ...]
    typedefs: tuple[Typedef, ...]
    prototypes: tuple[Prototype, ...]
    functions: tuple[Function, ...]
    variables: tuple[Variable, ...]
    exports: tuple[Export, ...]


def read_facts(
    path: Path,
    include_dirs: Sequence[Path] = (),
    *,
    defines: Sequence[str] = (),
    cc: str = "gcc",
    limits: Limits = DEFAULT_LIMITS,
) -> Facts:
    """Preprocess and parse ``path``; what its includes define is not among the facts.

    Raises SourceError.
    """
    from xenhostgen.csource.reading import facts_of  # imports pycparser

    return facts_of(preprocess(path, include_dirs, defines=defines, cc=cc, limits=limits))
