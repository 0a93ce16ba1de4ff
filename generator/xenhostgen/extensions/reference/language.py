# SPDX-License-Identifier: GPL-2.0-only
"""The reference of the spec language, as Markdown: each key that the model declares."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from xenhostgen.spec.model import Interface
from xenhostgen.spec.shape import (
    FLAG,
    NUMBER,
    Brief,
    Choice,
    Items,
    Key,
    Mapped,
    Part,
    Row,
    Rows,
    Shape,
    Tagged,
)
from xenhostgen.spec.source import Problems
from xenhostgen.spec.yaml import Node, parse

Section = Mapped[Any] | Rows[Any]
_ROW = "NAME"
_EXAMPLE_LINES = 7


def reference(sources: Iterable[str]) -> Iterator[str]:
    """The lines of the page: an introduction and a section per part, with examples from specs."""
    yield Path(__file__).with_suffix(".md").read_text().rstrip()
    yield from _Reference(sources).part("the spec", Mapped(Interface))


class _Reference:
    """Describes each part once, where it occurs first."""

    def __init__(self, sources: Iterable[str]) -> None:
        self.specs = [(parse(text, Problems("", text)), text.splitlines()) for text in sources]
        self.known: set[type[Part]] = set()

    def part(self, path: str, shape: Section) -> Iterator[str]:
        """The section of one part, and those of the parts in it that have none yet."""
        cls = shape.cls
        self.known.add(cls)
        yield from ("", f"## {path}", "", " ".join((cls.__doc__ or "").split()))
        keys = list(cls.KEYS.values())
        if isinstance(shape, Rows):
            yield from ("", f"Each is a row: {_row(shape)}.")
            keys = keys[1:]
        elif isinstance(shape, Brief) and shape.short:
            yield from ("", f"Short form: the value of `{shape.short.name}` alone.")
        yield from ("", "| key | value | meaning |", "| --- | --- | --- |")
        yield from (f"| `{key.name}` | {_value(key)} | {_cell(key.doc)} |" for key in keys)
        yield from self.example(path)
        is_brief = isinstance(shape, Rows) and not shape.rest.is_long
        for key in cls.KEYS.values():
            inner_path = path if is_brief else f"{path}.{key.name}".removeprefix("the spec.")
            for place, inner in _inner(inner_path, key.shape):
                if inner.cls not in self.known:
                    yield from self.part(place, inner)

    def example(self, path: str) -> Iterator[str]:
        """The lines of the first spec that has such a part."""
        names = path.replace("[]", ".[]").split(".")
        for top, lines in self.specs:
            for line in islice(_lines(top, names, 1), 1):
                yield from ("", _excerpt(lines[line - 1 :]))
                return


def _excerpt(lines: Sequence[str]) -> str:
    """The first line, and of those that belong to it the first few."""
    first, *others = lines
    indent = len(first) - len(first.lstrip())
    inner = takewhile(lambda text: text[indent : indent + 1] in ("", " "), others)
    shown = [first, *islice(inner, _EXAMPLE_LINES)]
    return "\n".join(f"    {text[indent:]}" for text in shown).rstrip()


def _lines(node: Node | None, names: Sequence[str], line: int) -> Iterator[int]:
    """The lines on which the parts of a path begin; a row may have any name."""
    if not names:
        yield line
    elif names[0] == "[]" and isinstance(node, list):
        for item in node:
            yield from _lines(item, names[1:], item.at.line)
    elif isinstance(node, dict):
        for name, inner in node.items():
            if names[0] in (name, _ROW):
                yield from _lines(inner, names[1:], name.at.line)


def _row(shape: Rows[Any]) -> str:
    """How a row is written."""
    name = shape.key.name.upper()
    forms = [f"`{name}: {{…}}`"] if shape.rest.is_long else []
    if short := shape.rest.short:
        forms.append(f"`{name}: {short.name.upper()}`")
    return f"{' or, in short form, '.join(forms)}, where {name} is {shape.key.doc}"


def _value(key: Key) -> str:
    """What a key's value looks like, and what it is if it is left out."""
    words = _words(key.shape)
    if key.is_required:
        return f"{words}; required"
    is_plain = isinstance(key.default, bool | int | str) and key.default != ""
    default = str(key.default).lower() if isinstance(key.default, bool) else key.default
    return f"{words}; default `{default}`" if is_plain else words


def _words(shape: Shape[Any, Any]) -> str:
    if shape in (FLAG, NUMBER):
        return "`true` or `false`" if shape is FLAG else "a whole number"
    match shape:
        case Choice():
            return "; ".join(f"`{word}`: {meaning}" for word, meaning in shape.meanings.items())
        case Items():
            return f"a list, each {_words(shape.item)}"
        case Row():
            return "a mapping with one row"
        case Rows():
            return "a mapping of rows"
        case Tagged():
            return " or ".join(f"`{name}: …`" for name in shape.shapes)
    return _cell(shape.says)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _inner(path: str, shape: Shape[Any, Any]) -> Iterator[tuple[str, Section]]:
    """The parts of which a key's value is made."""
    match shape:
        case Items():
            yield from _inner(f"{path}[]", shape.item)
        case Tagged():
            for name, inner in shape.shapes.items():
                yield f"{path}.{name}", inner
        case Rows():
            yield f"{path}.{_ROW}", shape
        case Mapped():
            yield path, shape
