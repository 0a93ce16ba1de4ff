# SPDX-License-Identifier: GPL-2.0-only
"""A series as a history: for each patch the spec as it is then, its carry patch, and its message.

``NN.yaml`` and ``NN.carry.patch`` are a spec like any other, which goes into the tree as it was
before the series. Before the patch that brings the interface in, there is only what is carried.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from xenhostgen.extensions.kernel_tree.carry import SUFFIX, patch_count
from xenhostgen.extensions.kernel_tree.git import NO_SETTINGS, create_repository
from xenhostgen.extensions.kernel_tree.patching import (
    SIZE_LIMIT,
    Contents,
    Reader,
    content,
    difference,
    patched,
)
from xenhostgen.extensions.kernel_tree.placing import placed_in
from xenhostgen.extensions.patches.carrying import carry_of
from xenhostgen.extensions.patches.lift import Lifted, Target, lifted_from
from xenhostgen.extensions.patches.lift_input import Input, PatchedTree
from xenhostgen.extensions.patches.messages import Message, read_messages
from xenhostgen.extensions.patches.recreation import Proof, Proving
from xenhostgen.extensions.patches.series import commit, formatted, identity
from xenhostgen.sandbox.scratch import scratch_folder
from xenhostgen.spec.load import load
from xenhostgen.spec.source import Refused, refusal


class State(NamedTuple):
    """What a patch of the series comes to; ``lifted`` is None before there is an interface."""

    message: Message
    lifted: Lifted | None
    carry: bytes


def states(messages: Sequence[Message], tree: Reader, root: str, schema: str) -> Iterator[State]:
    """The series' states, each lifted from the tree as it is then. Raises ``Refused``."""
    patched_tree = PatchedTree(tree, root)
    for number, message in enumerate(messages, 1):
        patched_tree.take(message)
        imported = patched_tree.imported()
        lifted = None
        try:
            lifted = lifted_from(imported, Target(f"{number:02}.yaml", schema, message.source))
        except Refused as refused:
            if {problem.rule for problem in refused.problems} != {"no-interface"}:
                raise
        yield State(message, lifted, lifted.carry if lifted else _change(imported))


def _change(imported: Input) -> bytes:
    """What changes the tree, where no spec says any of it."""
    assert imported.base
    return difference({path: imported.base(path) for path in imported.after}, imported.after)


def refreshed(
    folder: Path, messages: Sequence[Message], tree: Reader, root: str
) -> Iterator[tuple[str, bytes]]:
    """The carry patches of a history by their names, each from its spec as it is now.

    Raises ``Refused``.
    """
    _check_count(folder, messages)
    patched_tree = PatchedTree(tree, root)
    for number, message in enumerate(messages, 1):
        patched_tree.take(message)
        imported = patched_tree.imported()
        path = folder / f"{number:02}.yaml"
        carry = carry_of(imported, load(path))[0] if path.is_file() else _change(imported)
        yield f"{number:02}{SUFFIX}", carry


def files(history: Sequence[State]) -> dict[str, bytes]:
    """The history as files of a folder."""
    written: dict[str, bytes] = {}
    for number, state in enumerate(history, 1):
        message = state.message
        head = f"From: {message.author}\nDate: {message.date}\nSubject: {message.subject}\n"
        written[f"{number:02}.message"] = f"{head}\n{message.body}".encode()
        if state.lifted:
            written[f"{number:02}.yaml"] = state.lifted.text.encode()
        if state.carry:
            written[f"{number:02}{SUFFIX}"] = state.carry
    return written


def is_part(name: str) -> bool:
    """Whether a file of this name belongs to a history."""
    return bool(re.fullmatch(rf"\d\d+(?:\.message|\.yaml|{re.escape(SUFFIX)})", name))


def mails(folder: Path, tree: Reader, root: str, prefix: str) -> dict[str, bytes]:
    """The series that a history was imported from, by the mails' file names.

    Each is by its author, of its date, and says what it said. Raises ``Refused`` where git would
    take one otherwise.
    """
    messages = [_message(folder, number) for number in range(1, patch_count(folder) + 1)]
    wanted = [_contents(folder, number, tree, root) for number in range(1, len(messages) + 1)]
    paths = dict.fromkeys(path for contents in wanted for path in contents)
    with scratch_folder() as work:
        create_repository(work, NO_SETTINGS)
        before: Contents = {path: tree(path) for path in paths}
        _commit(work, before, Message("base <base@localhost>", "@0 +0000", "base", "", b""))
        for message, contents in zip(messages, wanted, strict=True):
            _commit(work, {**before, **contents}, message)
        since = f"HEAD~{len(messages)}"
        written = formatted(work, NO_SETTINGS, f"--subject-prefix={prefix}", since)
        _check(work / ".git/mails", messages, folder)
    return written


def prove_states(
    folder: Path, messages: Sequence[Message], tree: Reader, root: str
) -> Iterator[list[Proof]]:
    """The proofs of each state of a history, held against a series. Raises ``Refused``."""
    _check_count(folder, messages)
    proving = Proving(tree, root)
    for number, message in enumerate(messages, 1):
        proving.take(message)
        yield proving.proofs(_contents(folder, number, tree, root))


def _check_count(folder: Path, messages: Sequence[Message]) -> None:
    if len(messages) != patch_count(folder):
        hint = "give the patches that it was imported from"
        text = f"isn't a history of {len(messages)} patches"
        raise refusal("history", text, folder, hint)


def _message(folder: Path, number: int) -> Message:
    name = f"{number:02}.message"
    text = (content(folder, name, SIZE_LIMIT) or b"").decode(errors="replace")
    head, _, body = text.partition("\n\n")
    fields = dict(line.partition(": ")[::2] for line in head.split("\n"))
    if not {"From", "Date", "Subject"} <= fields.keys() or "\0" in text:
        hint = "it begins with lines From:, Date: and Subject:, and then a blank one"
        raise refusal("bad-message", "is no message of a patch", folder / name, hint)
    return Message(fields["From"], fields["Date"], fields["Subject"], body, b"")


def _contents(folder: Path, number: int, tree: Reader, root: str) -> Contents:
    """The files that differ from the tree after a patch of the history."""
    path = folder / f"{number:02}.yaml"
    if path.is_file():
        return placed_in(load(path), tree, root).after
    name = f"{number:02}{SUFFIX}"
    return patched(content(folder, name, SIZE_LIMIT) or b"", tree, name=str(folder / name))


def _commit(work: Path, contents: Contents, message: Message) -> None:
    text = f"{message.subject}\n\n{message.body}"
    author = identity(message.author, message.date)
    commit(work, contents, text, author, "--cleanup=verbatim")


def _check(written: Path, wanted: Sequence[Message], folder: Path) -> None:
    """Refuse messages that git gives back otherwise."""
    for number, (mail, other) in enumerate(zip(sorted(written.iterdir()), wanted, strict=True), 1):
        readings = []
        with suppress(Refused):
            readings = [
                (message.author, message.subject, message.body.strip())
                for message in read_messages([mail])
            ]
        if readings != [(other.author, other.subject, other.body.strip())]:
            hint = "change what looks like a mail's header, a diff or '---'"
            path = str(folder / f"{number:02}.message")
            raise refusal("message-lost", "git am would change it", path, hint)
