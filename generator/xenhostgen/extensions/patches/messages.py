# SPDX-License-Identifier: GPL-2.0-only
"""Mails as git reads them: who says what about which patch."""

import re
from collections.abc import Iterable, Iterator
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import NamedTuple

from xenhostgen.extensions.kernel_tree.git import NO_SETTINGS, GitFailure, git
from xenhostgen.sandbox.files import UnreadableFile, read_given
from xenhostgen.sandbox.process import Job, run, user_environment
from xenhostgen.sandbox.scratch import scratch_folder
from xenhostgen.spec.source import Problem, Refused

SIZE_LIMIT = 64 << 20  # bytes
_POSITION = re.compile(r"\[[^\]]*?\b0*(\d+)/0*(\d+)[^\]]*\]")


class Message(NamedTuple):
    """A mail: author and date as git gives them, subject without brackets, body, and patch.

    ``number`` and ``total`` are those of the subject's brackets, 0 without any.
    """

    author: str
    date: str
    subject: str
    body: str
    patch: bytes
    number: int = 0
    total: int = 0
    source: str = ""


def read_messages(paths: Iterable[Path]) -> list[Message]:
    """The mails that hold patches, in their series' order.

    Raises ``Refused`` for a file without any, and for series with patches missing or there twice.
    """
    messages = []
    for path in paths:
        found = [message for message in _split(path) if message.patch.strip()]
        if not found:
            hint = "give mails, as 'git format-patch' writes them"
            raise Refused([Problem("no-patch", "git finds no patch in it", str(path), hint=hint)])
        messages += found
    if all(message.number for message in messages):
        messages.sort(key=lambda message: message.number)
        _check_order(messages)
    return messages


def _check_order(messages: list[Message]) -> None:
    numbers = [message.number for message in messages]
    wanted = range(numbers[0], numbers[0] + len(numbers))
    for number, message in zip(wanted, messages, strict=True):
        if message.number != number:
            what = "is there twice" if message.number < number else "is missing before this one"
            row = min(number, message.number) if message.number < number else number
            text = f"patch {row} of {message.total} {what}"
            hint = "give each patch of the series once"
            raise Refused([Problem("patch-order", text, message.source, hint=hint)])


def _split(path: Path) -> Iterator[Message]:
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
        for mail in sorted((folder / "mails").iterdir()):
            yield _read(mail.read_bytes(), folder, str(path))


def _read(mail: bytes, folder: Path, source: str) -> Message:
    command = ["git", "mailinfo", "message", "patch"]
    job = Job(command, folder, environment=user_environment(**NO_SETTINGS), input=mail)
    fields = dict(line.partition(": ")[::2] for line in run(job).text.splitlines())
    title = str(make_header(decode_header(str(BytesHeaderParser().parsebytes(mail)["Subject"]))))
    position = _POSITION.search(title)
    number, total = map(int, position.groups()) if position else (0, 0)
    return Message(
        f"{fields.get('Author', '')} <{fields.get('Email', '')}>",
        fields.get("Date", ""),
        fields.get("Subject", ""),
        (folder / "message").read_text("utf-8", errors="replace"),
        (folder / "patch").read_bytes(),
        number,
        total,
        source,
    )
