# SPDX-License-Identifier: GPL-2.0-only
"""Mails as git reads them: who says what about which patch, and where that patch stands.

Before git there are adapters for what people save and git doesn't take: mails attached to mails,
and the pages of web archives. A bare diff is a mail that says nothing.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy, default
from pathlib import Path
from typing import Any, NamedTuple

from xenhostgen.extensions.kernel_tree.git import NO_SETTINGS, GitFailure, git, git_environment
from xenhostgen.extensions.patches.collapsed import Ambiguous, has_blanks, with_markers
from xenhostgen.sandbox.files import UnreadableFile, read_given
from xenhostgen.sandbox.process import Job, run
from xenhostgen.sandbox.scratch import scratch_folder
from xenhostgen.spec.source import EXCERPT, At, Problem, Refused, printable, refusal

SIZE_LIMIT = 64 << 20  # bytes
NESTING_LIMIT = 4  # mails within mails
_KINDS = {"text/html": "HTML", "multipart/encrypted": "encrypted"}
_MAILS_MAX = 1000  # in a file; git takes 6 ms for each
_FIELD_MAX = 1000  # characters of a field; the standard library takes minutes for 60,000
_LINES_MAX = 1_000_000  # in a file, for each of which there are objects
_POSITION = re.compile(r"\[(?:[^][]{0,60}?\W)??0*(\d{1,6})/0*(\d{1,6})\b[^][]{0,60}\]")
# What the standard library's parser raises for mails that aren't right.
_MALFORMED = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
_POLICY = EmailPolicy(
    header_factory=lambda name, value: default.header_factory(name, value[:_FIELD_MAX])
)
_COVER, _REPLY = "a cover letter", "a reply or a forwarded mail"
# What a packed file begins with, if it isn't told by a null character.
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")
_HTML = re.compile(rb"\s*<(?:!doctype html|html|\?xml)", re.IGNORECASE)
_QUOTED = re.compile(rb"^(?:> ?)+(?:diff --git |@@ -\d)", re.MULTILINE)
_MAIL = re.compile(rb"From \S+ .*\n|(?:From|Subject|Date|Message-ID): ", re.IGNORECASE)
_ARCHIVED = re.compile(rb"\A\s*+(?!From |[\w-]+:)([^\n]++)\n\s*+(?=(?:From|Date): )")


class Message(NamedTuple):
    """A mail: author and date as git gives them, subject without brackets, body, and patch.

    ``title`` is the whole subject; ``number`` and ``total`` are those in its brackets, 0 without
    any. ``kind`` says what holds no patch that git could read. ``line`` is where the patch begins
    in the file ``source``, 0 if the mail encodes it, and ``start`` where the mail does.
    ``collapsed``: white space was lost, None if only the lines' words can tell.
    """

    author: str
    date: str
    subject: str
    body: str
    patch: bytes
    title: str = ""
    number: int = 0
    total: int = 0
    kind: str = ""
    source: str = ""
    message_id: str = ""
    start: int = 1
    line: int = 0
    collapsed: bool | None = False

    def row(self, line: int) -> int:
        """Where a line of the patch stands in the file, or where the mail begins."""
        return self.line + line - 1 if self.line else self.start

    def problem(self, rule: str, message: str, hint: str = "", line: int = 0) -> Refused:
        """An error at a line of the patch, or about the whole mail."""
        if line and not self.line:
            message += f" (line {line} of the patch in this mail)"
        at = At(self.row(line) if line else self.start, 1)
        lines = self.patch.split(b"\n")[line - 1 : line] if line else []
        excerpt = printable(b"".join(lines)[:EXCERPT].decode(errors="replace"), "?")
        return Refused([Problem(rule, printable(message, "?"), self.source, at, hint, excerpt)])


def bare(patch: bytes, path: str) -> Message:
    """A patch that is no mail, from a file."""
    return Message("", "", "", "", patch, source=path, line=1)


class Left(NamedTuple):
    """A mail that is no patch of the series, and why."""

    subject: str
    reason: str

    @property
    def shown(self) -> str:
        """What `import` says of it."""
        return f"  left out, {self.reason}: {self.subject}"


def read_messages(paths: Iterable[Path], left: list[Left] | None = None) -> list[Message]:
    """The mails that hold patches, in their series' order; ``left`` gets those left out.

    Raises ``Refused`` for a file without any, and for series with patches missing.
    """
    messages: dict[tuple[str, bytes], Message] = {}
    left_out = [] if left is None else left
    refused: list[Refused] = []
    for path in paths:
        known = len(messages)
        for message in _split(path):
            if reason := _reason(message):
                left_out.append(Left(message.title, reason))
                hint = "save the mail that holds the patch as text, or get it by 'b4 am'"
                refused.append(message.problem("no-patch", f"no patch in it: {reason}", hint))
                known -= reason in (_COVER, _REPLY)  # of a series, in files of their own
            elif (key := (message.subject, message.patch.strip())) in messages:
                left_out.append(Left(message.title, "there already"))
                known -= 1
            else:
                messages[key] = message
        if len(messages) == known:
            raise refused[-1]
    if refused and not messages:
        raise refused[0]
    ordered = list(messages.values())
    if ordered and all(message.number for message in ordered):
        ordered.sort(key=lambda message: message.number)
        _check_order(ordered)
    return ordered


def _reason(message: Message) -> str:
    """Why a mail is no patch of a series; empty if it is one."""
    if _POSITION.search(message.title) and not message.number:
        return _COVER
    if re.match(r"(?i)(re|aw|fwd?)\s*:", message.title):
        return _REPLY
    return "" if message.patch.strip() else message.kind or "it holds no diff"


def _check_order(messages: list[Message]) -> None:
    """Refuse a series that lacks a patch, or has two of one number."""
    for number, message in enumerate(messages, messages[0].number):
        if message.number != number:
            twice = message.number < number
            what = "is there twice" if twice else "is missing"
            text = f"patch {message.number if twice else number} of {message.total} {what}"
            raise message.problem(
                "patch-order", text, "give each patch of one version of the series"
            )


def _split(path: Path) -> Iterator[Message]:
    """What git makes of each mail in a file; at least one."""
    data = _mails(path)
    mails = len(re.findall(rb"^From \S+ .*\d\d:\d\d", data, re.MULTILINE))
    for count, most, what in (
        (mails, _MAILS_MAX, "mails"),
        (data.count(b"\n"), _LINES_MAX, "lines"),
    ):
        if count > most:
            message, hint = f"holds more than {most} {what}", "give those of the series alone"
            raise refusal("input-too-large", message, path, hint)
    with scratch_folder() as folder:
        (folder / "mails").mkdir()
        (folder / "input").write_bytes(data)
        try:
            git(folder, "mailsplit", "-b", "--keep-cr", "-omails", "input", variables=NO_SETTINGS)
        except GitFailure as failure:
            message = f"git can't read it: {failure.output}"
            raise refusal("input-unreadable", message, path) from None
        start = 0
        for file in sorted((folder / "mails").iterdir(), key=lambda file: int(file.name)):
            content = file.read_bytes()
            start = max(data.find(content, start), start)
            line = data.count(b"\n", 0, start) + 1
            for mail in _plain(content):
                yield _placed(read_mail(mail, folder), str(path), line, content)
            start += len(content)


def content_of(path: Path, limit: int) -> bytes:
    """What a file holds that the user names. Raises ``Refused``."""
    reason = "no such file"
    try:
        if (data := read_given(path, limit)) is not None:
            return data
    except UnreadableFile as error:
        reason = str(error)
    raise refusal("input-unreadable", reason, path)


def _mails(path: Path) -> bytes:
    """A file of mails. Raises ``Refused`` for what can't hold any."""
    data = content_of(path, SIZE_LIMIT)
    if b"\0" in data or data.startswith(_PACKED):
        hint = "unpack it, or save it as UTF-8"
        raise refusal("no-patch", "no patch in it: a binary file", path, hint)
    if not data.strip():
        raise refusal("no-patch", "no patch in it: it is empty", path)
    return _with_plain_ends(data.removeprefix(b"\xef\xbb\xbf"))


