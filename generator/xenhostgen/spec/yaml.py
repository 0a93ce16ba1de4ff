# SPDX-License-Identifier: GPL-2.0-only
"""YAML with positions.

Reads the *events* of PyYAML's C parser: they carry line and column at a quarter of the cost of
composed nodes. Scalars are YAML 1.2 text (``no`` is a string); what a text means is decided by the
model that reads it. Refused, each with its place: duplicate keys, anchors, tags, several documents,
and files too large or too deeply nested to be a spec.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from xenhostgen.sandbox.files import UnreadableFile, read_given
from xenhostgen.spec.source import (
    NOWHERE,
    At,
    Placed,
    Problem,
    Problems,
    SpecError,
    Text,
    did_you_mean,
)

MAX_BYTES = 128 << 20
MAX_DEPTH = 24
_ODD_LINE_BREAK = re.compile("\x85|\u2028|\u2029|\r(?!\n)")


class Mapping(dict[Text, "Node"], Placed):
    """A YAML mapping, in its order, with the place where it begins."""

    __slots__ = ("column", "line")


class Sequence(list["Node"], Placed):
    """A YAML sequence with the place where it begins."""

    __slots__ = ("column", "line")


Node = Text | Mapping | Sequence


def read_file(path: Path) -> str:
    """The text of a spec file; ``SpecError`` unless it is regular UTF-8 of a sensible size."""
    raw = _bytes(path)
    # The name becomes that of a folder in OUT; its folder's name stands in comments of the C, too.
    for name in (path.name, path.absolute().parent.name):
        if "*" in name or not name.isprintable():
            hint = "rename it: only letters and the like"
            refuse("spec-name", f"{name!r} can't be named in a C comment", path, hint)
    if path.name.startswith("."):
        message = f"'{path.name}' gives no name to a folder in OUT"
        refuse("spec-name", message, path, "rename it, without the first '.'")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        *above, line = raw[: error.start].split(b"\n")
        at = At(len(above) + 1, len(line.decode("utf-8", "replace")) + 1)
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        refuse("not-utf8", message, path, "save the file as UTF-8", at)


def _bytes(path: Path) -> bytes:
    try:
        content = read_given(path, MAX_BYTES)
    except UnreadableFile as reason:
        refuse("unreadable", str(reason), path, "give the path of a spec, such as specs/NAME.yaml")
    if content is None:
        neighbours = {file.name for file in path.parent.glob("*.y*ml")}
        otherwise = "give the path of a spec, such as specs/NAME.yaml"
        hint = did_you_mean(path.name, neighbours, otherwise)
        refuse("no-such-file", "no such file", path, hint)
    return content


def refuse(rule: str, message: str, path: Path, hint: str, at: At = NOWHERE) -> NoReturn:
    """Raise the error for a file that can't be read."""
    raise SpecError([Problem(rule, message, str(path), at, hint)]) from None


def parse(source: str, problems: Problems) -> Mapping | None:
    """The document's top mapping; None if it can't be read, with the reasons in ``problems``."""
    try:
        # Line breaks to YAML 1.1, but not to an editor: all line numbers below would be wrong.
        if odd := _ODD_LINE_BREAK.search(source):
            message = f"character U+{ord(odd[0]):04X} breaks a line in YAML, but not in an editor"
            hint = "remove it, or write it as an escape in quotes"
            stop("line-break", message, _at_offset(source, odd.start()), hint)
        return _Reader(source, problems).document()
    except _Stop as reason:
        problems.add(*reason.args)
    except ReaderError as error:
        # Not the error's position: libyaml counts bytes and PyYAML's own reader characters.
        at = _at_offset(source, max(source.find(chr(error.character)), 0))
        hint = "remove it; in quotes it may be written as an escape"
        message = f"character U+{error.character:04X} is not allowed in YAML"
        problems.add("control-character", message, at, hint)
    except yaml.MarkedYAMLError as error:
        problems.add("yaml-syntax", *_syntax(error, source))
    return None


def _syntax(error: yaml.MarkedYAMLError, source: str) -> tuple[str, At, str]:
    """What breaks YAML's syntax, where that begins, and a hint."""
    message = error.problem or "cannot be read"
    hint = "check indentation, brackets and quotes around here"
    if "cannot start any token" in message or "tab character" in message:
        hint = "indent with blanks, never with tabs; quote a text that begins with this character"
    elif "mapping values" in message:
        hint = f"quote a text with ': ' in it; {hint}"
    place, begin = error.problem_mark, error.context_mark
    is_open = re.search("flow|quoted", error.context or "")
    if place and begin and begin.line != place.line and is_open:
        # What isn't closed is noticed where something else begins.
        hint = f"noticed in line {place.line + 1}, {error.context}; {hint}"
        place = begin
    elif place and (opening := _quote_closing_in(source, place.line)):
        hint = f"the quote that opens here closes in line {place.line + 1}; {hint}"
        place = opening
    return f"not YAML: {message}", _at(place), hint


