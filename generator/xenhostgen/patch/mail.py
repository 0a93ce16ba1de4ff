# SPDX-License-Identifier: GPL-2.0-only
"""A patch file as people have it → the patches in it: message, trailers and the text of the diff.

Takes an mbox, one mail, `git format-patch`'s output, a bare diff, and a mail as a web archive
shows it, below a header of the archive's own. Every line of a diff keeps its place in the input.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import Parser
from pathlib import Path

from xenhostgen.patch.encoding import decoded, refuse_binary, text_of
from xenhostgen.patch.errors import PatchError, SourceText

SIZE_LIMIT = 64 << 20  # bytes; the largest kernel patches are below 20 MiB
NESTING_LIMIT = 4  # mails within mails

# As strict as git's own: a message may have lines that start with "From ".
_MBOX = re.compile(r"From \S+ .*\d\d:\d\d.*\d{4}")
_FIELD = re.compile(r"([!-9;-~]+):[ \t]*(.*)")
_MAIL_FIELDS = {"from", "subject", "date", "message-id", "mime-version", "content-type", "received"}
_TOP_FIELD = re.compile(r"(From|Subject|Date|Message-ID|To|Cc): *(.*)", re.IGNORECASE)
_TRAILER = re.compile(r"([A-Za-z][A-Za-z0-9-]*): (\S.*)")
_DIFF = ("diff --git ", "diff --cc ", "diff --combined ", "@@ -")
_QUOTED = re.compile(r"(?:> ?)+(?:diff --git |@@ -\d)")
_STAT = re.compile(r" *(\d{1,9}) files? changed, ")
_HTML = re.compile(r"\s*<(?:!doctype html|html|\?xml)", re.IGNORECASE)
_PATCH_NAME = re.compile(r".*\.(?:patch|diff|mbox|eml)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PatchMail:
    """One patch with its message. Strings are empty for what the input doesn't tell.

    `body` is the commit message without its trailers; `announced_files` is the number of files in
    the diffstat, 0 without one. `diff` ends with the input, so with a mail's signature.
    """

    subject: str
    message_id: str
    sender: str
    date: str
    body: str
    trailers: tuple[tuple[str, str], ...]
    announced_files: int
    diff: SourceText


def read_patches(path: Path) -> list[PatchMail]:
    """The patches in a file, in its order. Raises PatchError, also when there are none."""
    nowhere = SourceText(str(path), (), ())
    if path.is_dir():
        raise nowhere.error(0, "input-directory", "this is a directory", "name the patch itself")
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise nowhere.error(0, "input-unreadable", f"can't read the patch: {reason}") from None
    return patches_in(data, str(path))


def patches_in(data: bytes, path: str) -> list[PatchMail]:
    """The patches in the bytes of a file; `path` is for messages only. Raises PatchError.

    Mails without a patch (a cover letter, replies) are passed over if another mail has one.
    """
    nowhere = SourceText(path, (), ())
    if len(data) > SIZE_LIMIT:
        limit = f"{SIZE_LIMIT >> 20} MiB"
        raise nowhere.error(0, "input-too-large", f"the patch is larger than {limit}")
    if not data.strip():
        raise nowhere.error(0, "input-empty", "the patch is empty")
    raw_lines = data.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n").split(b"\n")
    text = text_of(path, ((line + b"\n", number) for number, line in enumerate(raw_lines, 1)))
    found: list[PatchMail] = []
    refused: list[PatchError] = []
    for message in _messages(text):
        try:
            found += _read(message, 0)
        except PatchError as error:
            if error.problem.rule not in ("no-diff", "quoted-reply", "input-html"):
                raise
            refused.append(error)
    if not found:
        raise refused[0]
    return found


def _messages(text: SourceText) -> Iterator[SourceText]:
    """The mails of an mbox, without their `From ` lines; any other text as it is."""
    lines = text.lines
    starts = [
        index
        for index, line in enumerate(lines)
        if line.startswith("From ") and _MBOX.match(line) and (index == 0 or not lines[index - 1].strip())
    ]
    if not starts or any(line.strip() for line in lines[: starts[0]]):
        yield text
        return
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield text.part(start + 1, end)


def _is_mail(lines: Iterable[str]) -> bool:
    """Whether the text starts with a mail's header."""
    names: set[str] = set()
    for line in lines:
        field = _FIELD.match(line)
        if field:
            names.add(field[1].lower())
        elif not line.strip() and names:
            break
        elif not (line.startswith((" ", "\t")) and names):
            return False
    return bool(names & _MAIL_FIELDS)


