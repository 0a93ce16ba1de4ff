# SPDX-License-Identifier: GPL-2.0-only
"""The encodings of mail undone, while each line keeps its place in the input."""

import base64
import binascii
import quopri
from collections.abc import Iterable, Iterator
from email.message import Message

from xenhostgen.patch.errors import SourceText


def text_of(path: str, chunks: Iterable[tuple[bytes, int]]) -> SourceText:
    """Text from decoded chunks, each with the input line that it starts in."""
    lines: list[str] = []
    numbers: list[int] = []
    parts: list[bytes] = []  # of the line that isn't complete yet
    first = 1
    for chunk, number in chunks:
        first = first if parts else number
        *complete, rest = chunk.split(b"\n")
        for piece in complete:
            lines.append(b"".join([*parts, piece]).decode("utf-8", "surrogateescape"))
            numbers.append(first)
            parts.clear()
            first = number
        if rest:
            parts.append(rest)
    if parts:
        lines.append(b"".join(parts).decode("utf-8", "surrogateescape"))
        numbers.append(first)
    # Line ends of the transport, unless only some lines have them: then they are the file's own.
    if len(lines) > 1 and all(line.endswith("\r") for line in lines[:-1]):
        lines = [line.removesuffix("\r") for line in lines]
    return SourceText(path, lines, numbers)


def decoded(part: Message, body: SourceText) -> SourceText:
    """A part's text without its transfer encoding and its soft line breaks.

    Raises PatchError `mail-encoding` or `input-binary`.
    """
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "quoted-printable":
        body = text_of(body.path, _quoted_printable(body))
    elif encoding == "base64":
        body = text_of(body.path, _base64(body))
    refuse_binary(body)
    if str(part.get_param("format", "")).lower() == "flowed":
        return _unflowed(body, str(part.get_param("delsp", "")).lower() == "yes")
    return body


def _quoted_printable(body: SourceText) -> Iterator[tuple[bytes, int]]:
    for line, number in zip(body.lines, body.numbers, strict=True):
        encoded = line.rstrip()
        soft = encoded.endswith("=")
        plain = quopri.decodestring(encoded.removesuffix("=").encode("utf-8", "surrogateescape"))
        yield plain if soft else plain + b"\n", number


def _base64(body: SourceText) -> Iterator[tuple[bytes, int]]:
    rest = ""
    for index, (line, number) in enumerate(zip(body.lines, body.numbers, strict=True)):
        rest += line.strip()
        whole = len(rest) // 4 * 4
        try:
            yield base64.b64decode(rest[:whole], validate=True), number
        except (binascii.Error, ValueError):
            raise body.error(index, "mail-encoding", "malformed base64") from None
        rest = rest[whole:]
    if rest:
        raise body.error(len(body.lines), "mail-encoding", "the base64 text is cut off")


def _unflowed(body: SourceText, delete_space: bool) -> SourceText:
    """The lines as they were before format=flowed (RFC 3676) broke and stuffed them."""
    lines: list[str] = []
    numbers: list[int] = []
    parts: list[str] = []
    for line, number in zip(body.lines, body.numbers, strict=True):
        if not parts:
            numbers.append(number)
        plain = line.removeprefix(" ")
        # "-- " is the signature; quoted lines are no part of a patch.
        flows = plain.endswith(" ") and plain != "-- " and not plain.startswith(">")
        parts.append(plain[:-1] if flows and delete_space else plain)
        if not flows:
            lines.append("".join(parts))
            parts.clear()
    if parts:
        lines.append("".join(parts))
    return SourceText(body.path, lines, numbers)


def refuse_binary(text: SourceText) -> None:
    """Raises PatchError `input-binary` where the text holds a NUL."""
    for index, line in enumerate(text.lines):
        if "\0" in line:
            column = line.index("\0") + 1
            raise text.error(index, "input-binary", "this is no text", "unpack it, or save it as UTF-8", column)
