# SPDX-License-Identifier: GPL-2.0-only
"""The vocabulary in which the model declares its keys.

Each field of a model class says what text it takes (``Symbol``, ``Path``, …) and, through ``key``,
what it means. The reader (bind.py) and the JSON Schema (schema.py) are both visitors of this.
"""

import dataclasses
import re
import types
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
)

from xenhostgen.spec.c_names import is_type
from xenhostgen.spec.source import At, Placed, Problems, Text

_T = TypeVar("_T")


class Kind(NamedTuple):
    """A kind of text: its stable rule name, its pattern, and words for an error.

    ``check`` notes what is wrong with a text that the pattern matches.
    """

    rule: str
    pattern: str
    says: str
    hint: str = ""
    check: Callable[[Text, Problems], None] | None = None


_COMMENT_END = re.compile(
    r"\*/|/\*|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_SPDX = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*")


def check_comment(text: Text, problems: Problems) -> None:
    """A text that lands in a C comment can't end the comment nor hide what it says."""
    match = _COMMENT_END.search(text)
    if not match:
        return
    at = problems.inside(text, match.start())
    if match[0] in ("*/", "/*"):
        message = f"'{match[0]}' in a text that lands in a C comment"
        problems.add("comment-break", message, at, "put a blank between '*' and '/'")
    else:
        message = f"character U+{ord(match[0]):04X} in a text that lands in a C comment"
        problems.add("comment-control", message, at, "remove it")


def _check_path(path: Text, problems: Problems) -> None:
    """A path leads straight down from the root."""
    if path.startswith(("/", "~")) or "\\" in path or re.match(r"[A-Za-z]:", path):
        message = f"'{path}' is not a path below the tree's root"
        problems.add("absolute-path", message, path, "write it relative to the root, with '/'")
    elif not {"", ".", ".."}.isdisjoint(path.split("/")):
        message = f"'{path}' has a part '.', '..' or an empty one"
        problems.add("path-escapes", message, path, "write the path straight down from the root")


def _check_type(c: Text, problems: Problems) -> None:
    if not is_type(str(c)):
        hint = "write it as 'int' or 'struct page *'"
        problems.add("not-a-type", f"'{c[:60]}' is no type of C", c, hint)


def _check_licence(licence: Text, problems: Problems) -> None:
    if not _SPDX.fullmatch(licence):
        message = f"'{licence[:40]}' is not an SPDX licence expression"
        problems.add("spdx", message, licence, "write it as 'GPL-2.0-only'")


# A line of C that we place in a declaration: no control characters, comment marks or directive.
_C = r"(?!\s)(?!.*(?:/\*|\*/|//))[^\x00-\x1f\x7f\\#;{}]+(?<!\s)"
_C_TEXT = Kind(
    "c-text",
    _C,
    "one line of C without ';', braces or comments",
    "write one declaration; the ';' is added, comments go into 'doc'",
)
_LINE = Kind(
    "line",
    r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+",
    "one line of text",
    "remove control characters and line ends",
)
_ANY_TEXT = Kind("doc", r"(?s).*", "a text")

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
CText = Annotated[Text, _C_TEXT]
CType = Annotated[Text, _C_TEXT._replace(check=_check_type)]
Statement = Annotated[
    Text, Kind("statement", rf"{_C}|", _C_TEXT.says, "write one statement; the ';' is added")
]
Path = Annotated[
    Text,
    Kind(
        "path",
        r"[A-Za-z0-9_.+,@/\\~:-]+",
        "a file's path in the kernel tree",
        "letters, digits and '_.+,@-', as 'include/linux/x.h'",
        _check_path,
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
Line = Annotated[Text, _LINE]
Licence = Annotated[Text, _LINE._replace(check=_check_licence)]
Doc = Annotated[Text, _ANY_TEXT._replace(check=check_comment)]  # lands in a C comment
Prose = Annotated[Text, _ANY_TEXT]


def key(doc: str, default: Any = dataclasses.MISSING) -> Any:
    """A key of the spec with its meaning; without a default it must be given."""
    return dataclasses.field(default=default, metadata={"doc": doc, "rows": False})


def rows(doc: str, default: Any = dataclasses.MISSING) -> Any:
    """As ``key``, for parts that are written as a mapping whose keys are their first field."""
    return dataclasses.field(default=default, metadata={"doc": doc, "rows": True})


@dataclasses.dataclass(eq=False)
@dataclass_transform(
    eq_default=False, frozen_default=True, field_specifiers=(key, rows, dataclasses.field)
)
class Part:
    """A part of a spec: each subclass is a dataclass, frozen to the type checker.

    Each is equal to itself only: two with the same values still stand in two places.
    """

    origin: Placed | At = dataclasses.field(default=At(1, 1), kw_only=True)

    def __init_subclass__(cls) -> None:
        dataclasses.dataclass(eq=False)(cls)

    @property
    def at(self) -> At:
        """Where it begins."""
        return At(self.origin.line, self.origin.column)


class Key(NamedTuple):
    """A key of a model class as the reader and the JSON Schema see it."""

    name: str
    type: Any
    doc: str
    rows: bool
    required: bool
    default: Any


def keys_of(cls: type) -> list[Key]:
    """The keys of a model class in the order of their declaration."""
    return [
        Key(
            field.name,
            field.type,
            **field.metadata,
            required=field.default is dataclasses.MISSING,
            default=field.default,
        )
        for field in dataclasses.fields(cls)
        if field.metadata
    ]


def short_form(keys: list[Key]) -> Key | None:
    """The first key, if its value may stand for a whole mapping: no other key is required."""
    return None if any(key.required for key in keys[1:]) else keys[0]


class Visitor(ABC, Generic[_T]):
    """Makes something of each type that a key may have: a reader, a schema."""

    def visit(self, hint: Any) -> _T:
        """What is made of a type."""
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            choices = [choice for choice in arguments if choice is not type(None)]
            return self.visit(choices[0]) if len(choices) == 1 else self.step()
        if origin is Annotated:
            return self.text(arguments[1])
        if origin is Literal:
            return self.choice(arguments)
        if origin is tuple:
            return self.items(arguments[0])
        if hint is bool:
            return self.boolean()
        return self.number() if hint is int else self.part(hint)

    def visit_key(self, key: Key) -> _T:
        """What is made of a key's value."""
        return self.rows(get_args(key.type)[0]) if key.rows else self.visit(key.type)

    @abstractmethod
    def text(self, kind: Kind) -> _T:
        """A text of a kind."""

    @abstractmethod
    def choice(self, choices: tuple[str, ...]) -> _T:
        """One of some words."""

    @abstractmethod
    def boolean(self) -> _T:
        """True or false."""

    @abstractmethod
    def number(self) -> _T:
        """A whole number."""

    @abstractmethod
    def items(self, item: Any) -> _T:
        """A list of items of a type."""

    @abstractmethod
    def part(self, cls: type) -> _T:
        """A mapping of a model class's keys."""

    @abstractmethod
    def rows(self, cls: type) -> _T:
        """A mapping of rows: a row's first field is the key."""

    @abstractmethod
    def step(self) -> _T:
        """A boot step: a mapping with one key, which says what kind of step it is."""
