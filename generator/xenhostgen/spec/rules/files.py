# SPDX-License-Identifier: GPL-2.0-only
"""Files, and the places of fragments in them."""

import re
from collections.abc import Iterator

from xenhostgen.spec.kinds import check_comment
from xenhostgen.spec.model import Interface, Place
from xenhostgen.spec.source import Fault, Nearest, repeated

_OBJECT = re.compile(r"[\w.-]+\.o", re.ASCII)


def files(spec: Interface) -> Iterator[Fault]:
    """Each file has one purpose, and none is a folder of another."""
    purposes = [spec.header.file, spec.source.file, spec.object.file, spec.predicates.file]
    purposes += [guest.file for guest in spec.guests]
    yield from repeated(
        "duplicate-file",
        purposes,
        "'{name}' is used twice",
        "first on line {line}; each file has one purpose",
    )
    known = dict.fromkeys(purposes)
    for path in known:
        parts = path.split("/")
        folders = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        if clash := folders & known.keys():
            message = f"'{path}' lies below the file '{clash.pop()}'"
            yield "file-in-file", message, path, "a file can't be a folder too"


def landmarks(spec: Interface) -> Iterator[Fault]:
    """A guest's landmark may stand in a comment, as it does above the tables in the stub."""
    for guest in spec.guests:
        if guest.place:
            yield from check_comment(guest.place.landmark)


def places(spec: Interface) -> Iterator[Fault]:
    """A place needs exactly one landmark, of a kind that its file has."""
    for guest in spec.guests:
        landmark = guest.include.place.landmark
        if landmark and landmark not in guest.context:
            message = f"'{landmark}' is not among the headers of '{guest.name}'"
            hint = Nearest(landmark, guest.context, "add it to 'context'")
            yield "unknown-include", message, landmark, hint
    line = spec.object.place
    for name in (line.after, line.before, *line.alternatives):
        if name is not None and not _OBJECT.fullmatch(name):
            message = f"'{name[:60]}' is no object of a Makefile"
            yield "not-an-object", message, name, "name one as 'setup.o'"
    for part in (spec.object, spec.predicates, *spec.guests):
        for place in part.parts(Place):
            if (place.after is None) == (place.before is None):
                message = "a place has either 'after' or 'before'"
                yield "place-form", message, place, "write one of the two"