def _with_plain_ends(text: bytes) -> bytes:
    """A text without the carriage returns of its transport, which stand in every line."""
    transported = text.count(b"\n") == text.count(b"\r\n")
    return text.replace(b"\r\n", b"\n") if transported else text


def _plain(mail: bytes, depth: int = 0) -> Iterator[bytes]:
    """The mails attached to a mail, or itself."""
    attached: list[bytes] = []
    if depth < NESTING_LIMIT:
        with suppress(*_MALFORMED):
            attached = list(_attached(BytesParser(policy=_POLICY).parsebytes(mail)))
    for inner in attached:
        yield from _plain(inner, depth + 1)
    if not attached:
        # A web archive's page has the subject as a title above From: and Date: lines.
        yield _ARCHIVED.sub(rb"Subject: \1\n", mail)


def _attached(mail: EmailMessage) -> Iterator[bytes]:
    """The mails attached to a mail; else the mail itself without what it says once more in HTML."""
    is_twofold = False
    for part in mail.walk():
        if part.get_content_type() == "multipart/alternative":
            parts: list[Any] = list(part.iter_parts())
            plain: list[Any] = [inner for inner in parts if inner.get_content_type() != "text/html"]
            is_twofold |= 0 < len(plain) < len(parts)
            part.set_payload(plain or parts)
    for part in mail.walk():
        if part.get_content_type() == "message/rfc822":
            is_twofold = False
            inner = part.get_payload(0)
            assert isinstance(inner, EmailMessage)
            yield inner.as_bytes()
        elif part.is_attachment():
            data = part.get_payload(decode=True)
            if isinstance(data, bytes) and _MAIL.match(data):
                is_twofold = False
                yield data
    if is_twofold:
        yield mail.as_bytes()


