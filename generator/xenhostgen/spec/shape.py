# SPDX-License-Identifier: GPL-2.0-only
"""The vocabulary in which the model declares its keys.

A key of a model class has a *shape*: an object that reads the key's value from a YAML node, and
that describes itself in the JSON Schema. What can't be read is noted with its place and left out;
None stands for it until then.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, ClassVar, Generic, Self, TypeVar, cast, overload

from xenhostgen.spec.source import (
    At,
    Fault,
    Inside,
    Nearest,
    Placed,
    Problems,
    Text,
    first_unseen,
    nearest,
)
from xenhostgen.spec.yaml import Mapping, Node, Sequence

Schema = dict[str, Any]
T = TypeVar("T")
E = TypeVar("E")
P = TypeVar("P", bound="Part")
_SCALARS = ["string", "integer", "boolean"]
_NODES: dict[type, str] = {Text: "a text", Sequence: "a list", Mapping: "a mapping"}
_FORMER = {"calls": "body", "when_no_host": "no_host", "when_missing": "fallback"}
"""Keys of version 1, and what they are called now."""
_HINTS = {
    "a mapping": "write 'key: value' pairs, below it or in {}",
    "a list": "write its items in [], or below it with a '-' each",
}


class Shape(Generic[T, E]):
    """What the value of a key looks like in YAML, in the types of its ``node`` and in words.

    Its value is a T, and an E where the key is left out: ``empty``.
    """

    node: type = Text
    says = "a text"
    empty: Any = None

    def read(self, node: Node, what: str, problems: Problems) -> Any:
        """The value of a node, which an error calls ``what``; None if it can't be read."""
        if type(node) is not self.node:
            return self.refuse_node(node, what, problems)
        return self.value(node, what, problems)

    def value(self, node: Any, what: str, problems: Problems) -> Any:
        """The value of a node of the right type; None if it can't be read."""
        raise NotImplementedError

    def schema(self) -> Schema:
        """This shape as a JSON Schema."""
        raise NotImplementedError

    def refuse_node(self, node: Node, what: str, problems: Problems) -> None:
        """Note that a node isn't what it must be."""
        actual = "nothing" if node == "" else _NODES[type(node)]
        hint = _HINTS.get(self.says, f"write {self.says}")
        problems.lose("wrong-shape", f"{what} must be {self.says}, not {actual}", node, hint)


class _Text(Shape[Text, E]):
    """A text, in which beside printable characters only those of ``layout`` may stand."""

    layout = ""

    def __init__(
        self,
        rule: str,
        pattern: str,
        says: str,
        hint: str = "",
        check: Callable[[Text], Iterable[Fault]] | None = None,
        *,
        example: str = "",
    ) -> None:
        self.rule, self.pattern, self.says, self.hint = rule, pattern, says, hint
        self.check, self.example = check, example

    @cached_property
    def _matches(self) -> Callable[[str], object]:
        return re.compile(self.pattern or "(?s).*").fullmatch

    def value(self, node: Text, what: str, problems: Problems) -> Text:
        if (offset := first_unseen(node, self.layout)) is not None:
            from unicodedata import name  # for those only who have erred

            character = name(node[offset], "a control character").lower()
            message = f"character U+{ord(node[offset]):04X} ({character}) in {what}"
            hint = "remove it: only visible characters are allowed here"
            problems.add("unseen-character", message, Inside(node, offset), hint)
        elif not self._matches(node):
            shown = f"'{node[:60]}'" if node else "an empty text"
            message = f"{what} must be {self.says}, not {shown}"
            problems.add(f"not-a-{self.rule}", message, node, self.hint)
        elif self.check:
            problems.extend(self.check(node))
        return node

    def schema(self) -> Schema:
        if not self.pattern:
            return {"type": "string"}
        error = f"must be {self.says}; {self.hint}"
        # C may be a number or a truth value to editors, which read YAML; patterns bind texts.
        form: Schema = {"type": _SCALARS if self._matches("!0") else "string"}
        form |= {"examples": [self.example]} if self.example else {}
        return form | {"pattern": f"^(?:{self.pattern})$", "patternErrorMessage": error}


