# SPDX-License-Identifier: GPL-2.0-only
"""Render a spec's files: which template makes which file, and the fragments among them.

A *fragment* is what the interface adds to a file that the kernel has already. Fragments are rendered
first, each for itself; the stubs then are skeletons around them, and so are patches later.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from xenhostgen.render.environment import environment, guarded
from xenhostgen.render.fresh import template_root
from xenhostgen.render.operations import adapters, operations, prototypes
from xenhostgen.render.raw import spliced
from xenhostgen.render.style import initialiser_column, pad
from xenhostgen.spec.model import Call, ClearBss, Guest, Interface, Place, Register, Table
from xenhostgen.spec.source import At, Text


class Fragment(NamedTuple):
    """An addition to a kernel file: its text, and where it goes."""

    file: str
    kind: str
    text: str
    place: Place
    guest: str = ""
    at: At = At(1, 1)


class Rendering(NamedTuple):
    """Everything that a spec renders to: file texts by path, fragments in the order of a patch."""

    files: dict[str, str]
    fragments: tuple[Fragment, ...]

    def whole(self) -> dict[str, str]:
        """The files that are new to the kernel, as opposed to those that fragments go into."""
        modified = {fragment.file for fragment in self.fragments}
        return {path: text for path, text in self.files.items() if path not in modified}


class TableC(NamedTuple):
    """A table with its initialisers, as the templates loop over it: members padded, and functions."""

    symbol: str
    at: At
    entries: list[tuple[str, str]]


def source_name(spec: Interface) -> str:
    """The spec's path as generated files name it: the same wherever the command was run."""
    path = Path(spec.path).absolute()
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name


class Renderer:
    """Renders one spec with its template set."""

    plain: Callable[[str], str] = str

    def __init__(self, spec: Interface, root: Path | None = None) -> None:
        self.spec = spec
        self.environment = environment(spec.templates, root or template_root())
        self.ops = operations(spec)
        self.shared: dict[str, Any] = {
            "spec": spec,
            "c": spec.c,
            "registry": spec.registry,
            "ops": self.ops.values(),
            "source_name": source_name(spec),
        }

    def template(self, name: str, **context: Any) -> str:
        return guarded(lambda **given: self.environment.get_template(name).render(**given), **self.shared, **context)

    def fragment(self, kind: str, **context: Any) -> str:
        return self.template(f"fragments/{kind}.j2", **context)

    def added(self, kind: str, file: str, place: Place, at: At, guest: str = "", **context: Any) -> Fragment:
        return Fragment(file, kind, self.fragment(kind, **context), place, guest, at)

    def table(self, guest: Guest, table: Table) -> TableC:
        entries = self.spec.entries[f"{guest.name}.{table.role}"]
        column = initialiser_column(op.name for op, _ in entries) - 1
        return TableC(table.symbol, table.at, [(pad(op.name, column), entry.function) for op, entry in entries])

    def everything(self) -> Rendering:
        """All files and fragments, files in the order of their paths."""
        spec, line, asked = self.spec, self.spec.object, self.spec.predicates
        object_name = Path(spec.source.file).stem + ".o"
        object_line = self.added("object", line.file, line.place, line.at, object=object_name)
        predicates = self.added("predicates", asked.file, asked.place, asked.at)
        fragments = [object_line, predicates]
        files: dict[str, str] = {
            spec.header.file: self.template("interface.h.j2"),
            spec.source.file: self.template("registry.c.j2"),
            line.file: self.template("Makefile.j2", fragment=object_line),
            asked.file: self.template("predicates.h.j2", fragment=predicates),
        }
        for guest in spec.guests:
            mine = self.guest_fragments(guest)
            files[guest.file] = self.guest_stub(guest, mine)
            fragments += mine
        fragments.sort(key=lambda fragment: fragment.file)
        if spec.raw:
            fragments = self.with_raw(files, fragments)
        return Rendering(dict(sorted(files.items())), tuple(fragments))

    def with_raw(self, files: dict[str, str], fragments: list[Fragment]) -> list[Fragment]:
        """Put raw blocks into whole files and into fragments; those with a place become fragments.

        A file that nothing else is rendered for is new. The stubs go without: they have to compile.
        """
        made = list(fragments)
        for path in dict.fromkeys(raw.file for raw in self.spec.raw):
            kept = [raw for raw in self.spec.raw if raw.file == path]
            placed = [Fragment(path, "raw", raw.text, raw.place, at=raw.at) for raw in kept if raw.place]
            mine = [row for row, fragment in enumerate(made) if fragment.file == path]
            before = [made[row].text for row in mine] or [files.get(path, "")]
            texts = spliced(before, [raw for raw in kept if not raw.place], self.spec.path, self.plain)
            for row, text in zip(mine, texts, strict=False):
                made[row] = made[row]._replace(text=text)
            if not mine:
                files[path] = texts[0] + "".join(fragment.text for fragment in placed)
            made += placed
        return sorted(made, key=lambda fragment: fragment.file)

    def guest_fragments(self, guest: Guest) -> list[Fragment]:
        """A guest's include, its tables or the declaration of borrowed ones, and its registrations."""
        spec, include = self.spec, guest.include

        def added(kind: str, place: Place, at: At, **context: Any) -> Fragment:
            return self.added(kind, guest.file, place, at, guest.name, **context)

        made = [added("include", include.place, include.at, header=include.line)]
        if guest.place and guest.tables:
            tables = [self.table(guest, table) for table in guest.tables]
            needed = adapters(spec, self.ops, [f"{guest.name}.{table.role}" for table in guest.tables])
            made.append(added("tables", guest.place, guest.place.at, tables=tables, adapters=needed))
        if guest.place and guest.borrows:
            made.append(added("borrowed", guest.place, guest.place.at, tables=spec.borrowed(guest)))
        for step in guest.boot.steps:
            if isinstance(step, Register):
                table = spec.table(guest, step.table).symbol
                made.append(added("register", Place(), step.at, step=step, table=table))
        return made

    def guest_stub(self, guest: Guest, fragments: list[Fragment]) -> str:
        include = fragments[0]
        above = guest.context.index(Text(include.place.landmark)) + (1 if include.place.after else 0)
        ours = (fragment.text for fragment in fragments if fragment.kind == "register")
        steps = [
            (type(step).__name__, step, next(ours) if isinstance(step, Register) else "") for step in guest.boot.steps
        ]
        return self.template(
            "guest.c.j2",
            guest=guest,
            includes=(guest.context[:above], include, guest.context[above:]),
            additions=[fragment for fragment in fragments if fragment.kind in ("tables", "borrowed")],
            steps=steps,
            helpers=[step for step in guest.boot.steps if isinstance(step, Call)],
            prototypes=self.prototypes(guest),
        )

    def prototypes(self, guest: Guest) -> dict[str, str]:
        """The kernel functions that a guest's tables and steps name, declared for the stub."""
        clearing = [step.function for step in guest.boot.steps if isinstance(step, ClearBss)]
        made: dict[str, str] = {function: f"void {function}(void);" for function in clearing}
        for table in guest.tables:
            made |= prototypes(self.ops, self.spec.entries[f"{guest.name}.{table.role}"])
        return made


def render(spec: Interface, root: Path | None = None) -> Rendering:
    """All that a spec renders to, in memory. Raises ``TemplateFailure``."""
    return Renderer(spec, root).everything()
