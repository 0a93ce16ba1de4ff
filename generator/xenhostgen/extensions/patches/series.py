# SPDX-License-Identifier: GPL-2.0-only
"""Write an interface as the series that ``git format-patch`` would make, a commit a concern."""

import hashlib
import os
import re
import shutil
import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from xenhostgen.extensions.kernel_tree.git import NO_SETTINGS, GitFailure, create_repository, git
from xenhostgen.extensions.patches.messages import read_mail
from xenhostgen.sandbox.confinement import View, obstacle
from xenhostgen.sandbox.files import UnreadableFile, read_given
from xenhostgen.sandbox.process import Job, run
from xenhostgen.sandbox.scratch import scratch_folder
from xenhostgen.spec.model import Guest, Interface, Register
from xenhostgen.spec.source import Problem, Refused, refusal

Contents = Mapping[str, bytes | None]
# What changes from day to day in a mail: the commit's id, the date, and what has the time in it.
_DATED = re.compile(rb"\AFrom .*\n|^(?:Date|Message-Id|In-Reply-To|References): .*\n", re.MULTILINE)
_ID = re.compile(rb"<(\w+)\.\d+\.git\.")

_ADDRESSEES_MAX = 500


class Letter(NamedTuple):
    """How the series presents itself: its version, the words in brackets, and a log of changes.

    ``is_step``: it changes an interface that is there.
    """

    version: int = 1
    prefix: str = "PATCH"
    changes: tuple[str, ...] = ()
    is_step: bool = False


def concerns(spec: Interface, carried: Iterable[str] = ()) -> dict[str, list[str]]:
    """The files of each commit, in an order that builds at every step: lenders before borrowers.

    Files that are only ``carried`` come with the interface.
    """

    def depth(guest: Guest) -> int:
        return 1 + depth(spec.guest(guest.borrows)) if guest.borrows else 0

    guests = {str(guest.name): [str(guest.file)] for guest in sorted(spec.guests, key=depth)}
    interface: dict[str, None] = dict.fromkeys(
        [spec.header.file, spec.source.file, spec.object.file]
    )
    others = {spec.predicates.file, *(guest.file for guest in spec.guests)}
    interface |= dict.fromkeys(path for path in carried if path not in others)
    return {"interface": list(interface), "predicates": [spec.predicates.file], **guests}


def message(spec: Interface, part: str, is_step: bool = False) -> tuple[str, str]:
    """Subject and body of a mail: the spec's, else plain words; of a step always such."""
    area = f"{spec.series.area}: " if spec.series else ""
    if is_step:
        plain = {"cover": f"change {spec.interface}s", "predicates": "change predicates"}
        plain["interface"] = f"change the {spec.interface} interface"
        subject = plain.get(part, f"change how {part} guests register {spec.interface}s")
        return area + subject, _sentence(subject)
    for entry in spec.series.messages if spec.series else ():
        if entry.part == part:
            return area + entry.subject, entry.body.strip()
    plain = {"cover": f"{spec.interface}s", "interface": f"add the {spec.interface} interface"}
    plain["predicates"] = f"add predicates for {spec.interface}s"
    subject = plain.get(part, f"register the {spec.interface}s of {part} guests")
    if part not in ("cover", "interface"):
        return area + subject, _sentence(subject)
    words = spec.header.doc or _sentence(plain["interface"])
    return area + subject, textwrap.fill(" ".join(words.split()), 72)


def _sentence(subject: str) -> str:
    return f"{subject[0].upper()}{subject[1:]}."


def series(
    spec: Interface, before: Contents, after: Contents, tree: Path, letter: Letter
) -> dict[str, bytes]:
    """The mails by their file names.

    Raises ``Refused`` if git knows no name and address for Signed-off-by.
    """
    with scratch_folder() as folder:
        sender = _environment(tree)
        ask = partial(git, folder, variables=sender)
        create_repository(folder, sender)
        ask("config", "core.abbrev", "12")
        for text, contents in _steps(spec, before, after, letter.is_step):
            commit(folder, contents, text, sender, "-s")
        base = ask("rev-list", "--max-parents=0", "HEAD").strip()
        subject, body = message(spec, "cover", letter.is_step)
        log = [
            textwrap.fill(f"- {change}", 72, subsequent_indent="  ") for change in letter.changes
        ]
        title = f"Changes in v{letter.version}:" if letter.version > 1 else "Changes:"
        log = [f"\n{title}", *log] if log else []
        ask("config", "branch.series.description", "\n".join([f"{subject}\n\n{body}", *log]))
        options = ["--cover-from-description=subject", f"--subject-prefix={letter.prefix}"]
        options += [f"-v{letter.version}"] if letter.version > 1 else []
        diff = ask("diff", base, "HEAD")
        options += [
            "--cover-letter",
            "--thread=shallow",
            *([] if obstacle() else _addressees(tree, diff)),
        ]
        mails = formatted(folder, sender, *options, base)
    return _threaded(mails, letter.version)