def read_mail(mail: bytes, folder: Path) -> Message:
    """What git makes of one mail, in a scratch folder."""
    command = ["git", "mailinfo", "message", "patch"]
    job = Job(command, folder, environment=git_environment(NO_SETTINGS), input=mail)
    done = run(job)
    if done.status:  # a charset that git doesn't know
        done = run(job._replace(command=[*command[:2], "-n", *command[2:]]))
    fields = dict(line.partition(": ")[::2] for line in done.text.split("\n"))
    title, message_id, kind = _header(mail)
    position = _POSITION.search(title)
    number, total = map(int, position.groups()) if position else (0, 0)
    if _QUOTED.search(mail):
        kind = "a reply that quotes one"
    elif _HTML.match(mail):
        kind = "HTML"
    return Message(
        f"{fields.get('Author', '')} <{fields.get('Email', '')}>",
        fields.get("Date", ""),
        fields.get("Subject", ""),
        (folder / "message").read_text("utf-8", errors="replace"),
        (folder / "patch").read_bytes(),
        title,
        number,
        total,
        kind,
        message_id=message_id,
    )


def _header(mail: bytes) -> tuple[str, str, str]:
    """A mail's subject, its id, and what of it holds no patch."""
    try:
        header = BytesParser(policy=_POLICY).parsebytes(mail, headersonly=True)
        title = " ".join(str(header["Subject"] or "").split())
        message_id = str(header["Message-ID"] or "").strip("<> \n")
        return title, message_id, _KINDS.get(header.get_content_type(), "")
    except _MALFORMED:
        return "", "", ""


def _placed(message: Message, source: str, start: int, mail: bytes) -> Message:
    """The message with its places in a file, and the markers of its patch's context."""
    at = mail.rfind(message.patch.rstrip(b"\n")) if message.patch.strip() else -1
    line = start + mail.count(b"\n", 0, at) if at >= 0 else 0
    patch = _with_plain_ends(message.patch)
    message = message._replace(source=source, start=start, line=line, patch=patch)
    if patch.count(b"\n") > _LINES_MAX:  # in base64 it has fewer
        raise message.problem("input-too-large", f"holds more than {_LINES_MAX} lines")
    if has_blanks(patch, rb"\t"):
        return message
    try:
        restored = patch if has_blanks(patch, rb"  |^ ") else with_markers(patch)
    except Ambiguous as error:
        text = "white space was lost, and the hunk's counts don't tell its lines of context"
        raise message.problem(
            "bad-diff", text, "get the original mail by 'b4 am'", error.line
        ) from None
    return message._replace(patch=restored, collapsed=None if restored == patch else True)
