# SPDX-License-Identifier: GPL-2.0-only
"""The vocabulary in which the model declares its keys.

Each field of a model class says what text it takes (``Symbol``, ``Path``, …) and, through ``key``,
what it means. The reader (bind.py) and the JSON Schema (schema.py) are both visitors of this.
"""

import dataclasses
import re
import types
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
)

from xenhostgen.spec.c_names import is_type
from xenhostgen.spec.source import At, Fault, Inside, Placed, Text


class Kind(NamedTuple):
    """A kind of text: its stable rule name, its pattern, and words for an error.

    ``check`` finds what is wrong with a text that the pattern matches.
    """

    rule: str
    pattern: str
    says: str
    hint: str = ""
    check: Callable[[Text], Iterable[Fault]] | None = None


_COMMENT_END = re.compile(
    r"\*/|/\*|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_SPDX = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*")


def check_comment(text: Text) -> Iterator[Fault]:
    """A text that lands in a C comment can't end the comment nor hide what it says."""
    if not (match := _COMMENT_END.search(text)):
        return
    place = Inside(text, match.start())
    if match[0] in ("*/", "/*"):
        message = f"'{match[0]}' in a text that lands in a C comment"
        yield "comment-break", message, place, "put a blank between '*' and '/'"
    else:
        message = f"character U+{ord(match[0]):04X} in a text that lands in a C comment"
        yield "comment-control", message, place, "remove it"


def _check_path(path: Text) -> Iterator[Fault]:
    """A path leads straight down from the root."""
    if path.startswith(("/", "~")) or "\\" in path or re.match(r"[A-Za-z]:", path):
        message = f"'{path}' is not a path below the tree's root"
        yield "absolute-path", message, path, "write it relative to the root, with '/'"
    elif not {"", ".", ".."}.isdisjoint(path.split("/")):
        message = f"'{path}' has a part '.', '..' or an empty one"
        yield "path-escapes", message, path, "write the path straight down from the root"


def _check_type(c: Text) -> Iterator[Fault]:
    if not is_type(str(c)):
        hint = "write it as 'int' or 'struct page *'"
        yield "not-a-type", f"'{c[:60]}' is no type of C", c, hint


def _check_licence(licence: Text) -> Iterator[Fault]:
    if not _SPDX.fullmatch(licence):
        message = f"'{licence[:40]}' is not an SPDX licence expression"
        yield "spdx", message, licence, "write it as 'GPL-2.0-only'"


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
    Text, Kind("statement", f"{_C}|", _C_TEXT.says, "write one statement; the ';' is added")
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


@dataclasses.dataclass(init=False, eq=False, repr=False)
@dataclass_transform(eq_default=False, field_specifiers=(key, rows, dataclasses.field))
class Part:
    """A part of a spec: each subclass is a dataclass.

    Each is equal to itself only: two with the same values still stand in two places.
    """

    origin: Placed | At = dataclasses.field(default=At(1, 1), kw_only=True)

    def __init_subclass__(cls) -> None:
        dataclasses.dataclass(eq=False, repr=False)(cls)

    @property
    def at(self) -> At:
        """Where it begins."""
        return At(self.origin.line, self.origin.column)


class Shape(NamedTuple):
    """What the value of a key looks like in YAML.

    ``of`` is the kind of a text, a choice's words, the shape of a list's items, or a model class.
    """

    form: Literal["text", "choice", "boolean", "number", "items", "part", "rows", "step"]
    of: Any = None


class Key(NamedTuple):
    """A key of a model class as the reader and the JSON Schema see it."""

    name: Text
    shape: Shape
    doc: str
    required: bool
    default: Any


class RowForm(NamedTuple):
    """How a row is written: its key, then all its other keys or the short one's value alone."""

    key: Key
    others: list[Key]
    short: Key | None
    has_long_form: bool


def shape_of(hint: Any) -> Shape:
    """The shape that a type of the model stands for."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        choices = [choice for choice in arguments if choice is not type(None)]
        return shape_of(choices[0]) if len(choices) == 1 else Shape("step")
    if origin is Annotated:
        return Shape("text", arguments[1])
    if origin is Literal:
        return Shape("choice", arguments)
    if origin is tuple:
        return Shape("items", shape_of(arguments[0]))
    forms: dict[Any, Shape] = {bool: Shape("boolean"), int: Shape("number")}
    return forms.get(hint, Shape("part", hint))


def keys_of(cls: type) -> list[Key]:
    """The keys of a model class in the order of their declaration."""
    return _keys(cls)


@cache
def _keys(cls: type) -> list[Key]:
    keys = []
    for field in dataclasses.fields(cls):
        if field.metadata:
            shape = shape_of(field.type)
            if field.metadata["rows"]:
                shape = Shape("rows", shape.of.of)
            required = field.default is dataclasses.MISSING
            doc = field.metadata["doc"]
            keys.append(Key(Text(field.name), shape, doc, required, field.default))
    return keys


def short_form(keys: list[Key]) -> Key | None:
    """The first key, if its value may stand for a whole mapping: no other key is required."""
    return None if any(key.required for key in keys[1:]) else keys[0]


@cache
def row_form(cls: type) -> RowForm:
    """How the rows of a model class are written."""
    first, *others = keys_of(cls)
    short = short_form(others)
    # A row whose only further key is itself a mapping of rows has no long form.
    has_long_form = short is None or short.shape.form != "rows" or len(others) > 1
    return RowForm(first, others, short, has_long_form)