def formatted(folder: Path, variables: Mapping[str, str], *options: str) -> dict[str, bytes]:
    """A repository's commits as mails, by their file names."""
    git(folder, "format-patch", "-q", "-o", ".git/mails", *options, variables=variables)
    return {path.name: path.read_bytes() for path in sorted((folder / ".git/mails").iterdir())}


def commit(
    folder: Path, contents: Contents, text: str, variables: Mapping[str, str], *options: str
) -> None:
    """Write files into a repository, None for one that goes, and commit them."""
    for path, content in contents.items():
        file = folder / path
        if content is None:
            file.unlink(missing_ok=True)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    (folder / ".git/text").write_text(text, "utf-8")
    git(folder, "add", "-A", "-f", variables=variables)
    git(folder, "commit", "-q", "--allow-empty", *options, "-F", ".git/text", variables=variables)


def check_messages(spec: Interface) -> None:
    """Raise ``Refused`` for messages that ``git am`` would take otherwise than they are written."""
    problems = []
    messages = spec.series.messages if spec.series else ()
    entries = {str(entry.part): entry for entry in messages}
    others = [part for part in concerns(spec) if part not in entries]  # all of one body
    for part in [*entries, *others[:1]] if shutil.which("git") else ():
        entry = entries.get(part)
        subject, body = message(spec, part)
        if lost := _lost(subject if entry else part, body):
            place = spec.header.doc or spec.header
            if entry:
                place = entry.body if lost == "text" and entry.body else entry.subject
            problem = f"git am would lose part of the {lost} of '{part}'"
            hint = "no line like a mail's header, a diff or '---', and no brackets in the subject"
            problems.append(Problem("message-lost", problem, spec.path, place.at, hint))
    if problems:
        raise Refused(problems)


def _lost(subject: str, body: str) -> str:
    """What of a mail git doesn't give back; empty if it gives back all."""
    author = "A U Thor <author@example.org>"
    text = "\n".join(line.rstrip() for line in body.split("\n"))
    text = re.sub("\n{3,}", "\n\n", f"{text}\n\nSigned-off-by: {author}\n")
    mail = f"From: {author}\nSubject: [PATCH 1/2] {subject}\n\n{text.lstrip()}"
    with scratch_folder() as folder:
        taken = read_mail(f"{mail}---\n".encode(), folder)
    if taken.author != author:
        return "author"
    if taken.subject != " ".join(subject.split()):
        return "subject"
    return "" if taken.body == text.lstrip() else "text"


def _steps(
    spec: Interface, before: Contents, after: Contents, is_step: bool
) -> Iterator[tuple[str, Contents]]:
    """The commits: their messages, and the files that they write."""
    yield "base", before
    for part, paths in concerns(spec, after).items():
        changed = {path: after[path] for path in paths if after.get(path) != before.get(path)}
        if changed:
            yield "\n\n".join(message(spec, part, is_step)), changed


def _threaded(mails: Mapping[str, bytes], version: int) -> dict[str, bytes]:
    """The mails with a digest of what all of them say in their ids, where git has the time.

    So the same series has the same ids whenever it is written.
    """
    undated = b"".join(_DATED.sub(b"", mail) for mail in mails.values())
    digest = hashlib.sha256(undated).hexdigest()[:16]
    numbers: dict[bytes, int] = {}

    def renamed(match: re.Match[bytes]) -> bytes:
        number = numbers.setdefault(match[1], len(numbers))
        return f"<{digest}.v{version}.{number}.git.".encode()

    threaded = {}
    for name, mail in mails.items():
        head, end, rest = mail.partition(b"\n\n")
        threaded[name] = _ID.sub(renamed, head) + end + rest
    return threaded


