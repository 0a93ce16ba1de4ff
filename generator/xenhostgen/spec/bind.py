# SPDX-License-Identifier: GPL-2.0-only
"""From YAML nodes to the typed model.

For each model class a reader is made once from its ``key`` declarations; reading then is a walk over
the nodes. Whatever doesn't fit is noted with its place and reading goes on.
"""

import re
import types
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from xenhostgen.spec import model
from xenhostgen.spec.shape import Kind
from xenhostgen.spec.source import At, Placed, Problems, Text, text
from xenhostgen.spec.yaml import Mapping, Node, Sequence

Reader = Callable[[Node, str], Any]

# How a boot step is written: the key says which it is.
STEPS: dict[str, type] = {
    "register": model.Register,
    "return_if": model.ReturnIf,
    "assign": model.Assign,
    "call": model.Call,
    "clear_bss": model.ClearBss,
}


_SHAPES = {
    "a mapping": "write 'key: value' pairs, below it or in {}",
    "a list": "write its items in [], or below it with a '-' each",
}
INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*|0[xX][0-9a-fA-F]+)")


class Number(int, Placed):
    """A whole number that knows where it stands."""


class Missing(Exception):
    """The node can't become a value; the reason has been noted."""


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
            required=field.default is MISSING,
            default=field.default,
        )
        for field in fields(cls)
        if "doc" in field.metadata
    ]


def without_none(hint: Any) -> Any:
    """The type itself where it is optional."""
    if get_origin(hint) in (Union, types.UnionType):
        rest = [part for part in get_args(hint) if part is not type(None)]
        return rest[0] if len(rest) == 1 else hint
    return hint


def short_form(keys: list[Key]) -> Key | None:
    """The key that a row's value may stand for by itself: a scalar or list for the second key."""
    return None if any(key.required for key in keys[2:]) else keys[1]


def _shown(what: str) -> str:
    """What an error speaks of: a name that the spec's author wrote is quoted."""
    return f"'{what}'" if isinstance(what, Text) else what


def _stand_in(hint: Any, at: At) -> Any:
    """Next to nothing of a type: empty texts and lists, so that the rest of a spec can be checked."""
    if get_origin(hint) is tuple:
        return ()
    if not isinstance(hint, type):
        return text("", at)
    return hint(
        **{key.name: _stand_in(key.type, at) for key in keys_of(hint) if key.required}, origin=at
    )


