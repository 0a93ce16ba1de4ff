# SPDX-License-Identifier: GPL-2.0-only
"""From YAML nodes to the typed model: a reader for each key, made from its shape, called on nodes.

What doesn't fit is noted with its place and left out, and the section of the spec in which it
stands counts as unread: rules that need the whole section don't run.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, NoReturn, TypeVar

from xenhostgen.spec.model import Assign, Call, ClearBss, Interface, Register, ReturnIf
from xenhostgen.spec.shape import Key, Kind, Part, Shape, keys_of, row_form, short_form
from xenhostgen.spec.source import Nearest, Placed, Problems, Text
from xenhostgen.spec.yaml import Mapping, Node, Sequence

_P = TypeVar("_P", bound=Part)
# Makes a value of a node; the text is what an error calls the node.
Reader = Callable[[Any, str], Any]

# How a boot step is written: the key says which it is.
STEPS: dict[str, type] = {
    "register": Register,
    "return_if": ReturnIf,
    "assign": Assign,
    "call": Call,
    "clear_bss": ClearBss,
}
INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*|0[xX][0-9a-fA-F]+)")
_SHAPES: dict[type, str] = {Text: "a text", Sequence: "a list", Mapping: "a mapping"}
_HINTS = {
    "a mapping": "write 'key: value' pairs, below it or in {}",
    "a list": "write its items in [], or below it with a '-' each",
}


class Number(int, Placed):
    """A whole number that knows where it stands."""


class _Unreadable(Exception):
    """The node can't become a value; the reason has been noted."""


class _Form(NamedTuple):
    """How a mapping is read: the keys that it needs, and the name and reader of each key."""

    required: list[Key]
    readers: dict[str, tuple[str, Reader]]


class _Row(NamedTuple):
    """How a row of a class is read: its key, and the short form or the mapping of other keys."""

    cls: type
    key: Reader
    short: Reader | None
    long: _Form | None


def bind(top: Mapping, problems: Problems) -> tuple[Interface, set[str]]:
    """The interface that a document describes, and its sections in which something is unread.

    Required sections that aren't there are None: rules that read them don't run.
    """
    binder = _Binder(problems)
    form = binder.form(keys_of(Interface))
    sections: dict[str, Any] = {key.name: None for key in form.required}
    if not binder.check_keys(form, top, "the spec", top):
        # An unknown key may be a misspelt one: what isn't there has not been read.
        binder.unread.update(form.readers.keys() - top.keys())
    for key, node in top.items():
        if key in form.readers:
            binder.section, read = form.readers[key]
            with suppress(_Unreadable):
                sections[binder.section] = read(node, key)
    return Interface(**sections, origin=top.at), binder.unread


def bind_part(cls: type[_P], top: Mapping, problems: Problems) -> _P | None:
    """The part that another document than a spec describes; None where it can't be read."""
    with suppress(_Unreadable):
        part: _P = _Binder(problems).reader(Shape("part", cls))(top, "the file")
        return part
    return None


def _shown(what: str) -> str:
    """What an error speaks of: a name of the spec is quoted."""
    return f"'{what}'" if isinstance(what, Text) else what


