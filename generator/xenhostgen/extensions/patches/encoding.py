# SPDX-License-Identifier: GPL-2.0-only
"""The encodings of mail undone, while each line keeps its place in the input."""

import base64
import quopri
from bisect import bisect
from collections.abc import Iterable, Iterator
from email.message import Message
from itertools import accumulate

from xenhostgen.extensions.patches.errors import SourceText

Chunks = Iterable[tuple[bytes, int]]  # decoded bytes, each with the input line that it starts in


def text_of(path: str, chunks: Chunks) -> SourceText:
    """The lines that the chunks make together."""
    parts, places = zip(*chunks, strict=True)
    ends = list(accumulate(map(len, parts)))
    lines = b"".join(parts).removesuffix(b"\n").split(b"\n")
    starts = accumulate((len(line) + 1 for line in lines[:-1]), initial=0)
    numbers = [places[min(bisect(ends, start), len(ends) - 1)] for start in starts]
    # Line ends of the transport, unless only some lines have them: then they are the file's own.
    if len(lines) > 1 and all(line.endswith(b"\r") for line in lines[:-1]):
        lines = [line.removesuffix(b"\r") for line in lines]
    return SourceText(path, [line.decode("utf-8", "surrogateescape") for line in lines], numbers)


def decoded(part: Message, body: SourceText) -> SourceText:
    """A part's text without its transfer encoding and soft line breaks.

    Raises PatchError `mail-encoding`.
    """
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if undo := {"quoted-printable": _quoted_printable, "base64": _base64}.get(encoding):
        body = text_of(body.path, undo(body))
    if str(part.get_param("format", "")).lower() == "flowed":
        return text_of(
            body.path, _unflowed(body, str(part.get_param("delsp", "")).lower() == "yes")
        )
    return body


def _quoted_printable(body: SourceText) -> Iterator[tuple[bytes, int]]:
    for line, number in zip(body.lines, body.numbers, strict=True):
        encoded = line.rstrip()
        end = b"" if encoded.endswith("=") else b"\n"
        yield (
            quopri.decodestring(encoded.removesuffix("=").encode("utf-8", "surrogateescape")) + end,
            number,
        )


def _base64(body: SourceText) -> Iterator[tuple[bytes, int]]:
    rest = ""
    for index, (line, number) in enumerate(zip(body.lines, body.numbers, strict=True)):
        rest += line.strip()
        whole = len(rest) // 4 * 4
        try:
            yield base64.b64decode(rest[:whole], validate=True), number
        except ValueError:
            raise body.error(index, "mail-encoding", "malformed base64") from None
        rest = rest[whole:]
    if rest:
        raise body.error(len(body.lines), "mail-encoding", "the base64 text is cut off")


def _unflowed(body: SourceText, delete_space: bool) -> Iterator[tuple[bytes, int]]:
    for line, number in zip(body.lines, body.numbers, strict=True):
        yield unflowed(line, delete_space).encode("utf-8", "surrogateescape"), number


def unflowed(line: str, delete_space: bool) -> str:
    """A line as it was before format=flowed (RFC 3676) broke and stuffed it."""
    plain = line.removeprefix(" ")
    # "-- " is the signature; quoted lines are no part of a patch.
    if plain.endswith(" ") and plain != "-- " and not plain.startswith(">"):
        return plain[:-1] if delete_space else plain
    return f"{plain}\n"
