# SPDX-License-Identifier: GPL-2.0-only
"""YAML with positions.

Reads the *events* of PyYAML's C parser: they carry line and column at a quarter of the cost of
composed nodes. Scalars are YAML 1.2 text (``no`` is a string); what a text means is decided by the
model that reads it. Refused, each with its place: duplicate keys, anchors, tags, several documents,
and files too large or too deeply nested to be a spec.
"""

import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xenhostgen.spec import everyday
from xenhostgen.spec.source import At, Problem, Problems, SpecError, Text, did_you_mean, text
from xenhostgen.spec.tree import MAX_DEPTH, Mapping, Node, Sequence

MAX_BYTES = 128 << 20
_ODD_LINE_BREAK = re.compile("\x85|\u2028|\u2029|\r(?!\n)")


def read_file(path: Path) -> str:
    """The text of a spec file; ``SpecError`` for whatever is no readable, regular UTF-8 file of sensible size."""

    def refuse(rule: str, message: str, hint: str, at: At = At(1, 1)) -> SpecError:
        return SpecError([Problem(rule, message, str(path), at, hint)])

    try:
        status = path.stat()  # first: to open a named pipe would wait for a writer
        if stat.S_ISDIR(status.st_mode):
            raise refuse("is-a-directory", "is a directory", "name a spec file in it")
        if not stat.S_ISREG(status.st_mode):
            raise refuse("not-a-file", "is not a regular file", "give a file")
        if status.st_size > MAX_BYTES:
            raise refuse(
                "too-large",
                f"larger than {MAX_BYTES >> 20} MiB: not a spec",
                "is this the right file?",
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        here = sorted(near.name for near in path.parent.glob("*.y*ml"))
        hint = did_you_mean(path.name, here, "give the path of a spec, such as specs/NAME.yaml")
        raise refuse("no-such-file", "no such file", hint) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refuse("unreadable", f"cannot read: {reason}", "check path and permissions") from None
    # The name becomes that of a folder in OUT, and with its own folder's it stands in comments of the C.
    for name in (path.name, path.absolute().parent.name):
        if "*" in name or not name.isprintable():
            raise refuse(
                "spec-name",
                f"{name!r} can't be named in a C comment",
                "rename it: only letters and the like",
            )
    if path.name.startswith("."):
        raise refuse(
            "spec-name",
            f"'{path.name}' gives no name to a folder in OUT",
            "rename it, without the first '.'",
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        *above, line = raw[: error.start].split(b"\n")
        at = At(len(above) + 1, len(line.decode("utf-8", "replace")) + 1)
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise refuse("not-utf8", message, "save the file as UTF-8", at) from None


def parse(source: str, problems: Problems) -> Mapping | None:
    """The document's top mapping; None if it can't be read, with the reasons in ``problems``."""
    return everyday.parse(source) or parse_fully(source, problems)


def parse_fully(source: str, problems: Problems) -> Mapping | None:
    """As ``parse``, by the real parser whatever the text."""
    # Line breaks to YAML 1.1, but not to an editor: every line number below would be wrong.
    if odd := _ODD_LINE_BREAK.search(source):
        message = f"character U+{ord(odd[0]):04X} breaks a line in YAML, but not in an editor"
        hint = "remove it, or write it as an escape in quotes"
        problems.add("line-break", message, _at_offset(source, odd.start()), hint)
        return None
    try:
        return _Reader(source, problems).document()
    except _Stop:
        return None


def _at_offset(source: str, offset: int) -> At:
    return At(source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset))


def _at(mark: Any) -> At:
    return At(mark.line + 1, mark.column + 1)


class _Stop(Exception):
    """The text can't be read beyond this point; the reason has been noted."""


class _Reader:
    """Turns the stream of events into nodes."""

    def __init__(self, source: str, problems: Problems) -> None:
        # Here and not above: who only asks whether a spec is up to date needs no parser.
        import yaml

        self.yaml: Any = yaml
        self.source = source
        self.problems = problems
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.next: Callable[[], Any] = loader(source).get_event

    def stop(self, rule: str, message: str, at: At, hint: str) -> _Stop:
        self.problems.add(rule, message, at, hint)
        return _Stop()

    def document(self) -> Mapping:
        try:
            self.next()  # stream start
            event = self.next()
            if isinstance(event, self.yaml.StreamEndEvent):
                raise self.stop(
                    "empty", "the file is empty", At(1, 1), "a spec begins with 'interface:'"
                )
            top = self.node(self.next(), 0)
            self.next()  # document end
            extra = self.next()
        except self.yaml.reader.ReaderError as error:
            # Not the error's position: libyaml counts bytes and PyYAML's own reader characters.
            at = _at_offset(self.source, max(self.source.find(chr(error.character)), 0))
            hint = "remove it; in quotes it may be written as an escape"
            message = f"character U+{error.character:04X} is not allowed in YAML"
            raise self.stop("control-character", message, at, hint) from None
        except self.yaml.MarkedYAMLError as error:
            message = error.problem or "cannot be read"
            hint = "check indentation, brackets and quotes around here"
            if "cannot start any token" in message:
                hint = "indent with blanks, never with tabs; quote a text that begins with this character"
            raise self.stop(
                "yaml-syntax", f"not YAML: {message}", _at(error.problem_mark), hint
            ) from None
        if not isinstance(extra, self.yaml.StreamEndEvent):
            hint = "one file holds one spec; remove the '---'"
            raise self.stop(
                "two-documents", "a second document begins here", _at(extra.start_mark), hint
            )
        if not isinstance(top, Mapping):
            hint = "write 'key: value'; the first key is 'interface'"
            raise self.stop("not-a-mapping", "a spec is a mapping of keys", top.at, hint)
        return top

    def node(self, event: Any, depth: int) -> Node:
        at, yaml, kind = _at(event.start_mark), self.yaml, type(event)
        if kind is yaml.AliasEvent or event.anchor is not None:
            name = (
                f"alias '*{event.anchor}'"
                if kind is yaml.AliasEvent
                else f"anchor '&{event.anchor}'"
            )
            raise self.stop("anchor", name[:60], at, "write the value out; specs have no anchors")
        if event.tag is not None and event.tag != "!":
            hint = "remove it; the schema knows every type (quote a text that begins with '!')"
            raise self.stop("tag", f"tag '{event.tag[:60]}'", at, hint)
        if kind is yaml.ScalarEvent:
            return text(event.value, at)
        if depth >= MAX_DEPTH:
            raise self.stop(
                "too-deep", f"nested more than {MAX_DEPTH} levels deep", at, "no spec needs that"
            )
        made = Sequence() if kind is yaml.SequenceStartEvent else Mapping()
        made.line, made.column = at
        keys: dict[Text, Text] = {}
        while type(event := self.next()) not in (yaml.SequenceEndEvent, yaml.MappingEndEvent):
            key = self.node(event, depth + 1)  # or an item
            if isinstance(made, Sequence):
                made.append(key)
                continue
            if type(key) is not Text:
                raise self.stop("key-not-text", "a key must be a plain text", key.at, "quote it")
            value = self.node(self.next(), depth + 1)
            if (first := keys.setdefault(key, key)) is not key:
                hint = f"the first is on line {first.line}; remove one"
                self.problems.add("duplicate-key", f"key '{key[:60]}' stands here again", key, hint)
            else:
                made[key] = value
        return made
