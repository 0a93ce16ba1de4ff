# SPDX-License-Identifier: GPL-2.0-only
"""A patch file as people have it → the patches in it, each with its subject and its diff's text.

Takes an mbox, one mail, `git format-patch`'s output, a bare diff, and a mail as a web archive
shows it, below a header of the archive's own. Every line of a diff keeps its place in the input.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import Parser
from itertools import pairwise, takewhile
from pathlib import Path

from xenhostgen.extensions.patches.body import at_plain_names
from xenhostgen.extensions.patches.encoding import decoded, text_of
from xenhostgen.extensions.patches.errors import PatchError, SourceText
from xenhostgen.sandbox.files import UnreadableFile, read_given
from xenhostgen.spec.source import Problem

SIZE_LIMIT = 64 << 20  # bytes; the largest kernel patches are below 20 MiB
NESTING_LIMIT = 4  # mails within mails

# As strict as git's own: a message may have lines that start with "From ".
_MBOX = re.compile(r"From \S+ .*\d\d:\d\d.*\d{4}")
_MAIL_FIELDS = {"from", "subject", "date", "message-id", "mime-version", "content-type", "received"}
_TOP_FIELD = re.compile(r"(From|Subject|Date|Message-ID|To|Cc): *(.*)", re.IGNORECASE)
_DIFF = ("diff --git ", "diff --cc ", "diff --combined ", "@@ -")
_QUOTED = re.compile(r"(?:> ?)+(?:diff --git |@@ -\d)")
_STAT = re.compile(r" *(\d{1,9}) files? changed, ")
_HTML = re.compile(r"\s*<(?:!doctype html|html|\?xml)", re.IGNORECASE)
# What a packed file begins with.
_PACKED = {
    "gzip": b"\x1f\x8b",
    "xz": b"\xfd7zXZ\0",
    "bzip2": b"BZh",
    "zstd": b"\x28\xb5\x2f\xfd",
    "zip": b"PK\x03\x04",
}
_PATCH_NAME = re.compile(r".*\.(?:patch|diff|mbox|eml)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PatchMail:
    """One patch. Subject and message id are empty where the input doesn't tell them.

    `announced_files` is the number of files in the diffstat, 0 without one. `diff` ends with the
    input, so with a mail's signature.
    """

    subject: str
    message_id: str
    announced_files: int
    diff: SourceText


def read_patches(path: Path) -> list[PatchMail]:
    """The patches in a file, in its order. Raises PatchError, also when there are none."""
    if path.is_dir():
        raise PatchError(
            Problem(
                "input-directory", "this is a directory", str(path), hint="name the patch itself"
            )
        )
    try:
        data = read_given(path, SIZE_LIMIT)
    except UnreadableFile as error:
        rule = "input-too-large" if "larger than" in str(error) else "input-unreadable"
        raise PatchError(Problem(rule, f"the patch {error}", str(path))) from None
    if data is None:
        reason = "can't read the patch: No such file or directory"
        raise PatchError(Problem("input-unreadable", reason, str(path)))
    return patches_in(data, str(path))


def patches_in(data: bytes, path: str) -> list[PatchMail]:
    """The patches in the bytes of a file; `path` is for messages only. Raises PatchError.

    Mails without a patch (a cover letter, replies) are passed over if another mail has one.
    """
    if len(data) > SIZE_LIMIT:
        raise PatchError(
            Problem("input-too-large", f"the patch is larger than {SIZE_LIMIT >> 20} MiB", path)
        )
    if not data.strip():
        raise PatchError(Problem("input-empty", "the patch is empty", path))
    if packer := next((name for name, magic in _PACKED.items() if data.startswith(magic)), ""):
        raise PatchError(
            Problem("input-binary", f"the patch is packed by {packer}", path, hint="unpack it")
        )
    raw_lines = data.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n").split(b"\n")
    text = text_of(path, ((line + b"\n", number) for number, line in enumerate(raw_lines, 1)))
    found: list[PatchMail] = []
    refused: list[PatchError] = []
    for message in _messages(text):
        try:
            found += _read(message)
        except PatchError as error:
            if error.problem.rule not in ("no-diff", "quoted-reply", "input-html"):
                raise
            refused.append(error)
        except RecursionError:  # within the standard library's parser
            hint = "save the patch itself to a file"
            problem = "its parts are nested too deeply"
            raise message.error(0, "mail-nested", problem, hint) from None
    if not found:
        raise refused[0]
    return found


def _messages(text: SourceText) -> Iterator[SourceText]:
    """The mails of an mbox, without their `From ` lines; any other text as it is."""
    lines = text.lines
    starts = [
        index
        for index, line in enumerate(lines)
        if line.startswith("From ")
        and _MBOX.match(line)
        and (index == 0 or not lines[index - 1].strip())
    ]
    if not starts or any(line.strip() for line in lines[: starts[0]]):
        yield text
        return
    for start, end in pairwise([*starts, len(lines)]):
        yield text.part(start + 1, end)


def _is_mail(text: SourceText) -> bool:
    header = Parser().parsestr(_bytewise(takewhile(str.strip, text.lines)), headersonly=True)
    return not header.get_payload() and any(
        name.lower() in _MAIL_FIELDS for name, _ in header.items()
    )


def _bytewise(lines: Iterable[str]) -> str:
    """The lines with one character a byte.

    The parser takes no other text, and its parts can be found again.
    """
    return "\n".join(lines).encode("utf-8", "surrogateescape").decode("latin-1")


def _read(text: SourceText, depth: int = 0) -> Iterator[PatchMail]:
    """The patches of one message, or of a text that is none."""
    text = text.part(next((index for index, line in enumerate(text.lines) if line.strip()), 0))
    if not _is_mail(text):
        yield _patch(text, None)
        return
    raw = _bytewise(text.lines)
    mail = Parser().parsestr(raw)
    inline: list[SourceText] = []
    html = False
    for part, body in _leaves(mail, raw, text):
        if part.get_content_subtype() == "html":
            html = True
        elif part.get_content_maintype() == "text" or _PATCH_NAME.fullmatch(
            part.get_filename() or ""
        ):
            plain = decoded(part, body)
            if (
                depth < NESTING_LIMIT
                and part is not mail
                and (_MBOX.match(plain.lines[0]) or _is_mail(plain))
            ):
                for message in _messages(plain):
                    yield from _read(message, depth + 1)
                return
            inline.append(plain)
    if html and not inline:
        raise text.error(
            0, "input-html", "the mail is in HTML only", "get the plain text of the mail"
        )
    lines = [line for part in inline for line in part.lines]
    numbers = [number for part in inline for number in part.numbers]
    yield _patch(SourceText(text.path, lines, numbers), mail)


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


def _patch(text: SourceText, mail: Message | None) -> PatchMail:
    """Cut the diff off a message's text, whose own lines tell more than the mail's header."""
    lines = text.lines
    for index, line in enumerate(lines):
        if "\0" in line:
            column = line.index("\0") + 1
            raise text.error(
                index, "input-binary", "this is no text", "unpack it, or save it as UTF-8", column
            )
    if _HTML.match("\n".join(lines[:5])):
        raise text.error(0, "input-html", "this is HTML", "save the mail as text or as an mbox")
    start = next(
        (i for i, line in enumerate(lines) if line.startswith(_DIFF) or at_plain_names(lines, i)),
        None,
    )
    if start is None:
        quoted = next((i for i, line in enumerate(lines) if _QUOTED.match(line)), None)
        if quoted is None:
            raise text.error(0, "no-diff", "there is no diff in this text")
        hint = "replies leave lines out: take the mail that is replied to"
        raise text.error(quoted, "quoted-reply", "the patch is quoted in a reply", hint)
    told = {name.lower(): _header(value) for name, value in reversed(mail.items())} if mail else {}
    top = [line for line in lines[:start] if line.strip()]
    # A web archive has a title line above From: and Date: lines.
    if not mail and len(top) > 1 and not _TOP_FIELD.match(top[0]) and _TOP_FIELD.match(top[1]):
        told["subject"] = top.pop(0).rstrip()
    for line in top:
        if not (field := _TOP_FIELD.match(line)):
            break
        told[field[1].lower()] = field[2].rstrip()
    stat = next((found for line in reversed(lines[:start]) if (found := _STAT.match(line))), None)
    message_id = told.get("message-id", "").strip("<>")
    return PatchMail(
        told.get("subject", ""), message_id, int(stat[1]) if stat else 0, text.part(start)
    )


def _header(value: object) -> str:
    """A header's value as people read it, on one line."""
    raw = str(value)
    with suppress(UnicodeError):  # else 8-bit text in another charset
        raw = raw.encode("latin-1").decode("utf-8")
    # A malformed header, or one in an unknown charset, is shown as it stands.
    with suppress(HeaderParseError, LookupError, ValueError):
        raw = str(make_header(decode_header(raw)))
    return " ".join(raw.split())