def _environment(tree: Path) -> dict[str, str]:
    """The sender by the user's settings, the date, and none of the user's other settings."""
    try:
        committer = _committer(tree)
    except GitFailure:
        hint = (
            "git config --global user.name 'Your Name'; "
            "git config --global user.email you@example.org"
        )
        message = "knows no name and address for From and Signed-off-by"
        raise refusal("no-sender", message, "git config", hint) from None
    date = f"@{os.environ.get('SOURCE_DATE_EPOCH') or int(time.time())} +0000"
    return identity(committer, date)


def identity(person: str, date: str) -> dict[str, str]:
    """No settings but by whom (``Name <address>``) and when git is to write commits."""
    name, _, address = person.removesuffix(">").rpartition(" <")
    fields = {"NAME": name, "EMAIL": address, "DATE": date}.items()
    return NO_SETTINGS | {
        f"GIT_{who}_{key}": value for who in ("AUTHOR", "COMMITTER") for key, value in fields
    }


def _committer(tree: Path) -> str:
    """Name and address by the user's settings and, of the tree's repository, by these alone."""
    settings = ["-c", "user.useConfigOnly=true"]
    with scratch_folder() as folder:
        with suppress(UnreadableFile):
            (folder / "config").write_bytes(read_given(tree / ".git/config") or b"")
        for key in ("user.name", "user.email"):
            question = ("config", "--no-includes", "--file", str(folder / "config"), key)
            value = git(folder, *question, fine=(0, 1, 128)).strip()
            settings += ["-c", f"{key}={value}"] if value else []
        return git(folder, *settings, "var", "GIT_COMMITTER_IDENT").rsplit(maxsplit=2)[0]


def _addressees(tree: Path, diff: str) -> Iterator[str]:
    """To the maintainers, Cc reviewers and lists; nobody if the tree can't tell."""
    for option, leave_out in (("--to", ("--nol", "--nor")), ("--cc", ("--nom",))):
        options = ("--nogit", "--nogit-fallback", "--norolestats", *leave_out)
        command = ["perl", "scripts/get_maintainer.pl", *options]
        data = diff.encode(errors="surrogateescape")
        answer = run(Job(command, tree, input=data, view=View((tree.absolute(),))))
        if answer.status == 0:
            lines = answer.text.removesuffix("\n").split("\n")
            if len(lines) > _ADDRESSEES_MAX or not all(line.isprintable() for line in lines):
                message = f"names more than {_ADDRESSEES_MAX} addressees, or such as no mail has"
                place, hint = f"{tree}/{command[1]}", "is this your tree? mend or remove the script"
                raise refusal("bad-addressees", message, place, hint)
            yield from (f"{option}={line}" for line in lines if line)


def changes(old: Interface, new: Interface) -> tuple[str, ...]:
    """What a spec has that an earlier one hadn't, and the other way round, a line each."""
    was, now = dict(_facts(old)), dict(_facts(new))
    lines = [
        f"{name}: {value}, was {was[name]}"
        for name, value in now.items()
        if was.get(name, value) != value
    ]
    lines += [f"new {name}: {value}" for name, value in now.items() if name not in was]
    return (*lines, *(f"no {name} any more" for name in was if name not in now))


def _facts(spec: Interface) -> Iterator[tuple[str, str]]:
    yield "header", spec.header.file
    yield "C file", spec.source.file
    yield "Makefile", spec.object.file
    yield "header of the predicates", spec.predicates.file
    yield from ((f"file of {guest.name}", guest.file) for guest in spec.guests)
    for host in spec.types.values:
        apart = host.distance is not None
        yield (
            (f"type at distance {host.distance}", host.name)
            if apart
            else (f"type {host.name}", "declared")
        )
    yield from ((f"slot {slot.name}", f"for {' and '.join(slot.accepts)}") for slot in spec.slots)
    yield "misuse", "an errno" if spec.registry.misuse else "a BUG"
    yield "storage", spec.registry.storage
    for op in spec.ops:
        tables = ", ".join(entry.table for entry in op.tables)
        yield f"op {op.name}", f"{op.returns} ({', '.join(op.args)}) in {tables or 'no table'}"
    yield from ((f"predicate {macro.name}", macro.expands) for macro in spec.predicates.macros)
    for guest in spec.guests:
        last = "its start"
        for step in guest.boot.steps:
            if isinstance(step, Register):
                when = f", if {step.when}" if step.when else ""
                yield f"registration of {guest.name}.{step.table}", f"after {last}{when}"
            else:
                last = next(
                    getattr(step, key)
                    for key in ("target", "function", "condition")
                    if hasattr(step, key)
                )
