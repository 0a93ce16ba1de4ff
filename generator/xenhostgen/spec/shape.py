# SPDX-License-Identifier: GPL-2.0-only
"""The vocabulary in which the model declares its keys.

Each field of a model class says what text it takes (``Symbol``, ``Path``, …) and, through ``key``,
what it means. The reader (bind.py) and the JSON Schema (schema.py) are both made from this.
"""

import dataclasses
from typing import Annotated, Any, NamedTuple, TypeVar, dataclass_transform

from xenhostgen.spec.source import At, Placed, Text

_T = TypeVar("_T")


class Kind(NamedTuple):
    """A kind of text: its stable rule name, its pattern, and words for an error."""

    rule: str
    pattern: str
    says: str
    hint: str = ""


# A line of C that we place in a declaration: no control characters, no comment marks, no directive.
_C = r"(?!\s)(?!.*(?:/\*|\*/|//))[^\x00-\x1f\x7f\\#;{}]+(?<!\s)"

Name = Annotated[
    Text,
    Kind(
        "name",
        r"[a-z][a-z0-9_]*",
        "a name of small letters, digits and '_'",
        "begin with a letter; the C name is made from it",
    ),
]
Symbol = Annotated[
    Text,
    Kind(
        "symbol",
        r"[A-Za-z_][A-Za-z0-9_]*",
        "a C identifier",
        "letters, digits and '_', not a digit first",
    ),
]
CText = Annotated[
    Text,
    Kind(
        "c-text",
        _C,
        "one line of C without ';', braces or comments",
        "write one declaration; the ';' is added, comments go into 'doc'",
    ),
]
Statement = Annotated[
    Text,
    Kind(
        "statement",
        rf"{_C}|",
        "one line of C without ';', braces or comments",
        "write one statement; the ';' is added",
    ),
]
Path = Annotated[
    Text,
    Kind(
        "path",
        r"[A-Za-z0-9_.+,@/\\~:-]+",
        "a file's path in the kernel tree",
        "letters, digits and '_.+,@-', as 'include/linux/x.h'",
    ),
]
Header = Annotated[
    Text,
    Kind(
        "header",
        r'<[A-Za-z0-9_./+-]+>|"[A-Za-z0-9_./+-]+"',
        'a header, as <linux/x.h> or "x.h"',
        "write it with the brackets or quotes of its #include",
    ),
]
Line = Annotated[
    Text,
    Kind(
        "line",
        r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+",
        "one line of text",
        "remove control characters and line ends",
    ),
]
# Texts that land in C comments; the rules refuse '*/' and control characters with their place.
Doc = Annotated[Text, Kind("doc", r"(?s).*", "a text")]


def key(doc: str, *, default: Any = dataclasses.MISSING, rows: bool = False) -> Any:
    """A key of the spec with its meaning; without a default it must be given.

    ``rows``: written as a mapping whose keys are the rows' first field.
    """
    return dataclasses.field(default=default, metadata={"doc": doc, "rows": rows})


@dataclass_transform(
    frozen_default=True, eq_default=False, field_specifiers=(key, dataclasses.field)
)
def part(cls: type[_T]) -> type[_T]:
    """Make a class of the model a dataclass that is frozen to the type checker, who costs a run nothing.

    To freeze it at run time, too, would make a large spec a tenth dearer to read.
    """
    return dataclasses.dataclass(init=False, eq=False, repr=False)(cls)


@dataclass_transform(
    frozen_default=True, eq_default=False, field_specifiers=(key, dataclasses.field)
)
def row(cls: type[_T]) -> type[_T]:
    """As ``part``, for what a large spec has thousands of: quicker to make, but dear to import."""
    return dataclasses.dataclass(slots=True, eq=False, repr=False)(cls)


@row
class Part:
    """A part of a spec. Each is itself only: two with the same values still stand in two places.

    The model's dataclasses share what is here, and have no ``eq``: to generate it for each class would
    double the time that the model takes to be imported.
    """

    origin: Placed | At = dataclasses.field(default=At(1, 1), kw_only=True)

    def __init__(self, *values: Any, origin: Placed | At = At(1, 1), **named: Any) -> None:
        object.__setattr__(self, "origin", origin)
        self.__dict__.update(zip(self.__match_args__, values, strict=False), **named)

    @property
    def at(self) -> At:
        """Where it begins."""
        return At(self.origin.line, self.origin.column)

    def __repr__(self) -> str:
        names = [name for name in self.__dataclass_fields__ if name != "origin"]
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__name__}({values})"
