# SPDX-License-Identifier: GPL-2.0-only
"""Paths, texts in C comments, and the places of fragments."""

import re
from typing import Any

from xenhostgen.spec.model import Interface, Place
from xenhostgen.spec.rules.hosts import repeated
from xenhostgen.spec.source import Problems

_COMMENT_END = re.compile(
    r"\*/|/\*|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_OBJECT = re.compile(r"[\w.-]+\.o", re.ASCII)
_SPDX = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*")


def paths(spec: Interface, problems: Problems) -> None:
    """Paths lead straight down from the root, and each file has one purpose."""
    files = [spec.header.file, spec.source.file, spec.object.file, spec.predicates.file]
    files = [path for path in [*files, *(guest.file for guest in spec.guests)] if path]
    every = [*files, *dict.fromkeys(raw.file for raw in spec.raw)]
    for path in [*every, *([spec.reference] if spec.reference else [])]:
        if path.startswith(("/", "~")) or "\\" in path or re.match(r"[A-Za-z]:", path):
            message = f"'{path}' is not a path below the tree's root"
            problems.add("absolute-path", message, path, "write it relative to the root, with '/'")
        elif any(part in ("", ".", "..") for part in path.split("/")):
            message = f"'{path}' has a part '.', '..' or an empty one"
            problems.add(
                "path-escapes", message, path, "write the path straight down from the root"
            )
    for path, first in repeated(files):
        hint = f"first on line {first.at.line}; each file has one purpose"
        problems.add("duplicate-file", f"'{path}' is used twice", path, hint)
    known = set(every)
    for path in every:
        parents = {"/".join(path.split("/")[:depth]) for depth in range(1, path.count("/") + 1)}
        if clash := parents & known:
            message = f"'{path}' lies below the file '{clash.pop()}'"
            problems.add("file-in-file", message, path, "a file can't be a folder too")


def comments(spec: Interface, problems: Problems) -> None:
    """Texts that land in C comments can't end the comment nor hide what they say."""
    registry = spec.registry
    docs = [registry.register_doc, registry.unregister_doc, registry.iterator_doc]
    documented: list[Any] = [spec.types, registry, spec.header, spec.source]
    documented += [*spec.types.values, *registry.exports, *spec.fields, *spec.ops]
    docs += [part.doc for part in documented]
    docs += [slot.requires_doc for slot in spec.slots]
    docs += [step.doc for _, step in spec.registrations()]
    # A guest's landmark stands above its tables in the stub.
    docs += [
        mark
        for guest in spec.guests
        if guest.place
        for mark in (guest.place.after, guest.place.before)
        if mark
    ]
    for doc in docs:
        if not (found := _COMMENT_END.search(doc)):
            continue
        at = problems.inside(doc, found.start())
        if found[0] in ("*/", "/*"):
            message = f"'{found[0]}' in a text that lands in a C comment"
            problems.add("comment-break", message, at, "put a blank between '*' and '/'")
        else:
            message = f"character U+{ord(found[0]):04X} in a text that lands in a C comment"
            problems.add("comment-control", message, at, "remove it")
    if spec.spdx is not None and not _SPDX.fullmatch(spec.spdx):
        message = f"'{spec.spdx[:40]}' is not an SPDX licence expression"
        problems.add("spdx", message, spec.spdx, "write it as 'GPL-2.0-only'")


def places(spec: Interface, problems: Problems) -> None:
    """A place is told by one landmark that the file has."""
    found: list[Place] = [spec.object.place, spec.predicates.place]
    for guest in spec.guests:
        found += [guest.include.place] + ([guest.place] if guest.place else [])
        landmark = guest.include.place.after or guest.include.place.before
        if landmark and landmark not in guest.context:
            message = f"'{landmark}' is not among the headers of '{guest.name}'"
            hint = problems.did_you_mean(landmark, guest.context, "add it to 'context'")
            problems.add("unknown-include", message, landmark, hint)
    line = spec.object.place
    for name in (line.after, line.before, *line.alternatives):
        if name is not None and not _OBJECT.fullmatch(name):
            problems.add(
                "not-an-object",
                f"'{name[:60]}' is no object of a Makefile",
                name,
                "name one as 'setup.o'",
            )
    for place in found:
        if (place.after is None) == (place.before is None):
            problems.add(
                "place-form",
                "a place is told by 'after' or by 'before'",
                place.at,
                "write one of the two",
            )


def messages(spec: Interface, problems: Problems) -> None:
    """Each message is for a part that the series has."""
    parts = ["cover", "interface", "predicates", *(guest.name for guest in spec.guests)]
    for message in spec.series.messages if spec.series else ():
        if message.part not in parts:
            hint = problems.did_you_mean(message.part, parts)
            problems.add(
                "unknown-part", f"'{message.part}' is no part of the series", message.part, hint
            )
