# SPDX-License-Identifier: GPL-2.0-only
"""Mails as git reads them: who says what about which patch."""

import re
from collections.abc import Iterable, Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import NamedTuple

from xenhostgen.extensions.kernel_tree.git import NO_SETTINGS, GitFailure, git
from xenhostgen.extensions.patches.encoding import unflowed
from xenhostgen.sandbox.files import UnreadableFile, read_given
from xenhostgen.sandbox.process import Job, run, user_environment
from xenhostgen.sandbox.scratch import scratch_folder
from xenhostgen.spec.source import Problem, Refused

SIZE_LIMIT = 64 << 20  # bytes
_KINDS = {"text/html": "HTML", "multipart/encrypted": "encrypted"}
_POSITION = re.compile(r"\[[^\]]*?\b0*(\d+)/0*(\d+)[^\]]*\]")


class Message(NamedTuple):
    """A mail: author and date as git gives them, subject without brackets, body, and patch.

    ``title`` is the whole subject; ``number`` and ``total`` are those in its brackets, 0 without
    any. ``kind`` says what holds no patch that git could read.
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


class Left(NamedTuple):
    """A mail that is no patch of the series, and why."""

    subject: str
    reason: str


def read_messages(paths: Iterable[Path], left: list[Left] | None = None) -> list[Message]:
    """The mails that hold patches, in their series' order; ``left`` gets those left out.

    Raises ``Refused`` for a file without any, and for series with patches missing.
    """
    messages: dict[tuple[str, bytes], Message] = {}
    left_out = [] if left is None else left
    for path in paths:
        known = len(messages)
        first = len(left_out)
        for message in _split(path):
            if reason := _reason(message):
                left_out.append(Left(message.title, reason))
            elif (key := (message.subject, message.patch.strip())) in messages:
                left_out.append(Left(message.title, "there already"))
                known -= 1
            else:
                messages[key] = message
        if len(messages) == known:
            reasons = ", ".join(sorted({each.reason for each in left_out[first:]}))
            problem = Problem("no-patch", f"no patch in it: {reasons or 'no mail'}", str(path))
            hint = "give mails, as 'git format-patch' writes them, and a bare diff to -o NAME.yaml"
            raise Refused([problem._replace(hint=hint)])
    ordered = list(messages.values())
    if all(message.number for message in ordered):
        ordered.sort(key=lambda message: message.number)
        _check_order(ordered)
    return ordered


def _reason(message: Message) -> str:
    """Why a mail is no patch of a series; empty if it is one."""
    if _POSITION.search(message.title) and not message.number:
        return "a cover letter"
    if re.match(r"(?i)(re|aw|fwd?)\s*:", message.title):
        return "a reply"
    return "" if message.patch.strip() else message.kind or "without a patch"


def _check_order(messages: list[Message]) -> None:
    """Refuse a series that lacks a patch, or has two of one number."""
    for number, message in enumerate(messages, messages[0].number):
        if message.number != number:
            twice = message.number < number
            what = "is there twice" if twice else "is missing"
            text = f"patch {message.number if twice else number} of {message.total} {what}"
            hint = "give each patch of one version of the series"
            raise Refused([Problem("patch-order", text, message.source, hint=hint)])


def _split(path: Path) -> Iterator[Message]:
    """What git makes of each mail in a file."""
    try:
        data = read_given(path, SIZE_LIMIT)
    except UnreadableFile as error:
        raise Refused([Problem("input-unreadable", str(error), str(path))]) from None
    if data is None:
        raise Refused([Problem("input-unreadable", "no such file", str(path))])
    with scratch_folder() as folder:
        (folder / "mails").mkdir()
        (folder / "input").write_bytes(data)
        try:
            git(folder, "mailsplit", "-b", "--keep-cr", "-omails", "input", given=NO_SETTINGS)
        except GitFailure as failure:
            message = f"git can't read it: {failure.said}"
            raise Refused([Problem("input-unreadable", message, str(path))]) from None
        for file in sorted((folder / "mails").iterdir()):
            for mail in _plain(file.read_bytes()):
                yield _read(mail, folder, str(path))


def _plain(mail: bytes) -> Iterator[bytes]:
    """The mails attached to a mail, or itself as git takes it: without format=flowed."""
    parsed = BytesParser(policy=default).parsebytes(mail)
    attached = [part for part in parsed.walk() if part.get_content_type() == "message/rfc822"]
    if attached:
        for part in attached:
            inner = part.get_payload(0)
            assert isinstance(inner, EmailMessage)
            yield from _plain(inner.as_bytes())
        return
    flowed = parsed.get_param("format", "") == "flowed" and not parsed.is_multipart()
    if flowed:
        lines = parsed.get_content().split("\n")
        delete = parsed.get_param("delsp", "") == "yes"
        text = "".join(unflowed(line, delete) for line in lines).removesuffix("\n")
        parsed.set_content(text, cte="8bit")
        mail = parsed.as_bytes()
    yield mail


def _read(mail: bytes, folder: Path, source: str) -> Message:
    command = ["git", "mailinfo", "message", "patch"]
    job = Job(command, folder, environment=user_environment(**NO_SETTINGS), input=mail)
    fields = dict(line.partition(": ")[::2] for line in run(job).text.splitlines())
    header = BytesParser(policy=default).parsebytes(mail, headersonly=True)
    title = " ".join(str(header["Subject"] or "").split())
    position = _POSITION.search(title)
    number, total = map(int, position.groups()) if position else (0, 0)
    return Message(
        f"{fields.get('Author', '')} <{fields.get('Email', '')}>",
        fields.get("Date", ""),
        fields.get("Subject", ""),
        (folder / "message").read_text("utf-8", errors="replace"),
        (folder / "patch").read_bytes(),
        title,
        number,
        total,
        _KINDS.get(header.get_content_type(), ""),
        source,
    )
