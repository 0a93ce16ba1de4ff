# SPDX-License-Identifier: GPL-2.0-only
"""Which place of the spec a line is from, and which template line made it.

A spec is rendered once more, by templates that are compiled so that each output passes through
``_MarkingRenderer.note``: it notes the template's line and what of the spec is used there, and puts
a mark with the note's number before each line of the output. Plain rendering has no part in this.
"""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame

from xenhostgen.render.files import Renderer
from xenhostgen.render.style import lines_of
from xenhostgen.spec.model import Interface
from xenhostgen.spec.places import spec_places
from xenhostgen.spec.shape import Part, Rows
from xenhostgen.spec.source import At, Problems, Text

_MARK = re.compile("\0(\\d+)\0")  # neither C nor a spec holds this character
_REFERENCES = (nodes.Name, nodes.Getattr, nodes.Getitem)


class Origin(NamedTuple):
    """What made a line: a template's line and a place in the spec.

    ``key`` says what stands in that place, as ``guests.NAME.boot.steps[2].when``.
    """

    template: str
    line: int
    at: At
    key: str


class Map(NamedTuple):
    """The rendered files of a spec, and the origin of each of their lines."""

    files: dict[str, str]
    origins: dict[str, list[Origin]]


def provenance(spec: Interface, source: str = "", root: Path | None = None) -> Map:
    """The origin of every line; given the spec's ``source``, also of each line of a longer text.

    Raises what ``render`` raises.
    """
    renderer = _MarkingRenderer(spec, root)
    files = renderer.everything().files
    keys: dict[At, str] = {}
    for at, key in _keys(spec, ""):
        keys.setdefault(at, key)
    problems = Problems(spec.path, source)

    def origin(path: str, line: str) -> Origin:
        made_by, nearest = renderer.notes_of(line)
        at = nearest.at or renderer.places[path]
        key, words = keys.get(at, ""), _plain(line).strip().lstrip("/* ")
        if isinstance(nearest.text, Text) and "\n" in nearest.text and words:
            offset = f"\n{nearest.text}".find(f"\n{words}")
            at = problems.inside(nearest.text, offset) if offset >= 0 else at
        return Origin(made_by.template, made_by.line, at, key)

    origins = {
        path: [origin(path, line) for line in lines_of(marked) if _plain(line)]
        for path, marked in files.items()
    }
    return Map({path: _plain(marked) for path, marked in files.items()}, origins)


def _plain(marked: str) -> str:
    return _MARK.sub("", marked)


def _at(value: Any) -> At | None:
    """Where a value stands in the spec, a tuple where its first item does."""
    if type(value) is tuple and value:
        value = value[0]
    if isinstance(value, jinja2.Undefined | Interface):
        return None
    at = getattr(value, "at", None)
    return at if isinstance(at, At) else None


def _keys(value: Any, name: str) -> Iterator[tuple[At, str]]:
    """All that has a place in the spec, outer ones first, with its keys as YAML nests them."""
    if isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _keys(item, f"{name}[{number}]")
    elif at := _at(value):
        yield at, name
    for key in value.KEYS.values() if isinstance(value, Part) else ():
        inner, below = getattr(value, key.name), f"{name}.{key.name}".lstrip(".")
        if not isinstance(key.shape, Rows):
            yield from _keys(inner, below)
            continue
        for row in inner:
            yield from _keys(row, f"{below}.{getattr(row, next(iter(row.KEYS)))}")


class _Note(NamedTuple):
    """A template's line, and the place of the spec that is nearest to what it outputs.

    ``rank`` says how near: 0 for a text of the spec that is used in the output (that is ``text``),
    1 for a part of the spec that is used there, 2 for a loop's variable, 3 for a symbol, 4: none.
    """

    template: str
    line: int
    rank: int
    at: At | None
    text: str


class _MarkingRenderer(Renderer):
    """A renderer whose texts hold marks."""

    compiler = f"marking.{Path(__file__).stat().st_mtime_ns}"

    def __init__(self, spec: Interface, root: Path | None) -> None:
        self.notes: list[_Note] = []
        self.places = spec_places(spec)
        super().__init__(spec, root)
        self.environment.code_generator_class = _MarkingGenerator
        self.environment.extend(note=self.note)

    def note(self, template: str, line: int, value: Any, used: list[Any], loops: list[Any]) -> str:
        """An output with its marks; ``used`` is what it is made from, ``loops`` their variables."""
        # The prefix is part of every symbol and tells nothing.
        used = [part for part in used if part is not self.spec.interface]
        texts = [part for part in used if isinstance(part, str)]
        places: list[tuple[int, At | None, str]] = [(0, _at(part), part) for part in texts]
        places += [(1, _at(part), "") for part in reversed(used)]
        places += [(2, _at(part), "") for part in loops]
        places += [(3, self.places.get(part), "") for part in texts]
        nearest = next((place for place in places if place[1]), (4, None, ""))
        return self.marked(_Note(template, line, *nearest), str(value))

    def marked(self, note: _Note, output: str) -> str:
        """An output with a mark before each of its lines."""
        self.notes.append(note)
        mark = f"\0{len(self.notes) - 1}\0"
        return "".join(mark + line for line in lines_of(output))

    def notes_of(self, line: str) -> tuple[_Note, _Note]:
        """A line's note of what made it, and that with the nearest place of the spec."""
        _, *parts = _MARK.split(line)  # every line begins with a mark
        outputs = [
            (self.notes[int(number)], output)
            for number, output in zip(parts[::2], parts[1::2], strict=True)
        ]
        # What shows on the line goes before its end, and that before what merely surrounds it.
        outputs.sort(key=lambda item: (not item[1].strip(), not item[1]))
        nearest = min(outputs, key=lambda item: (not item[1].strip(), item[0].rank))
        return outputs[0][0], nearest[0]


class _MarkingGenerator(CodeGenerator):
    """Compiles templates so that each of their outputs passes through ``environment.note``."""

    loops: tuple[nodes.Expr, ...] = ()  # the variables of the loops around, the innermost first

    def visit_For(self, node: nodes.For, frame: Frame) -> None:
        outer = self.loops
        names = [nodes.Name(name.name, "load") for name in _below(node.target, nodes.Name)]
        self.loops = (*names, *outer)
        super().visit_For(node, frame)
        self.loops = outer

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:
        node.nodes = list(chain.from_iterable(map(self.noted, node.nodes)))
        super().visit_Output(node, frame)

    def noted(self, output: nodes.Expr) -> Iterator[nodes.Expr]:
        """The calls in place of an output: one for an expression or for each line of a text."""
        values = [output]
        if isinstance(output, nodes.TemplateData):
            values = [nodes.Const(line) for line in lines_of(output.data)]
        used = nodes.List(_below(output, _REFERENCES)[::-1])  # the innermost first
        for line, value in enumerate(values, output.lineno):
            file = nodes.Const(self.filename)
            arguments = [file, nodes.Const(line), value, used, nodes.List(list(self.loops))]
            note = nodes.EnvironmentAttribute("note")
            yield nodes.Call(note, arguments, [], None, None, lineno=line)


def _below(node: nodes.Node, kind: Any) -> list[Any]:
    """The nodes of a kind, or kinds, from a node on, the outermost first."""
    return [part for part in (node, *node.find_all(kind)) if isinstance(part, kind)]
