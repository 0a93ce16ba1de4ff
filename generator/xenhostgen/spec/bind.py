# SPDX-License-Identifier: GPL-2.0-only
"""From YAML nodes to the typed model: a walk over the nodes by the shapes of the model's keys.

What doesn't fit is noted with its place and left out, and the section of the spec in which it
stands counts as unread: rules that need the whole section don't run.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

from xenhostgen.spec.model import Assign, Call, ClearBss, Interface, Register, ReturnIf
from xenhostgen.spec.shape import Key, Kind, Part, Shape, keys_of, row_form, short_form
from xenhostgen.spec.source import Nearest, Placed, Problems, Text
from xenhostgen.spec.yaml import Mapping, Node, Sequence

_P = TypeVar("_P", bound=Part)

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


def bind(top: Mapping, problems: Problems) -> tuple[Interface, set[str]]:
    """The interface that a document describes, and its sections in which something is unread.

    Required sections that aren't there are None: rules that read them don't run.
    """
    keys = keys_of(Interface)
    sections: dict[str, Any] = {key.name: None for key in keys if key.required}
    binder = _Binder(problems)
    if not binder.check_keys(keys, top, "the spec", top):
        # An unknown key may be a misspelt one: what isn't there has not been read.
        binder.unread.update(key.name for key in keys if key.name not in top)
    for key in keys:
        if key.name in top:
            binder.section = key.name
            with suppress(_Unreadable):
                sections[key.name] = binder.read(key.shape, top[key.name], key.name)
    return Interface(**sections, origin=top), binder.unread


def bind_part(cls: type[_P], top: Mapping, problems: Problems) -> _P | None:
    """The part that another document than a spec describes; None where it can't be read."""
    with suppress(_Unreadable):
        part: _P = _Binder(problems).part(cls, top, "the file")
        return part
    return None


def _shown(what: str) -> str:
    """What an error speaks of: a name of the spec is quoted."""
    return f"'{what}'" if isinstance(what, Text) else what


class _Binder:
    """Reads nodes, each by the method that is called as the form of its shape."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.section = ""  # the key of the spec below which is read
        self.unread: set[str] = set()
        self.forms: dict[str, tuple[type | None, Callable[..., Any]]] = {
            "text": (Text, self.text),
            "choice": (Text, self.choice),
            "boolean": (Text, self.boolean),
            "number": (Text, self.number),
            "items": (Sequence, self.items),
            "part": (Mapping, self.part),
            "rows": (Mapping, self.rows),
            "step": (None, self.step),
        }

    def read(self, shape: Shape, node: Any, what: str) -> Any:
        """The value that a node stands for."""
        wanted, read = self.forms[shape.form]
        if wanted and type(node) is not wanted:
            says = shape.of.says if shape.form == "text" else _SHAPES[wanted]
            self.refuse_shape(node, what, says)
        return read(shape.of, node, what)

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

    def text(self, kind: Kind, node: Text, what: str) -> Text:
        if not re.fullmatch(kind.pattern, node):
            shown = f"'{node[:60]}'" if node else "an empty text"
            message = f"{_shown(what)} must be {kind.says}, not {shown}"
            self.problems.add(f"not-a-{kind.rule}", message, node, kind.hint)
        elif kind.check:
            self.problems.extend(kind.check(node))
        return node

    def choice(self, choices: tuple[str, ...], node: Text, what: str) -> Text:
        if node not in choices:
            hint = Nearest(node, choices, f"one of: {', '.join(choices)}")
            self.refuse("unknown-choice", f"{_shown(what)} can't be '{node}'", node, hint)
        return node

    def boolean(self, _of: None, node: Text, what: str) -> bool:
        return self.choice(("true", "false"), node, what) == "true"

    def number(self, _of: None, node: Text, what: str) -> Number:
        if not INTEGER.fullmatch(node) or len(node) > 20:
            message = f"{_shown(what)} must be a whole number, not '{node[:40]}'"
            self.refuse("not-a-number", message, node, "write it as 12, -12 or 0x0c")
        number = Number(node, 0)
        number.line, number.column = node.at
        return number

    def items(self, shape: Shape, node: Sequence, what: str) -> tuple[Any, ...]:
        items = []
        for item in node:
            with suppress(_Unreadable):
                items.append(self.read(shape, item, f"an item of {_shown(what)}"))
        return tuple(items)

    def part(self, cls: type, node: Mapping, what: str) -> Any:
        return cls(**self.values(keys_of(cls), node, what, node), origin=node)

    def values(self, keys: list[Key], node: Mapping, what: str, origin: Placed) -> dict[str, Any]:
        """The values of a mapping by key."""
        values: dict[str, Any] = {}
        is_readable = self.check_keys(keys, node, what, origin)
        for key in keys:
            if key.name in node:
                try:
                    values[key.name] = self.read(key.shape, node[key.name], key.name)
                except _Unreadable:
                    is_readable = False
        if not is_readable:
            self.unread.add(self.section)
            raise _Unreadable
        return values

    def check_keys(self, keys: list[Key], node: Mapping, what: str, origin: Placed) -> bool:
        """Whether a mapping has all keys that it needs, and no others."""
        others = {key.name: None for key in keys}
        unknown = node.keys() - others.keys()
        for name in node if unknown else ():
            if name not in unknown:
                del others[name]
                continue
            message = f"unknown key '{name}' in {_shown(what)}"
            self.problems.add("unknown-key", message, name, Nearest(name, list(others)))
        missing = [key for key in keys if key.required and key.name not in node]
        if missing:
            names = ", ".join(f"'{key.name}'" for key in missing)
            meanings = "; ".join(f"{key.name}: {key.doc}" for key in missing)
            self.problems.add("missing-key", f"{_shown(what)} lacks {names}", origin, meanings)
        return not unknown and not missing

    def rows(self, cls: type, node: Mapping, what: str) -> tuple[Any, ...]:
        rows = []
        for name, value in node.items():
            with suppress(_Unreadable):
                rows.append(self.row(cls, name, value, f"a key of {_shown(what)}"))
        return tuple(rows)

    def row(self, cls: type, name: Text, value: Node, what: str) -> Any:
        """A row of a mapping of rows: its key is the part's first field."""
        form = row_form(cls)
        key = self.read(form.key.shape, name, what)
        if form.short and not (form.has_long_form and isinstance(value, Mapping)):
            return cls(key, self.read(form.short.shape, value, name), origin=name)
        if not isinstance(value, Mapping):
            self.refuse_shape(value, name, "a mapping")
        return cls(key, **self.values(form.others, value, name, name), origin=name)

    def step(self, _of: None, node: Node, _what: str) -> Any:
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
            return cls(self.read(short.shape, value, name), origin=name)
        return self.read(Shape("part", cls), value, name)

    def assign(self, node: Node, what: str) -> Any:
        """An assigning step, which is written as a row."""
        if not isinstance(node, Mapping) or len(node) != 1:
            self.refuse_shape(node, what, "a mapping with one 'target: value'")
        ((target, value),) = node.items()
        return self.row(Assign, target, value, f"a key of {_shown(what)}")
