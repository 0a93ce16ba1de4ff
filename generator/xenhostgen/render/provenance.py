# SPDX-License-Identifier: GPL-2.0-only
"""Which template line made a rendered line, and which place of the spec it comes from.

Plain rendering knows nothing of this and pays nothing. Here a spec is rendered once more, by
templates in which each output is wrapped in a call: the call notes the template's line and what
of the spec is at hand, and puts a mark with the note's number before each line of the output.
"""

import re
from collections.abc import Iterator, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from jinja2 import nodes

from xenhostgen.render.environment import Loader
from xenhostgen.render.files import Renderer
from xenhostgen.render.raw import lines_of
from xenhostgen.spec.model import Interface
from xenhostgen.spec.shape import Part, keys_of
from xenhostgen.spec.source import At, Problems, Text, text

_MARK = re.compile("\0(\\d+)\0")  # neither C nor a spec holds this character
_NOTED = "xenhostgen_noted"
_PARTS = (nodes.Name, nodes.Getattr, nodes.Getitem)
_Note = tuple[str, int, list[tuple[int, At, Any]]]


class Origin(NamedTuple):
    """What made a line: a template's line (none for raw text) and a place in the spec.

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
    marking = _Marking(spec, root)
    files = marking.everything().files
    keys: dict[At, str] = {}
    for at, key in _keys(spec, ""):
        keys.setdefault(at, key)
    inside = Problems(spec.path, source).inside

    def origin(path: str, line: str) -> Origin:
        _, *parts = _MARK.split(line)  # every line begins with a mark
        notes = [
            (marking.notes[int(number)], part)
            for number, part in zip(parts[::2], parts[1::2], strict=True)
        ]
        # What shows on the line goes before its end, and that before what merely surrounds it.
        notes.sort(key=lambda one: (not one[1].strip(), not one[1]))
        values = [(not part.strip(), *value) for (*_, given), part in notes for value in given]
        *_, at, value = min(values, key=lambda one: one[:2], default=(marking.sections[path], ""))
        key = keys.get(at, "")
        words = _plain(line).strip().lstrip("/* ")
        if (
            isinstance(value, Text)
            and "\n" in value
            and words
            and (offset := f"\n{value}".find(f"\n{words}")) >= 0
        ):
            at = inside(value, offset)
        template, number, _ = notes[0][0]
        return Origin(template, number, at, key)

    origins = {
        path: [origin(path, line) for line in lines_of(made) if _plain(line)]
        for path, made in files.items()
    }
    return Map({path: _plain(made) for path, made in files.items()}, origins)


def _plain(marked: str) -> str:
    return _MARK.sub("", marked)


def _keys(value: Any, name: str) -> Iterator[tuple[At, str]]:
    """All that has a place in the spec, outer ones first, with its keys as YAML nests them."""
    if isinstance(value, tuple) and not isinstance(value, At):
        for number, item in enumerate(value):
            yield from _keys(item, f"{name}[{number}]")
    elif at := _at(value):
        yield at, name
    for key in keys_of(type(value)) if isinstance(value, Part) else ():
        inner, below = getattr(value, key.name), f"{name}.{key.name}".lstrip(".")
        if key.shape.form == "rows":
            for row in inner:
                yield from _keys(row, f"{below}.{getattr(row, keys_of(type(row))[0].name)}")
        else:
            yield from _keys(inner, below)


class _Marking(Renderer):
    """A renderer whose texts hold marks.

    A note is a template's line and what is at hand there: rank, place and value, the nearest of the lowest rank.
    """

    plain = staticmethod(_plain)

    def __init__(self, spec: Interface, root: Path | None) -> None:
        c, self.notes = spec.c, list[_Note]()
        files: list[Any] = [
            *spec.raw,
            *spec.guests,
            spec.object,
            spec.predicates,
            spec.header,
            spec.source,
        ]
        self.sections: dict[str, At] = {one.file: one.at for one in files}
        symbols = (c.array, c.register, c.unregister, c.iterator, c.slot_count)
        self.sections |= {c.enum: spec.types.at} | dict.fromkeys(symbols, spec.registry.at)
        raws = [
            (raw, self.marked(("", 0, [(0, _at(raw.text) or raw.at, raw.text)]), raw.text))
            for raw in spec.raw
        ]
        super().__init__(
            replace(spec, raw=tuple(replace(raw, text=text(made, raw.at)) for raw, made in raws)),
            root,
        )
        assert isinstance(self.environment.loader, jinja2.FileSystemLoader)
        self.environment.loader = _Loader(self.environment.loader.searchpath)
        self.environment.globals[_NOTED] = self.noted

    def noted(self, template: str, line: int, value: Any, own: list[Any], around: list[Any]) -> str:
        """An output with its marks; ``own``: what it is made from, ``around``: the variables of its loops."""
        # The prefix is part of every symbol and tells nothing.
        placed = [(at, one) for one in own if one is not self.spec.interface and (at := _at(one))]
        values: list[tuple[int, At, Any]] = [
            (0, at, one) for at, one in placed if isinstance(one, str | int)
        ]
        values += [(1, at, "") for at, one in reversed(placed) if not isinstance(one, str | int)]
        values += [(2, at, "") for one in around if (at := _at(one))]
        values += [
            (3, self.sections[one], "")
            for one in own
            if isinstance(one, str) and one in self.sections
        ]
        return self.marked((template, line, values), str(value))

    def marked(self, note: _Note, made: str) -> str:
        self.notes.append(note)
        mark = f"\0{len(self.notes) - 1}\0"
        return "".join(mark + line for line in lines_of(made))


def _at(value: Any) -> At | None:
    """Where a value stands in the spec, a list of such where its first item does."""
    if isinstance(value, jinja2.Undefined | Interface):
        return None
    at = getattr(value, "at", None) or (_at(value[0]) if type(value) is tuple and value else None)
    return at if isinstance(at, At) else None


class _Loader(Loader):
    """Compiles templates with their outputs wrapped."""

    def load(
        self,
        environment: jinja2.Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,
    ) -> jinja2.Template:
        source, filename, uptodate = self.get_source(environment, name)
        tree = environment.parse(source, name, filename)
        _wrap(tree, filename, [])
        code = environment.compile(tree, name, filename)
        return environment.template_class.from_code(
            environment, code, {} if globals is None else globals, uptodate
        )


def _wrap(node: nodes.Node, file: str, around: list[nodes.Expr]) -> None:
    """Wrap every output below a node; ``around``: the variables of the loops that it stands in."""
    if isinstance(node, nodes.For):
        target = (
            [node.target]
            if isinstance(node.target, nodes.Name)
            else node.target.find_all(nodes.Name)
        )
        around = [*(nodes.Name(name.name, "load") for name in target), *around]
    for child in node.iter_child_nodes():
        _wrap(child, file, around)
    if isinstance(node, nodes.Output):
        node.nodes = [call for child in node.nodes for call in _calls(child, file, around)]


def _calls(node: nodes.Expr, file: str, around: list[nodes.Expr]) -> Iterator[nodes.Expr]:
    """The calls in place of an output: one a line of literal text, one an expression."""
    lines = (
        [nodes.Const(line) for line in lines_of(node.data)]
        if isinstance(node, nodes.TemplateData)
        else [node]
    )
    parts = [node, *node.find_all(_PARTS)]
    own = nodes.List(
        [part for part in reversed(parts) if isinstance(part, _PARTS)]
    )  # the innermost first
    for line, value in enumerate(lines, node.lineno):
        arguments = [nodes.Const(file), nodes.Const(line), value, own, nodes.List(around)]
        yield nodes.Call(nodes.Name(_NOTED, "load"), arguments, [], None, None)
