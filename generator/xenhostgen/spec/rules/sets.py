# SPDX-License-Identifier: GPL-2.0-only
"""The template set is there, and can say what the spec asks for."""

from collections.abc import Callable, Iterable, Iterator

from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import At, Problems, Text
from xenhostgen.spec.template_sets import style, template_sets


def templates(spec: Interface, problems: Problems) -> None:
    """The template set is there, and can say what the spec asks for."""
    name = spec.templates
    problems.check_known("unknown-templates", name, template_sets(), f"no template set '{name}'")
    unfit = _UNFIT.get(name)
    for place, reason in unfit(spec) if unfit else ():
        hint = "change it, or name another set under 'templates'"
        problems.add("unfit-templates", f"the template set '{name}' {reason}", place, hint)


def _of_kernel(spec: Interface) -> Iterator[tuple[At, str]]:
    """What the set can't say, by its place."""
    yield from _style(spec)
    if spec.slots and spec.registry.misuse is None:
        yield spec.registry.at, "needs 'misuse'"
    if spec.source.doc:
        yield spec.source.doc.at, "has no comment at the top of the C file"
    for export in spec.registry.exports:
        if export.doc:
            yield export.doc.at, "exports each symbol below its definition, without a comment"
        functions = (
            name for name in export.symbols if name in (spec.c.register, spec.c.unregister)
        )
        yield from ((name.at, "exports no functions") for name in functions)
    for guest in spec.guests:
        if guest.borrows and guest.place:
            yield (
                guest.place.at,
                "declares in its header what is borrowed, and needs no 'place' for it",
            )
    for op in spec.ops:
        if op.when_no_host is not None and op.wrapper_type == "void":
            yield op.when_no_host.at, "has 'when_no_host' only for a wrapper that returns a value"


def _of_rfc(spec: Interface) -> Iterator[tuple[At, str]]:
    yield from _style(spec)
    if spec.registry.misuse is not None:
        yield spec.registry.misuse.at, "knows no 'misuse': it is a BUG"
    for guest in spec.guests:
        if guest.borrows and not guest.place:
            yield guest.borrows.at, "declares what is borrowed where 'place' says, which lacks"
    for op in spec.ops:
        if op.when_missing is not None:
            yield op.when_missing.at, "knows no 'when_missing'"
        if op.wrapper == "optional":
            yield _at(op.wrapper, op.at), "knows no optional wrapper"
        for entry in op.tables:
            if entry.calls is not None:
                yield entry.calls.at, "makes no adapters by 'calls'"


def _style(spec: Interface) -> Iterator[tuple[At, str]]:
    its, cursor = style(spec.templates), spec.registry.cursor
    if spec.typedefs != its.typedefs:
        by = "typedefs" if its.typedefs else "tags"
        yield spec.templates.at, f"names structures by {by}: 'typedefs' is wrong here"
    if cursor != its.cursor:
        yield _at(cursor, spec.registry.at), f"has an iterator whose cursor is a '{its.cursor}'"


def _at(value: str | None, instead: At) -> At:
    return value.at if isinstance(value, Text) else instead


_UNFIT: dict[str, Callable[[Interface], Iterable[tuple[At, str]]]] = {
    "kernel": _of_kernel,
    "rfc": _of_rfc,
}
