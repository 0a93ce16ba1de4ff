# SPDX-License-Identifier: GPL-2.0-only
"""From YAML nodes to the typed model.

For each model class a reader is made once from its ``key`` declarations; reading then is a walk over
the nodes. What doesn't fit is noted with its place and left out, and the section of the spec in which
it stands counts as unread: rules that need the whole section don't run.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from xenhostgen.spec.model import Assign, Call, ClearBss, Interface, Part, Register, ReturnIf
from xenhostgen.spec.shape import Key, Kind, Visitor, keys_of, short_form
from xenhostgen.spec.source import Placed, Problems, Text
from xenhostgen.spec.yaml import Mapping, Node, Sequence

Reader = Callable[[Node, str], Any]

# How a boot step is written: the key says which it is.
STEPS: dict[str, type[Part]] = {
    "register": Register,
    "return_if": ReturnIf,
    "assign": Assign,
    "call": Call,
    "clear_bss": ClearBss,
}
INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*|0[xX][0-9a-fA-F]+)")
_HINTS = {
    "a mapping": "write 'key: value' pairs, below it or in {}",
    "a list": "write its items in [], or below it with a '-' each",
}


class Number(int, Placed):
    """A whole number that knows where it stands."""


class Unreadable(Exception):
    """The node can't become a value; the reason has been noted."""


def bind(top: Mapping, problems: Problems) -> tuple[Interface, set[str]]:
    """The interface that a document describes, and its sections in which something is unread.

    Required sections that aren't there are None: rules that read them don't run.
    """
    binder = _Binder(problems)
    keys = keys_of(Interface)
    sections: dict[str, Any] = {key.name: None for key in keys if key.required}
    if not binder.check_keys(top, keys, "the spec", top):
        # An unknown key may be a misspelt one: what isn't there has not been read.
        binder.unread.update(key.name for key in keys if key.name not in top)
    for key in keys:
        if key.name in top:
            binder.section = key.name
            with suppress(Unreadable):
                sections[key.name] = binder.visit_key(key)(top[Text(key.name)], f"'{key.name}'")
    return Interface(**sections, origin=top), binder.unread


def _shown(what: str) -> str:
    """What an error speaks of: a name that the spec's author wrote is quoted."""
    return f"'{what}'" if isinstance(what, Text) else what