class Binder:
    """Makes a reader for each class and keeps the problems they find."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.readers: dict[Any, Reader] = {}
        self.section = ""  # the key of the spec below which is read
        self.unread: set[str] = set()  # those below which something couldn't be

    def reader(self, hint: Any) -> Reader:
        """The reader of a type, made on first need; it raises ``Missing`` where a node can't be read."""
        made = self.readers.get(hint)
        if made is None:
            made = self.readers[hint] = self.make(hint)
        return made

    def make(self, hint: Any) -> Reader:
        hint = without_none(hint)
        if hint == model.Step:
            return self.step
        origin = get_origin(hint)
        if origin is Annotated:
            return self.of_kind(next(extra for extra in get_args(hint) if isinstance(extra, Kind)))
        if origin is Literal:
            return self.choice(get_args(hint))
        if origin is tuple:
            return self.sequence(get_args(hint)[0])
        if hint is bool:
            return self.choice(("true", "false"), lambda value: value == "true")
        if hint is int:
            return self.number
        if hint is Text:
            return self.scalar
        return self.mapping(hint)

    def wrong(self, node: Node, what: str, wanted: str) -> Missing:
        found = {Mapping: "a mapping", Sequence: "a list", Text: "a text"}[type(node)]
        found = "nothing" if node == "" else found
        message, hint = f"{_shown(what)} must be {wanted}, not {found}", _SHAPES.get(wanted, "")
        self.problems.add("wrong-shape", message, node.at, hint or f"write {wanted}")
        self.unread.add(self.section)
        return Missing()

    def scalar(self, node: Node, what: str) -> Text:
        if type(node) is not Text:
            raise self.wrong(node, what, "a text")
        return node

    def of_kind(self, kind: Kind) -> Reader:
        matches = re.compile(kind.pattern).fullmatch

        def read(node: Node, what: str) -> Text:
            if type(node) is not Text:
                raise self.wrong(node, what, kind.says)
            if matches(node) is None:
                found = f"'{node[:60]}'" if node else "an empty text"
                message = f"{_shown(what)} must be {kind.says}, not {found}"
                self.problems.add(f"not-a-{kind.rule}", message, node, kind.hint)
            return node

        return read

    def choice(
        self, choices: tuple[str, ...], convert: Callable[[Text], Any] = lambda value: value
    ) -> Reader:
        def read(node: Node, what: str) -> Any:
            value = self.scalar(node, what)
            if value not in choices:
                message = f"{_shown(what)} can't be '{value}'"
                hint = self.problems.did_you_mean(value, choices, f"one of: {', '.join(choices)}")
                self.problems.add("unknown-choice", message, value, hint)
                return convert(text(choices[0], value.at))
            return convert(value)

        return read

    def number(self, node: Node, what: str) -> int:
        value = self.scalar(node, what)
        if INTEGER.fullmatch(value) and len(value) <= 20:
            number = Number(value, 0)
        else:
            message = f"{_shown(what)} must be a whole number, not '{value[:40]}'"
            self.problems.add("not-a-number", message, value, "write it as 12, -12 or 0x0c")
            number = Number(0)
        number.line, number.column = value.at
        return number

    def sequence(self, item: Any) -> Reader:
        read_item = self.reader(item)

        def read(node: Node, what: str) -> tuple[Any, ...]:
            if type(node) is not Sequence:
                raise self.wrong(node, what, "a list")
            made = []
            title = f"an item of {_shown(what)}"
            for element in node:
                try:
                    made.append(read_item(element, title))
                except Missing:
                    continue
            return tuple(made)

        return read

    def mapping(self, cls: type) -> Reader:
        keys = keys_of(cls)
        readers: dict[str, tuple[str, Reader]] = {}
        for key in keys:
            readers[key.name] = (
                f"'{key.name}'",
                self.top(key) if cls is model.Interface else self.key(key),
            )
        required = {key.name for key in keys if key.required}
        known = [key.name for key in keys]

        def unread(node: Mapping) -> None:
            # What an unknown key of the spec itself was meant for is one that isn't there.
            self.unread.update(
                set(known) - node.keys() if cls is model.Interface else {self.section}
            )

        def read(node: Node, what: str, row: Text | None = None, **values: Any) -> Any:
            if type(node) is not Mapping:
                raise self.wrong(node, what, "a mapping")
            origin = node if row is None else row
            failed = False
            for name, value in node.items():
                found = readers.get(name)
                if found is None or name in values:
                    message = f"unknown key '{name}' in {_shown(what)}"
                    others = [key for key in known if key not in values]
                    hint = self.problems.did_you_mean(name, others)
                    self.problems.add("unknown-key", message, name, hint)
                    unread(node)
                    continue
                try:
                    values[name] = found[1](value, found[0])
                except Missing:
                    failed = True
            if failed or not required <= values.keys():
                unread(node)
                missing = [name for name in known if name in required - values.keys() - node.keys()]
                if missing:
                    lacks = ", ".join(f"'{name}'" for name in missing)
                    hint = "; ".join(
                        f"{key.name}: {key.doc}" for key in keys if key.name in missing
                    )
                    self.problems.add("missing-key", f"{_shown(what)} lacks {lacks}", origin, hint)
                if cls is not model.Interface:
                    raise Missing
                values = vars(_stand_in(cls, origin.at)) | values
            values["origin"] = origin
            return cls(**values)

        return read

    def top(self, key: Key) -> Reader:
        """The reader of what stands below a key of the spec itself."""
        read = self.key(key)

        def noted(node: Node, what: str) -> Any:
            self.section = key.name
            return read(node, what)

        return noted

    def key(self, key: Key) -> Reader:
        """The reader of a key's value."""
        return self.rows(get_args(key.type)[0]) if key.rows else self.reader(key.type)

    def rows(self, cls: type) -> Reader:
        """Rows written as a mapping: the key is the row's first field."""
        keys = keys_of(cls)
        read_key = self.reader(keys[0].type)
        first = keys[0].name
        whole: Any = self.mapping(cls)
        short = short_form(keys)
        # A row whose only further key is itself a mapping of rows has no long form.
        nested = short is not None and short.rows and len(keys) == 2
        read_short = self.key(short) if short else None

        def read(node: Node, what: str) -> tuple[Any, ...]:
            if type(node) is not Mapping:
                raise self.wrong(node, what, "a mapping")
            made = []
            title = f"a key of {_shown(what)}"
            for name, value in node.items():
                try:
                    key = read_key(name, title)
                    if read_short is None or (type(value) is Mapping and not nested):
                        made.append(whole(value, name, name, **{first: key}))
                    else:  # the row's first two fields
                        made.append(cls(key, read_short(value, name), origin=name))
                except Missing:
                    continue
            return tuple(made)

        return read

    def step(self, node: Node, _what: str) -> Any:
        """A boot step: a mapping with one key, which says what kind of step it is."""
        if type(node) is not Mapping or len(node) != 1:
            raise self.wrong(node, "a boot step", "a mapping with one key: " + ", ".join(STEPS))
        ((kind, value),) = node.items()
        cls = STEPS.get(kind)
        if cls is None:
            hint = self.problems.did_you_mean(kind, list(STEPS))
            self.problems.add("unknown-step", f"unknown boot step '{kind}'", kind, hint)
            self.unread.add(self.section)
            raise Missing
        if cls is model.Assign:
            if type(value) is not Mapping or len(value) != 1:
                raise self.wrong(value, "'assign'", "a mapping with one 'target: value'")
            made = self.rows(cls)(value, f"'{kind}'")
            if not made:
                raise Missing
            return made[0]
        first, *others = keys_of(cls)
        if type(value) is Text and not any(key.required for key in others):
            return cls(**{first.name: self.reader(first.type)(value, f"'{kind}'")}, origin=kind)
        return self.reader(cls)(value, f"'{kind}'")