def _read(text: SourceText, depth: int) -> Iterator[PatchMail]:
    """The patches of one message, or of a text that is none."""
    start = next((index for index, line in enumerate(text.lines) if line.strip()), 0)
    text = text.part(start)
    if not _is_mail(text.lines):
        yield _patch(text, {})
        return
    # One character a byte, so that the parser's parts can be found again in the input.
    raw = "\n".join(text.lines).encode("utf-8", "surrogateescape").decode("latin-1")
    mail = Parser().parsestr(raw)
    headers = {name.lower(): _header(value) for name, value in reversed(mail.items())}
    inline: list[SourceText] = []
    html = False
    for part, body in _leaves(mail, raw, text):
        attached = _PATCH_NAME.fullmatch(part.get_filename() or "")
        if part.get_content_subtype() == "html":
            html = True
        elif part.get_content_maintype() == "text" or attached:
            plain = decoded(part, body)
            if depth < NESTING_LIMIT and part is not mail and _is_patch_mail(plain):
                for message in _messages(plain):
                    yield from _read(message, depth + 1)
                return
            inline.append(plain)
    if html and not inline:
        raise text.error(0, "input-html", "the mail is in HTML only", "get the plain text of the mail")
    lines = [line for part in inline for line in part.lines]
    numbers = [number for part in inline for number in part.numbers]
    yield _patch(SourceText(text.path, lines, numbers), headers)


def _is_patch_mail(text: SourceText) -> bool:
    first = text.lines[0] if text.lines else ""
    return bool(_MBOX.match(first)) or _is_mail(text.lines)


def _leaves(mail: Message, raw: str, text: SourceText) -> Iterator[tuple[Message, SourceText]]:
    """The parts that hold no other parts, each with its still encoded text."""
    position = line = 0
    for part in mail.walk():
        payload = part.get_payload()
        if isinstance(payload, str) and payload:
            # Below its header's blank line; a malformed part may have none.
            found = raw.find("\n\n" + payload, position)
            found = found + 2 if found >= 0 else raw.index(payload, position)
            line += raw.count("\n", position, found)
            yield part, text.part(line, line + payload.count("\n") + 1)
            position = found


def _header(value: object) -> str:
    """A header's value as people read it, on one line."""
    raw = str(value)
    with suppress(UnicodeError):  # else 8-bit text in another charset
        raw = raw.encode("latin-1").decode("utf-8")
    # A malformed header, or one in an unknown charset, is shown as it stands.
    with suppress(HeaderParseError, LookupError, ValueError):
        raw = str(make_header(decode_header(raw)))
    return " ".join(raw.split())


def _patch(text: SourceText, headers: dict[str, str]) -> PatchMail:
    """Split a message's text into commit message and diff."""
    refuse_binary(text)
    lines = text.lines
    if lines and _HTML.match("\n".join(lines[:5])):
        raise text.error(0, "input-html", "this is HTML", "save the mail as text or as an mbox")
    start = next((i for i in range(len(lines)) if _starts_diff(lines, i)), None)
    if start is None:
        for index, line in enumerate(lines):
            if _QUOTED.match(line):
                raise text.error(
                    index,
                    "quoted-reply",
                    "the patch is quoted in a reply",
                    "replies leave lines out: take the mail that is replied to",
                )
        raise text.error(0, "no-diff", "there is no diff in this text")
    top = next((i for i, line in enumerate(lines[:start]) if line.rstrip() == "---"), start)
    message = [line.rstrip() for line in lines[:top]]
    if not headers:
        message, headers = _archive_header(message)
    message, inner = _fields(message)
    headers = {**headers, **inner}
    body, trailers = _trailers("\n".join(message).strip("\n").split("\n"))
    stat = next((found for line in lines[top:start] if (found := _STAT.match(line))), None)
    return PatchMail(
        headers.get("subject", ""),
        headers.get("message-id", "").strip("<>"),
        headers.get("from", ""),
        headers.get("date", ""),
        body,
        trailers,
        int(stat[1]) if stat else 0,
        text.part(start),
    )


def _starts_diff(lines: Sequence[str], index: int) -> bool:
    if lines[index].startswith("--- "):
        return index + 1 < len(lines) and lines[index + 1].startswith("+++ ")
    return lines[index].startswith(_DIFF)


def _archive_header(message: list[str]) -> tuple[list[str], dict[str, str]]:
    """Without a mail's header: a title line above `From:` and `Date:` lines is the subject."""
    texts = [index for index, line in enumerate(message) if line]
    if len(texts) > 1 and not _TOP_FIELD.match(message[0]) and _TOP_FIELD.match(message[texts[1]]):
        return message[1:], {"subject": message[texts[0]]}
    return message, {}


def _fields(message: list[str]) -> tuple[list[str], dict[str, str]]:
    """Header lines at the top of a message's text, which take precedence over the mail's own."""
    fields: dict[str, str] = {}
    for index, line in enumerate(message):
        field = _TOP_FIELD.match(line)
        if field:
            fields[field[1].lower()] = field[2]
        elif line:
            return message[index:], fields
    return [], fields


def _trailers(message: list[str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The message without its last paragraph, if that consists of `Key: value` lines."""
    start = len(message)
    while start and message[start - 1]:
        start -= 1
    trailers = [_TRAILER.match(line) for line in message[start:]]
    if not all(trailers):
        return "\n".join(message), ()
    body = "\n".join(message[:start]).rstrip("\n")
    return body, tuple((found[1], found[2]) for found in trailers if found)