class _Binder(Visitor[Reader]):
    """Makes a reader for each type, and keeps the sections in which something is unread."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.readers: dict[Any, Reader] = {}
        self.section = ""  # the key of the spec below which is read
        self.unread: set[str] = set()

    def visit(self, hint: Any) -> Reader:
        """The reader of a type, made on first need; it raises ``Unreadable``."""
        if hint not in self.readers:
            self.readers[hint] = super().visit(hint)
        return self.readers[hint]

    def unreadable(self, rule: str, message: str, at: Placed, hint: str) -> Unreadable:
        self.problems.add(rule, message, at, hint)
        self.unread.add(self.section)
        return Unreadable()

    def wrong_shape(self, node: Node, what: str, wanted: str) -> Unreadable:
        shape = {Mapping: "a mapping", Sequence: "a list", Text: "a text"}[type(node)]
        message = f"{_shown(what)} must be {wanted}, not {'nothing' if node == '' else shape}"
        hint = _HINTS.get(wanted, f"write {wanted}")
        return self.unreadable("wrong-shape", message, node, hint)

    def text(self, kind: Kind) -> Reader:
        matches = re.compile(kind.pattern).fullmatch

        def read(node: Node, what: str) -> Text:
            if not isinstance(node, Text):
                raise self.wrong_shape(node, what, kind.says)
            if matches(node) is None:
                shown = f"'{node[:60]}'" if node else "an empty text"
                message = f"{_shown(what)} must be {kind.says}, not {shown}"
                self.problems.add(f"not-a-{kind.rule}", message, node, kind.hint)
            elif kind.check:
                kind.check(node, self.problems)
            return node

        return read

    def choice(self, choices: tuple[str, ...]) -> Reader:
        def read(node: Node, what: str) -> Text:
            if not isinstance(node, Text):
                raise self.wrong_shape(node, what, "a text")
            if node not in choices:
                message = f"{_shown(what)} can't be '{node}'"
                hint = self.problems.did_you_mean(node, choices, f"one of: {', '.join(choices)}")
                raise self.unreadable("unknown-choice", message, node, hint)
            return node

        return read

    def boolean(self) -> Reader:
        read_word = self.choice(("true", "false"))
        return lambda node, what: read_word(node, what) == "true"

    def number(self) -> Reader:
        def read(node: Node, what: str) -> Number:
            if not isinstance(node, Text):
                raise self.wrong_shape(node, what, "a text")
            if not INTEGER.fullmatch(node) or len(node) > 20:
                message = f"{_shown(what)} must be a whole number, not '{node[:40]}'"
                hint = "write it as 12, -12 or 0x0c"
                raise self.unreadable("not-a-number", message, node, hint)
            number = Number(node, 0)
            number.line, number.column = node.at
            return number

        return read

    def items(self, item: Any) -> Reader:
        read_item = self.visit(item)

        def read(node: Node, what: str) -> tuple[Any, ...]:
            if not isinstance(node, Sequence):
                raise self.wrong_shape(node, what, "a list")
            items = []
            title = f"an item of {_shown(what)}"
            for element in node:
                with suppress(Unreadable):
                    items.append(read_item(element, title))
            return tuple(items)

        return read

    def part(self, cls: type) -> Reader:
        read_values = self.values(keys_of(cls))
        return lambda node, what: cls(**read_values(node, what, node), origin=node)

    def values(self, keys: list[Key]) -> Callable[[Node, str, Placed], dict[str, Any]]:
        """The reader of a mapping's values by key; what lacks is noted at its third argument."""
        readers = {key.name: (f"'{key.name}'", self.visit_key(key)) for key in keys}

        def read(node: Node, what: str, origin: Placed) -> dict[str, Any]:
            if not isinstance(node, Mapping):
                raise self.wrong_shape(node, what, "a mapping")
            values = {}
            is_readable = self.check_keys(node, keys, what, origin)
            for name, value in node.items():
                if name in readers:
                    title, read_value = readers[name]
                    try:
                        values[name] = read_value(value, title)
                    except Unreadable:
                        is_readable = False
            if not is_readable:
                self.unread.add(self.section)
                raise Unreadable
            return values

        return read

    def check_keys(self, node: Mapping, keys: list[Key], what: str, origin: Placed) -> bool:
        """Whether a mapping has all keys that it needs, and no others."""
        known = [key.name for key in keys]
        unknown = [name for name in node if name not in known]
        for name in unknown:
            message = f"unknown key '{name}' in {_shown(what)}"
            self.problems.add("unknown-key", message, name, self.problems.did_you_mean(name, known))
        missing = [key for key in keys if key.required and key.name not in node]
        if missing:
            names = ", ".join(f"'{key.name}'" for key in missing)
            message = f"{_shown(what)} lacks {names}"
            hint = "; ".join(f"{key.name}: {key.doc}" for key in missing)
            self.problems.add("missing-key", message, origin, hint)
        return not (unknown or missing)

    def rows(self, cls: type) -> Reader:
        first, *others = keys_of(cls)
        read_key = self.visit(first.type)
        read_values = self.values(others)
        short = short_form(others)
        read_short = self.visit_key(short) if short else None
        # A row whose only further key is itself a mapping of rows has no long form.
        has_long_form = not short or not short.rows or len(others) > 1

        def read_row(name: Text, value: Node, title: str) -> Any:
            row_key = read_key(name, title)
            if read_short and not (has_long_form and isinstance(value, Mapping)):
                return cls(row_key, read_short(value, name), origin=name)
            return cls(row_key, **read_values(value, name, name), origin=name)

        def read(node: Node, what: str) -> tuple[Any, ...]:
            if not isinstance(node, Mapping):
                raise self.wrong_shape(node, what, "a mapping")
            rows = []
            title = f"a key of {_shown(what)}"
            for name, value in node.items():
                with suppress(Unreadable):
                    rows.append(read_row(name, value, title))
            return tuple(rows)

        return read

    def step(self) -> Reader:
        return self.read_step

    def read_step(self, node: Node, _what: str) -> Any:
        if not isinstance(node, Mapping) or len(node) != 1:
            wanted = "a mapping with one key: " + ", ".join(STEPS)
            raise self.wrong_shape(node, "a boot step", wanted)
        ((kind, value),) = node.items()
        title = f"'{kind}'"
        if kind not in STEPS:
            hint = self.problems.did_you_mean(kind, list(STEPS))
            raise self.unreadable("unknown-step", f"unknown boot step '{kind}'", kind, hint)
        cls = STEPS[kind]
        if cls is Assign:
            return self.read_assign(value, title)
        short = short_form(keys_of(cls))
        if short and isinstance(value, Text):
            return cls(self.visit(short.type)(value, title), origin=kind)
        return self.visit(cls)(value, title)

    def read_assign(self, node: Node, title: str) -> Any:
        if not isinstance(node, Mapping) or len(node) != 1:
            raise self.wrong_shape(node, title, "a mapping with one 'target: value'")
        rows = self.rows(Assign)(node, title)
        if not rows:
            raise Unreadable
        return rows[0]
