# SPDX-License-Identifier: GPL-2.0-only
"""From YAML nodes to the typed model.

For each model class a reader is made once from its ``key`` declarations; reading then is a walk over
the nodes. Whatever doesn't fit is noted with its place and reading goes on.
"""

import dataclasses
import types
from collections.abc import Callable
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from xenhostgen.spec import model
from xenhostgen.spec.shape import Kind
from xenhostgen.spec.source import At, Problems, Text, did_you_mean
from xenhostgen.spec.yaml import Mapping, Node, Sequence, place

Reader = Callable[[Node, str], Any]

# How a boot step is written: the key says which it is.
STEPS: dict[str, type] = {
    "register": model.Register,
    "return_if": model.ReturnIf,
    "assign": model.Assign,
    "call": model.Call,
    "clear_bss": model.ClearBss,
}


class Number(int):
    """A whole number that knows where it stands."""

    at: At


class Missing(Exception):
    """The node can't become a value; the reason has been noted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """A key of a model class as the reader and the JSON Schema see it."""

    name: str
    type: Any
    doc: str
    rows: bool
    required: bool
    default: Any


def keys_of(cls: type) -> list[Key]:
    """The keys of a model class in the order of their declaration."""
    hints = get_type_hints(cls, include_extras=True)
    return [
        Key(
            field.metadata["spelled"] or field.name,
            hints[field.name],
            field.metadata["doc"],
            field.metadata["rows"],
            field.default is dataclasses.MISSING,
            field.default,
        )
        for field in dataclasses.fields(cls)
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
    return keys[1] if len(keys) > 1 else None


class Binder:
    """Makes a reader for each class and keeps the problems they find."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.readers: dict[Any, Reader] = {}
        self.incomplete = False

    def read(self, cls: type, node: Node, what: str) -> Any:
        """A model object from a node; raises ``Missing`` where none can be made."""
        return self.reader(cls)(node, what)

    def reader(self, hint: Any) -> Reader:
        """The reader of a type, made on first need."""
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
        self.problems.add("wrong-shape", f"{what} must be {wanted}, not {found}", place(node))
        self.incomplete = True
        return Missing()

    def scalar(self, node: Node, what: str) -> Text:
        if type(node) is not Text:
            raise self.wrong(node, what, "a text")
        return node

    def of_kind(self, kind: Kind) -> Reader:
        accepted: set[str] = set()
        matches = kind.accepts

        def read(node: Node, what: str) -> Text:
            if type(node) is not Text:
                raise self.wrong(node, what, kind.says)
            if node not in accepted:
                if matches(node):
                    accepted.add(node)
                else:
                    found = f"'{node[:60]}'" if node else "an empty text"
                    self.problems.add(
                        f"not-a-{kind.rule}", f"{what} must be {kind.says}, not {found}", node
                    )
            return node

        return read

    def choice(self, choices: tuple[str, ...], convert: Callable[[str], Any] = str) -> Reader:
        def read(node: Node, what: str) -> Any:
            value = self.scalar(node, what)
            if value not in choices:
                wanted = ", ".join(choices)
                self.problems.add(
                    "unknown-choice",
                    f"{what} can't be '{value}'",
                    value,
                    did_you_mean(value, choices, f"one of: {wanted}"),
                )
                return convert(choices[0])
            return convert(value)

        return read

    def number(self, node: Node, what: str) -> int:
        value = self.scalar(node, what)
        try:
            if not value.isascii() or "_" in value:
                raise ValueError
            number = Number(value, 0)
        except ValueError:
            self.problems.add(
                "not-a-number", f"{what} must be a whole number, not '{value[:40]}'", value
            )
            number = Number(0)
        number.at = value.at
        return number

    def sequence(self, item: Any) -> Reader:
        read_item = self.reader(item)

        def read(node: Node, what: str) -> tuple[Any, ...]:
            if type(node) is not Sequence:
                raise self.wrong(node, what, "a list")
            made = []
            for element in node:
                try:
                    made.append(read_item(element, f"an item of {what}"))
                except Missing:
                    continue
            return tuple(made)

        return read

    def mapping(self, cls: type) -> Reader:
        keys = keys_of(cls)
        readers: dict[str, tuple[str, Reader]] = {}
        for key in keys:
            of_item = self.rows(get_args(key.type)[0]) if key.rows else self.reader(key.type)
            readers[key.name] = (f"'{key.name}'", of_item)
        required = [key.name for key in keys if key.required]
        known = [key.name for key in keys]

        def read(node: Node, what: str, **given: Any) -> Any:
            if type(node) is not Mapping:
                raise self.wrong(node, what, "a mapping")
            values = given
            failed = False
            for name, value in node.items():
                found = readers.get(name)
                if found is None:
                    self.problems.add(
                        "unknown-key",
                        f"unknown key '{name}' in {what}",
                        name,
                        did_you_mean(name, known),
                    )
                    continue
                try:
                    values[name] = found[1](value, found[0])
                except Missing:
                    failed = True
            for name in required:
                if name not in values and name not in node:
                    self.problems.add("missing-key", f"{what} lacks the key '{name}'", node.at)
                    self.incomplete = failed = True
            if failed:
                raise Missing
            return cls(**values, at=node.at)

        return read

    def rows(self, cls: type) -> Reader:
        """Rows written as a mapping: the key is the row's first field."""
        keys = keys_of(cls)
        read_key = self.reader(keys[0].type)
        first = keys[0].name
        whole = self.mapping(cls)
        short = short_form(keys)
        assert short is not None
        nested = short.rows and len(keys) == 2
        read_short = self.rows(get_args(short.type)[0]) if short.rows else self.reader(short.type)

        def read(node: Node, what: str) -> tuple[Any, ...]:
            if type(node) is not Mapping:
                raise self.wrong(node, what, "a mapping")
            made = []
            for name, value in node.items():
                title = f"'{name}'"
                try:
                    key = read_key(name, f"a key of {what}")
                    if type(value) is Mapping and not nested:
                        made.append(whole(value, title, **{first: key}))  # type: ignore[call-arg]
                    else:
                        made.append(
                            cls(**{first: key, short.name: read_short(value, title)}, at=name.at)
                        )
                except Missing:
                    continue
            return tuple(made)

        return read

    def step(self, node: Node, what: str) -> Any:
        """A boot step: a mapping with one key, which says what kind of step it is."""
        if type(node) is not Mapping or len(node) != 1:
            raise self.wrong(
                node, "a boot step", f"a mapping with one of the keys {', '.join(STEPS)}"
            )
        ((kind, value),) = node.items()
        cls = STEPS.get(kind)
        if cls is None:
            self.problems.add(
                "unknown-step", f"unknown boot step '{kind}'", kind, did_you_mean(kind, list(STEPS))
            )
            self.incomplete = True
            raise Missing
        if cls is model.Assign:
            (made,) = self.rows(cls)(value, f"'{kind}'") or (None,)
            if made is None:
                raise self.wrong(value, "'assign'", "one 'target: value'")
            return made
        if type(value) is Text:
            first = keys_of(cls)[0]
            return cls(**{first.name: self.reader(first.type)(value, f"'{kind}'")}, at=kind.at)
        return self.reader(cls)(value, f"'{kind}'")
