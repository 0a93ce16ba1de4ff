# SPDX-License-Identifier: GPL-2.0-only
"""The template set is there, and can say what the spec asks for."""

from collections.abc import Iterator

from xenhostgen.spec.model import NONE, Interface
from xenhostgen.spec.source import Fault, Located, Nearest, Text
from xenhostgen.spec.template_sets import style, template_sets

_Unfit = tuple[Located, str]  # a place, and what the set does otherwise


def templates(spec: Interface) -> Iterator[Fault]:
    """The template set is there, and can say what the spec asks for."""
    name, known = spec.templates, template_sets()
    if name not in known:
        yield "unknown-templates", f"no template set '{name}'", name, Nearest(name, known)
    for place, reason in _UNFIT[name](spec) if name in _UNFIT else ():
        hint = "change it, take it out, or name another set under 'templates'"
        yield "unfit-templates", f"the template set '{name}' {reason}", place, hint


def _of_kernel(spec: Interface) -> Iterator[_Unfit]:
    yield from _style(spec)
    if spec.slots and spec.registry.misuse is None:
        yield spec.registry, "needs 'misuse'"
    if spec.source.doc:
        yield spec.source.doc, "has no comment at the top of the C file"
    yield from _of_kernels_exports(spec)
    for guest in spec.guests:
        if guest.borrows and guest.place and not guest.tables:
            reason = "declares borrowed tables in its header, and needs no 'place'"
            yield guest.place, reason
    for op in spec.ops:
        if op.no_host is not None and op.wrapper_type == "void":
            yield op.no_host, "has 'no_host' only for a wrapper that returns a value"


def _of_kernels_exports(spec: Interface) -> Iterator[_Unfit]:
    for export in spec.registry.exports:
        if export.doc:
            yield export.doc, "exports each symbol below its definition, without a comment"
        for name in export.symbols:
            if name in (spec.c.register, spec.c.unregister):
                yield name, "exports no functions"
            elif name in [slot.pointer for slot in spec.slots]:
                yield name, f"has a macro for it; export '{spec.c.array}' instead"


def _of_rfc(spec: Interface) -> Iterator[_Unfit]:
    yield from _style(spec)
    if spec.registry.misuse is not None:
        yield spec.registry.misuse, "has no key 'misuse': misuse is a BUG"
    for guest in spec.guests:
        if guest.borrows and not guest.place:
            yield guest.borrows, "declares borrowed tables at 'place', which is missing"
    yield from _without_adapters(spec)
    for op in spec.ops:
        if op.fallback is not None:
            yield op.fallback, "has no 'fallback'"
        if op.wrapper == "optional":
            yield _written(op.wrapper, op), "has no optional wrapper"
        for entry in op.tables:
            if entry.table == NONE:
                yield entry.table, "leaves NULL in empty slots"
            elif entry.body is not None:
                yield entry.body, "makes no adapters by 'body'"


def _without_adapters(spec: Interface) -> Iterator[_Unfit]:
    if spec.layout.adapters == "beside":
        yield _written(spec.layout.adapters, spec.layout), "has no adapters beside its tables"


def _style(spec: Interface) -> Iterator[_Unfit]:
    its, cursor = style(spec.templates), spec.registry.cursor
    if spec.typedefs != its.typedefs:
        by = "typedefs" if its.typedefs else "tags"
        yield spec.templates, f"names structures by {by}: 'typedefs' is wrong here"
    if cursor != its.cursor:
        place = _written(cursor, spec.registry)
        yield place, f"has an iterator whose cursor is a '{its.cursor}'"
    for macro in spec.predicates.macros:
        if macro.config:
            yield macro.config, "writes predicates without a kernel option around them"


def _written(value: str | None, otherwise: Located) -> Located:
    """A choice's own place where the spec has it."""
    return value if isinstance(value, Text) else otherwise


_UNFIT = {"kernel": _of_kernel, "rfc": _of_rfc}