class Kind(_Text[None]):
    """A kind of text: its stable rule name, its pattern (none: any text), and words for an error.

    ``check`` finds what is wrong with a text that the pattern matches.
    """


class Prose(_Text[Text]):
    """A text in any number of lines."""

    empty = Text()
    layout = "\n\t"


class Choice(Shape[str, None]):
    """One of some words, each with its meaning."""

    def __init__(self, **meanings: str) -> None:
        self.words, self.meanings = tuple(meanings), meanings

    def value(self, node: Text, what: str, problems: Problems) -> Any:
        if node not in self.words:
            hint = Nearest(node, self.words, f"one of: {', '.join(self.words)}")
            return problems.lose("unknown-choice", f"{what} can't be '{node}'", node, hint)
        return node

    def schema(self) -> Schema:
        return {"enum": list(self.words), "enumDescriptions": list(self.meanings.values())}


class _Flag(Shape[bool, None]):
    def value(self, node: Text, what: str, problems: Problems) -> Any:
        word = Choice(true="", false="").value(node, what, problems)
        return None if word is None else word == "true"

    def schema(self) -> Schema:
        return {"type": "boolean"}


class Number(int, Placed):
    """A whole number that knows where it stands."""


class _Number(Shape[Number, None]):
    pattern = "-?(?:0|[1-9][0-9]*|0[xX][0-9a-fA-F]+)"

    def value(self, node: Text, what: str, problems: Problems) -> Any:
        if not re.fullmatch(self.pattern, node) or len(node) > 20:
            message = f"{what} must be a whole number, not '{node[:40]}'"
            return problems.lose("not-a-number", message, node, "write it as 12, -12 or 0x0c")
        number = Number(node, 0)
        number.line, number.column = node.at
        return number

    def schema(self) -> Schema:
        return {"type": ["integer", "string"], "pattern": f"^(?:{self.pattern})$"}


FLAG, NUMBER = _Flag(), _Number()


class Items(Shape[tuple[T, ...], tuple[T, ...]]):
    """A list of values of one shape, or of parts of a class."""

    node = Sequence
    says = "a list"
    empty = ()

    def __init__(self, item: Shape[T, E] | type[T]) -> None:
        self.item = shaped(item)

    def value(self, node: Sequence, what: str, problems: Problems) -> tuple[Any, ...]:
        title = f"an item of {what}"
        items = [self.item.read(item, title, problems) for item in node]
        return tuple(item for item in items if item is not None)

    def schema(self) -> Schema:
        return {"type": "array", "items": self.item.schema()}


class Key:
    """A key of a model class: its name there, its shape, its meaning, and its default."""

    name = shown = ""

    def __init__(self, shape: Any, doc: str, is_required: bool, default: Any = None) -> None:
        self.shape, self.doc, self.is_required = shaped(shape), doc, is_required
        self.default = self.shape.empty if default is None else default

    def schema(self) -> Schema:
        """The JSON Schema of its value."""
        schema: Schema = {"description": self.doc}
        if isinstance(self.default, bool | int | str) and self.default != "":
            schema["default"] = self.default
        return schema | self.shape.schema()


def shaped(shape: Any) -> Shape[Any, Any]:
    """A shape, or that of a class of parts."""
    return shape if isinstance(shape, Shape) else Mapped(shape)


def key(shape: Shape[T, E] | type[T], doc: str) -> T:
    """A key that must be there."""
    return cast(T, Key(shape, doc, is_required=True))


@overload
def optional(shape: Shape[T, E], doc: str) -> T | E: ...
@overload
def optional(shape: type[T], doc: str) -> T | None: ...
@overload
def optional(shape: Shape[T, E] | type[T], doc: str, default: T) -> T: ...
def optional(shape: Any, doc: str, default: Any = None) -> Any:
    """A key that may be left out; without a ``default`` it is then empty, as its shape has it."""
    return Key(shape, doc, is_required=False, default=default)