class _Binder:
    """Makes readers, and notes what they can't read."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.section = ""  # the key of the spec below which is read
        self.unread: set[str] = set()

    def reader(self, shape: Shape) -> Reader:
        """The reader of nodes of a shape: the method of that name."""
        of = shape.of
        match shape.form:
            case "text":
                return partial(self.text, of, re.compile(of.pattern))
            case "choice":
                return partial(self.choice, of)
            case "items":
                return partial(self.items, self.reader(of))
            case "part":
                return partial(self.part, of, self.form(keys_of(of)))
            case "rows":
                return partial(self.rows, self.row_of(of))
        simple: dict[str, Reader] = {
            "boolean": self.boolean,
            "number": self.number,
            "step": self.step,
        }
        return simple[shape.form]

    def form(self, keys: list[Key]) -> _Form:
        readers = {str(key.name): (str(key.name), self.reader(key.shape)) for key in keys}
        return _Form([key for key in keys if key.required], readers)

    def row_of(self, cls: type) -> _Row:
        row = row_form(cls)
        short = self.reader(row.short.shape) if row.short else None
        long = self.form(row.others) if row.has_long_form else None
        return _Row(cls, self.reader(row.key.shape), short, long)

    def refuse(self, rule: str, message: str, at: Placed, hint: str | Nearest) -> NoReturn:
        """Note a problem that leaves no value."""
        self.problems.add(rule, message, at, hint)
        self.unread.add(self.section)
        raise _Unreadable

    def refuse_shape(self, node: Node, what: str, wanted: str) -> NoReturn:
        """Note that a node isn't what is wanted."""
        shape = "nothing" if node == "" else _SHAPES[type(node)]
        message = f"{_shown(what)} must be {wanted}, not {shape}"
        self.refuse("wrong-shape", message, node, _HINTS.get(wanted, f"write {wanted}"))

    def text(self, kind: Kind, pattern: re.Pattern[str], node: Node, what: str) -> Text:
        if type(node) is not Text:
            self.refuse_shape(node, what, kind.says)
        if not pattern.fullmatch(node):
            shown = f"'{node[:60]}'" if node else "an empty text"
            message = f"{_shown(what)} must be {kind.says}, not {shown}"
            self.problems.add(f"not-a-{kind.rule}", message, node, kind.hint)
        elif kind.check:
            self.problems.extend(kind.check(node))
        return node

    def choice(self, choices: tuple[str, ...], node: Node, what: str) -> Text:
        if type(node) is not Text:
            self.refuse_shape(node, what, "a text")
        if node not in choices:
            hint = Nearest(node, choices, f"one of: {', '.join(choices)}")
            self.refuse("unknown-choice", f"{_shown(what)} can't be '{node}'", node, hint)
        return node

    def boolean(self, node: Node, what: str) -> bool:
        return self.choice(("true", "false"), node, what) == "true"

    def number(self, node: Node, what: str) -> Number:
        if type(node) is not Text:
            self.refuse_shape(node, what, "a text")
        if not INTEGER.fullmatch(node) or len(node) > 20:
            message = f"{_shown(what)} must be a whole number, not '{node[:40]}'"
            self.refuse("not-a-number", message, node, "write it as 12, -12 or 0x0c")
        number = Number(node, 0)
        number.line, number.column = node.at
        return number

    def items(self, read: Reader, node: Node, what: str) -> tuple[Any, ...]:
        if type(node) is not Sequence:
            self.refuse_shape(node, what, "a list")
        title = f"an item of {_shown(what)}"
        items = []
        for item in node:
            try:
                items.append(read(item, title))
            except _Unreadable:
                continue
        return tuple(items)

    def part(self, cls: type, form: _Form, node: Node, what: str) -> Any:
        if type(node) is not Mapping:
            self.refuse_shape(node, what, "a mapping")
        return cls(**self.values(form, node, what, node), origin=node)

    def values(self, form: _Form, node: Mapping, what: str, origin: Placed) -> dict[str, Any]:
        """The values of a mapping by key."""
        is_readable = self.check_keys(form, node, what, origin)
        values: dict[str, Any] = {}
        for key, value in node.items():
            if key in form.readers:
                name, read = form.readers[key]
                try:
                    values[name] = read(value, key)
                except _Unreadable:
                    is_readable = False
        if not is_readable:
            self.unread.add(self.section)
            raise _Unreadable
        return values

    def check_keys(self, form: _Form, node: Mapping, what: str, origin: Placed) -> bool:
        """Whether a mapping has all keys that it needs, and no others."""
        has_unknown = not node.keys() <= form.readers.keys()
        others = dict(form.readers) if has_unknown else {}
        for name in node if has_unknown else ():
            if not others.pop(name, None):
                message = f"unknown key '{name}' in {_shown(what)}"
                self.problems.add("unknown-key", message, name, Nearest(name, list(others)))
        missing = [key for key in form.required if key.name not in node]
        if missing:
            names = ", ".join(f"'{key.name}'" for key in missing)
            meanings = "; ".join(f"{key.name}: {key.doc}" for key in missing)
            self.problems.add("missing-key", f"{_shown(what)} lacks {names}", origin, meanings)
        return not has_unknown and not missing

    def rows(self, row: _Row, node: Node, what: str) -> tuple[Any, ...]:
        if type(node) is not Mapping:
            self.refuse_shape(node, what, "a mapping")
        title = f"a key of {_shown(what)}"
        rows = []
        for name, value in node.items():
            try:
                rows.append(self.row(row, name, value, title))
            except _Unreadable:
                continue
        return tuple(rows)

    def row(self, row: _Row, name: Text, value: Node, what: str) -> Any:
        """A row of a mapping of rows: its key is the part's first field."""
        key = row.key(name, what)
        if row.short and not (row.long and type(value) is Mapping):
            return row.cls(key, row.short(value, name), origin=name)
        if not row.long or type(value) is not Mapping:
            self.refuse_shape(value, name, "a mapping")
        return row.cls(key, **self.values(row.long, value, name, name), origin=name)

    def step(self, node: Node, _what: str) -> Any:
        """A boot step: a mapping with one key, which says what kind of step it is."""
        if not isinstance(node, Mapping) or len(node) != 1:
            self.refuse_shape(node, "a boot step", "a mapping with one key: " + ", ".join(STEPS))
        ((name, value),) = node.items()
        cls = STEPS.get(name)
        if cls is None:
            message = f"unknown boot step '{name}'"
            self.refuse("unknown-step", message, name, Nearest(name, STEPS))
        if cls is Assign:
            return self.assign(value, name)
        short = short_form(keys_of(cls))
        if short and isinstance(value, Text):
            return cls(self.reader(short.shape)(value, name), origin=name)
        return self.reader(Shape("part", cls))(value, name)

    def assign(self, node: Node, what: str) -> Any:
        """An assigning step, which is written as a row."""
        if not isinstance(node, Mapping) or len(node) != 1:
            self.refuse_shape(node, what, "a mapping with one 'target: value'")
        ((target, value),) = node.items()
        return self.row(self.row_of(Assign), target, value, f"a key of {_shown(what)}")