def _quote_closing_in(source: str, line: int) -> Any:
    """Where a quoted text begins that ends in a line below; None without such a text."""
    try:
        for token in yaml.scan(source, yaml.CSafeLoader):
            if not isinstance(token, yaml.ScalarToken) or token.style not in ("'", '"'):
                continue
            if token.start_mark.line < line == token.end_mark.line:
                return token.start_mark
    except yaml.MarkedYAMLError:
        pass  # of what stands below
    return None


_POINTER = "write the value out; specs have no aliases, and C's pointers are 'void *'"


class _Stop(Exception):
    """The text can't be read beyond this point; the arguments are those of ``Problems.add``."""


def stop(rule: str, message: str, at: At, hint: str) -> NoReturn:
    """Give up reading, for this reason."""
    raise _Stop(rule, message, at, hint)


def _at_offset(source: str, offset: int) -> At:
    return At(source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset))


def _at(mark: Any) -> At:
    return At(mark.line + 1, mark.column + 1)


class _Reader:
    """Turns the stream of events into nodes."""

    def __init__(self, source: str, problems: Problems) -> None:
        self.problems = problems
        self.next_event: Callable[[], Any] = yaml.CSafeLoader(source).get_event

    def document(self) -> Mapping:
        """The top mapping of the only document."""
        self.next_event()  # stream start
        if isinstance(self.next_event(), StreamEndEvent):
            stop("empty", "the file is empty", At(1, 1), "a spec begins with 'interface:'")
        top = self.node(self.next_event(), 0)
        self.next_event()  # document end
        extra = self.next_event()
        if not isinstance(extra, StreamEndEvent):
            hint = "one file holds one spec; remove the '---'"
            stop("two-documents", "a second document begins here", _at(extra.start_mark), hint)
        if not isinstance(top, Mapping):
            hint = "write 'key: value'; the first key is 'interface'"
            stop("not-a-mapping", "a spec is a mapping of keys", top.at, hint)
        return top

    def node(self, event: Any, depth: int) -> Node:
        """The node that begins with an event."""
        if event.anchor is not None or event.tag is not None:
            self.refuse_properties(event)
        node: Node
        if isinstance(event, ScalarEvent):
            node = Text(event.value)
        elif depth >= MAX_DEPTH:
            message = f"nested more than {MAX_DEPTH} levels deep"
            stop("too-deep", message, _at(event.start_mark), "no spec needs that")
        elif isinstance(event, SequenceStartEvent):
            node = self.sequence(depth + 1)
        else:
            node = self.mapping(depth + 1)
        mark = event.start_mark
        node.line, node.column = mark.line + 1, mark.column + 1
        return node

    def refuse_properties(self, event: Any) -> None:
        """Refuse anchors, aliases and tags, except the '!' that says nothing."""
        at = _at(event.start_mark)
        if event.anchor is not None:
            is_alias = isinstance(event, AliasEvent)
            name = f"alias '*{event.anchor}'" if is_alias else f"anchor '&{event.anchor}'"
            hint = "write the value out; specs have no anchors"
            stop("anchor", name[:60], at, hint if not is_alias else _POINTER)
        if event.tag != "!":
            hint = "remove it; the schema knows every type (quote a text that begins with '!')"
            stop("tag", f"tag '{event.tag[:60]}'", at, hint)

    def sequence(self, depth: int) -> Sequence:
        """A sequence whose start has been read."""
        sequence = Sequence()
        while not isinstance(event := self.next_event(), SequenceEndEvent):
            sequence.append(self.node(event, depth))
        return sequence

    def mapping(self, depth: int) -> Mapping:
        """A mapping whose start has been read; a key that stands there again is noted."""
        mapping = Mapping()
        first_keys: dict[Text, Text] = {}
        while not isinstance(event := self.next_event(), MappingEndEvent):
            key = self.node(event, depth)
            if not isinstance(key, Text):
                stop("key-not-text", "a key must be a plain text", key.at, "quote it")
            value = self.node(self.next_event(), depth)
            first = first_keys.setdefault(key, key)
            if first is key:
                mapping[key] = value
            else:
                hint = f"the first is on line {first.line}; remove one"
                message = f"key '{key[:60]}' is repeated here"
                self.problems.add("duplicate-key", message, key, hint)
        return mapping