class Part:
    """A part of a spec: each subclass declares its keys. Nothing changes a part once it is made.

    Each is equal to itself only: two with the same values still stand in two places.
    """

    KEYS: ClassVar[dict[str, Key]] = {}
    origin: Placed | At = At(1, 1)

    def __init_subclass__(cls) -> None:
        cls.KEYS = {name: value for name, value in vars(cls).items() if isinstance(value, Key)}
        for name, declared in cls.KEYS.items():
            declared.name, declared.shown = name, f"'{name}'"
            if declared.is_required:
                delattr(cls, name)
            else:
                setattr(cls, name, declared.default)

    def __init__(self, *first: Any, **values: Any) -> None:
        vars(self).update(values)
        if first:
            vars(self).update(zip(self.KEYS, first, strict=False))

    def with_(self, **changes: Any) -> Self:
        """A copy with other values of some keys."""
        declared = {"origin", "path", *self.KEYS}
        values = {name: value for name, value in vars(self).items() if name in declared}
        return type(self)(**values | changes)

    @property
    def at(self) -> At:
        """Where it begins."""
        return At(self.origin.line, self.origin.column)

    def parts(self, kind: type[P]) -> Iterator[P]:
        """The parts of a kind in it, itself included, in their order."""
        if isinstance(self, kind):
            yield self
        for value in list(vars(self).values()):  # cached properties may come meanwhile
            for part in value if isinstance(value, tuple) else (value,):
                if isinstance(part, Part):
                    yield from part.parts(kind)


class Mapped(Shape[P, None]):
    """A mapping that becomes a part, whose first key may be read already."""

    node = Mapping
    says = "a mapping"

    def __init__(self, cls: type[P], first: int = 0) -> None:
        self.cls = cls
        self.keys = dict(list(cls.KEYS.items())[first:])
        self.required = [key for key in self.keys.values() if key.is_required]
        key = next(iter(self.keys.values()))
        # Its value may stand for the whole mapping, where a shape allows that.
        self.short = key if not self.required or self.required == [key] else None

    def value(self, node: Mapping, what: str, problems: Problems) -> Any:
        return self.part(node, what, node.at, {}, problems)

    def part(
        self, node: Mapping, what: str, origin: Any, first: dict[str, Any], problems: Problems
    ) -> Any:
        """The part that a mapping describes, beside values that stand elsewhere."""
        values, lost = self.values(node, what, origin, problems)
        if lost and any(key.name not in values for key in self.required):
            return None
        return self.cls(origin=origin, **first, **values)

    def values(
        self, node: Mapping, what: str, origin: Placed | At, problems: Problems
    ) -> tuple[dict[str, Any], set[str]]:
        """The values by key, and the keys of which something couldn't be read."""
        lost = self.missed(node, what, origin, problems)
        values: dict[str, Any] = {}
        for name, inner in node.items():
            if key := self.keys.get(name):
                before = problems.losses
                value = key.shape.read(inner, key.shown, problems)
                if value is not None:
                    values[key.name] = value
                if problems.losses > before:
                    lost.add(key.name)
        return values, lost

    def missed(self, node: Mapping, what: str, origin: Placed | At, problems: Problems) -> set[str]:
        """The keys that a mapping may lack by mistake: all that aren't there, if there is any."""
        missing = [key for key in self.required if key.name not in node]
        if not missing and node.keys() <= self.keys.keys():
            return set()
        absent = self.keys.keys() - node.keys()
        misspelt: list[str] = []
        for name in node:
            if name not in self.keys:
                former = _FORMER.get(name, name)
                hint = Nearest(former if former in absent else name, absent)
                misspelt += nearest(hint.word, absent)[:1]
                problems.add("unknown-key", f"unknown key '{name}' in {what}", name, hint)
        missing = [key for key in missing if key.name not in misspelt]
        if missing:
            names = ", ".join(f"'{key.name}'" for key in missing)
            meanings = "; ".join(f"{key.name}: {key.doc}" for key in missing)
            problems.add("missing-key", f"{what} lacks {names}", origin, meanings)
        problems.losses += 1
        return absent

    def schema(self) -> Schema:
        return {
            "type": "object",
            "properties": {name: key.schema() for name, key in self.keys.items()},
            "required": [key.name for key in self.required],
            "additionalProperties": False,
        }


