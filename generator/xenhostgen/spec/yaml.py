# SPDX-License-Identifier: GPL-2.0-only
"""YAML with positions.

Reads the *events* of PyYAML's C parser: they carry line and column at a quarter of the cost of
composed nodes. Scalars are YAML 1.2 text (``no`` is a string); what a text means is decided by the
model that reads it. Refused, each with its place: duplicate keys, anchors, tags, several documents,
and files too large or too deeply nested to be a spec.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from xenhostgen.spec.source import At, Problem, Problems, SpecError, Text, did_you_mean, text

MAX_BYTES = 128 << 20
MAX_DEPTH = 24


class Mapping(dict[Text, "Node"]):
    """A YAML mapping, in its order, with the place where it begins."""

    __slots__ = ("at",)
    at: At


class Sequence(list["Node"]):
    """A YAML sequence with the place where it begins."""

    __slots__ = ("at",)
    at: At


Node = Text | Mapping | Sequence


def place(node: Node) -> At:
    """Where a node begins."""
    return node.at


def read_file(path: Path) -> str:
    """The text of a spec file.

    Raises ``SpecError`` for whatever is not a readable, regular UTF-8 file of sensible size.
    """
    shown = str(path)

    def refuse(rule: str, message: str, hint: str, at: At = At(1, 1)) -> SpecError:
        return SpecError([Problem(rule, message, shown, at, hint)])

    try:
        # O_NONBLOCK: opening a named pipe must not wait for a writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            here = sorted(near.name for near in path.parent.glob("*.y*ml"))
            hint = did_you_mean(path.name, here, "give the path of a spec, such as specs/NAME.yaml")
            raise refuse("no-such-file", "no such file", hint) from None
        reason = getattr(error, "strerror", None) or str(error)
        raise refuse("unreadable", f"cannot read: {reason}", "check path and permissions") from None
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(stream.fileno())
        if stat.S_ISDIR(status.st_mode):
            raise refuse(
                "is-a-directory", "is a directory", "name a spec file in it, or all of them"
            )
        if not stat.S_ISREG(status.st_mode):
            raise refuse("not-a-file", "is not a regular file", "give a file")
        if status.st_size > MAX_BYTES:
            limit = f"larger than {MAX_BYTES >> 20} MiB"
            raise refuse("too-large", f"{limit}: not a spec", "is this the right file?")
        raw = stream.read()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        at = At(before.count(b"\n") + 1, column)
        hint = "save the file as UTF-8"
        raise refuse("not-utf8", f"byte 0x{raw[error.start]:02x} is not UTF-8", hint, at) from None


def parse(source: str, problems: Problems) -> Mapping | None:
    """The document's top mapping; None if it can't be read, with the reasons in ``problems``."""
    try:
        return _Reader(source, problems).document()
    except _Stop:
        return None


class _Stop(Exception):
    """The text can't be read beyond this point; the reason has been noted."""


class _Reader:
    """Turns the stream of events into nodes."""

    def __init__(self, source: str, problems: Problems) -> None:
        import yaml

        self.events = yaml
        self.problems = problems
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            self.loader = loader(source)
        except yaml.reader.ReaderError as error:
            before = source[: error.position]
            at = At(before.count("\n") + 1, error.position - before.rfind("\n"))
            character = f"character U+{error.character:04X} is not allowed in YAML"
            problems.add("control-character", character, at, "remove it")
            raise _Stop from None
        self.next: Callable[[], object] = self.loader.get_event

    def stop(self, rule: str, message: str, at: At, hint: str = "") -> _Stop:
        self.problems.add(rule, message, at, hint)
        return _Stop()

    def document(self) -> Mapping:
        yaml = self.events
        try:
            self.next()  # stream start
            event = self.next()
            if isinstance(event, yaml.StreamEndEvent):
                raise self.stop(
                    "empty", "the file is empty", At(1, 1), "a spec begins with 'interface:'"
                )
            top = self.node(self.next(), 0)
            self.next()  # document end
            extra = self.next()
            if not isinstance(extra, yaml.StreamEndEvent):
                mark = extra.start_mark
                raise self.stop(
                    "two-documents",
                    "a second document begins here",
                    At(mark.line + 1, mark.column + 1),
                    "one file holds one spec; remove the '---'",
                )
        except yaml.YAMLError as error:
            raise self.syntax_error(error) from None
        if not isinstance(top, Mapping):
            if top == "":
                raise self.stop(
                    "empty", "the file holds no spec", At(1, 1), "it begins with 'interface:'"
                )
            raise self.stop(
                "not-a-mapping", "a spec is a mapping of keys", place(top), "write 'key: value'"
            )
        return top

    def syntax_error(self, error: Exception) -> _Stop:
        mark = getattr(error, "problem_mark", None)
        at = At(mark.line + 1, mark.column + 1) if mark else At(1, 1)
        message = getattr(error, "problem", None) or "cannot be read as YAML"
        hint = "check indentation and quotes around here"
        if "cannot start any token" in message or "\t" in message:
            hint = "YAML indents with blanks, never with tabs; quote a text that begins with a special character"
        return self.stop("yaml-syntax", f"not YAML: {message}", at, hint)

    def node(self, event: object, depth: int) -> Node:
        yaml = self.events
        mark = event.start_mark  # type: ignore[attr-defined]
        at = At(mark.line + 1, mark.column + 1)
        if isinstance(event, yaml.AliasEvent):
            raise self.stop(
                "anchor",
                f"alias '*{event.anchor}'",
                at,
                "write the value out; specs have no anchors",
            )
        if event.anchor is not None:  # type: ignore[attr-defined]
            message = f"anchor '&{event.anchor}'"  # type: ignore[attr-defined]
            raise self.stop("anchor", message, at, "write the value out; specs have no anchors")
        if event.tag is not None and event.tag != "!":  # type: ignore[attr-defined]
            raise self.stop(
                "tag", f"tag '{event.tag}'", at, "remove it; the schema knows every type"
            )  # type: ignore[attr-defined]
        if isinstance(event, yaml.ScalarEvent):
            return text(event.value, at)
        if depth >= MAX_DEPTH:
            raise self.stop(
                "too-deep", f"nested more than {MAX_DEPTH} levels deep", at, "no spec needs that"
            )
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(at, depth)
        return self.mapping(at, depth)

    def sequence(self, at: At, depth: int) -> Sequence:
        made = Sequence()
        made.at = at
        end = self.events.SequenceEndEvent
        while not isinstance(event := self.next(), end):
            made.append(self.node(event, depth + 1))
        return made

    def mapping(self, at: At, depth: int) -> Mapping:
        made = Mapping()
        made.at = at
        end = self.events.MappingEndEvent
        while not isinstance(event := self.next(), end):
            key = self.node(event, depth + 1)
            if not isinstance(key, Text):
                raise self.stop(
                    "key-not-text", "a key must be a plain text", place(key), "quote it"
                )
            value = self.node(self.next(), depth + 1)
            if key in made:
                first = next(known.at for known in made if known == key)
                self.problems.add(
                    "duplicate-key",
                    f"key '{key}' stands here again",
                    key,
                    f"the first is on line {first.line}; remove one",
                )
            else:
                made[key] = value
        return made