class Brief(Mapped[P]):
    """A mapping, or the value of its first key alone where no other key is required."""

    def __init__(self, cls: type[P], first: int = 0) -> None:
        super().__init__(cls, first)
        # What holds nothing but rows has no long form: it would be a mapping, too.
        is_rows = self.short is not None and isinstance(self.short.shape, Rows)
        self.is_long = not is_rows or len(self.keys) > 1

    def read(self, node: Node, what: str, problems: Problems) -> Any:
        return self.row(node, what, node.at, {}, problems)

    def row(
        self, node: Node, what: str, origin: Any, first: dict[str, Any], problems: Problems
    ) -> Any:
        """The part that a node describes, beside values that stand elsewhere."""
        if type(node) is Mapping and self.is_long:
            return self.part(node, what, origin, first, problems)
        if not self.short:
            return self.refuse_node(node, what, problems)
        value = self.short.shape.read(node, what, problems)
        if value is None:
            return None
        return self.cls(origin=origin, **first, **{self.short.name: value})

    def schema(self) -> Schema:
        forms = [self.short.shape.schema()] if self.short else []
        if self.is_long:
            forms.append(super().schema())
        return forms[0] if len(forms) == 1 else {"anyOf": forms}


class Rows(Shape[tuple[P, ...], tuple[P, ...]]):
    """Parts as a mapping: the first key of each is a key there, its value all the others."""

    node = Mapping
    says = "a mapping"
    empty = ()

    def __init__(self, cls: type[P]) -> None:
        self.cls, self.rest = cls, Brief(cls, first=1)
        self.key = next(iter(cls.KEYS.values()))

    def value(self, node: Mapping, what: str, problems: Problems) -> Any:
        title, key = f"a key of {what}", self.key
        parts = []
        for name, rest in node.items():
            first = {key.name: key.shape.read(name, title, problems)}
            part = self.rest.row(rest, f"'{name}'", name, first, problems)
            if part is not None:
                parts.append(part)
        return tuple(parts)

    def schema(self) -> Schema:
        return {
            "type": "object",
            "propertyNames": self.key.shape.schema(),
            "additionalProperties": self.rest.schema(),
        }


class Row(Rows[P]):
    """A single row."""

    says = "a mapping with one 'target: value'"

    def value(self, node: Mapping, what: str, problems: Problems) -> Any:
        if len(node) != 1:
            return self.refuse_node(node, what, problems)
        return next(iter(super().value(node, what, problems)), None)


class Tagged(Shape[T, None]):
    """A mapping with one key, which says of what shape its value is."""

    node = Mapping

    def __init__(self, **shapes: Mapped[Any] | Row[Any]) -> None:
        self.shapes = shapes
        self.says = "a mapping with one key: " + ", ".join(shapes)

    def value(self, node: Mapping, what: str, problems: Problems) -> Any:
        if len(node) != 1:
            keys = " and ".join(f"'{name}'" for name in [*node][:3]) or "none"
            message = f"{what} must be {self.says}; this one has {keys}"
            return problems.lose("wrong-shape", message, node, "write an item for each")
        ((name, value),) = node.items()
        if shape := self.shapes.get(name):
            return shape.read(value, f"'{name}'", problems)
        hint = Nearest(name, self.shapes)
        return problems.lose("unknown-step", f"unknown boot step '{name}'", name, hint)

    def schema(self) -> Schema:
        forms = {}
        for name, shape in self.shapes.items():
            text = (shape.cls.__doc__ or "").strip()
            forms[name] = {"description": text} | shape.schema()
        only = {"additionalProperties": False, "minProperties": 1, "maxProperties": 1}
        return {"type": "object", "properties": forms} | only
