# SPDX-License-Identifier: GPL-2.0-only
"""What identifies a patch without being it: digests of its code, comments and places.

A rendering is always compared with fingerprints. Those made from a patch at hand also know the
text of each digest, for readable details; a file of them, which a spec can be shipped with, has
none.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, get_args

from xenhostgen.csource.tokens import Kind, Token, code_tokens, comments
from xenhostgen.extensions.kernel_tree.c_tree import bare
from xenhostgen.extensions.kernel_tree.carry import including
from xenhostgen.extensions.kernel_tree.git import GitFailure, blob_id
from xenhostgen.extensions.kernel_tree.patching import difference, patched
from xenhostgen.extensions.patches.diff import files_of, read_diff
from xenhostgen.extensions.patches.hunks import Hunk, PatchFile
from xenhostgen.extensions.patches.lift_c import function_begun
from xenhostgen.extensions.patches.messages import Message
from xenhostgen.render.files import BANNER
from xenhostgen.sandbox.files import UnreadableFile, read_file
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import At, printable, refusal

FORMAT = 2
SIZE_LIMIT = 16 << 20  # bytes of a file of fingerprints; 10,000 declarations need some MiB
NEAR = 3  # lines of context that tell a place, as many as git shows
_GAP_MAX = 1000  # lines between hunks; git finds what stands further down, too
_TEXTS = "texts"  # the field that is neither stored nor compared


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that a patch adds in one place: digests of what tells the place, and of the code."""

    places: tuple[str, ...]
    code: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FilePrint:
    """What a patch does to a file. ``post`` is its blob id then, empty if that isn't known.

    ``comments`` are digests of the added comments' words, in order.
    """

    path: str
    change: str
    post: str
    deletions: int
    blocks: tuple[Block, ...]
    comments: tuple[str, ...]

    @property
    def code(self) -> list[str]:
        """All that the patch adds to the file."""
        return [chunk for block in self.blocks for chunk in block.code]


@dataclass(frozen=True, slots=True)
class PatchPrint:
    """One patch; its files in the order of their paths. ``texts``: of digests, if at hand."""

    subject: str
    message_id: str
    files: tuple[FilePrint, ...]
    texts: dict[str, str] = field(default_factory=dict, compare=False)


def digest(text: str) -> str:
    """The first 16 hex digits of a text's SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def place_digest(words: str) -> str:
    """A digest of what tells a place, whatever white space is in it."""
    return digest("".join(words.split()))


def chunk_digest(chunk: Sequence[Token]) -> str:
    """A digest of code tokens: layout doesn't count."""
    return digest("".join(f"{token.kind}\t{token.text}\n" for token in chunk))


def chunks(path: str, text: str, line: int = 1) -> Iterator[list[Token]]:
    """Code cut behind each ``;``, ``,``, brace and directive; outside C at line ends."""
    if not path.endswith((".c", ".h")):
        for number, row in enumerate(text.split("\n"), line):
            words = re.finditer(r"\S+", row.partition("#")[0])
            if chunk := [Token(Kind.OTHER, word[0], number, word.start() + 1) for word in words]:
                yield chunk
        return
    chunk = []
    for token in code_tokens(text, line):
        chunk.append(token)
        if token.text in ("", ";", ",", "{", "}"):
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def shown(chunk: Sequence[Token]) -> str:
    """Code tokens for a person."""
    return " ".join(token.text for token in chunk).rstrip()


def remarks(path: str, text: str) -> list[str]:
    """The words of each comment; outside C, of what follows a ``#``.

    A banner is none: it's about the file.
    """
    if path.endswith((".c", ".h")):
        words_of_each = comments(text)
    else:
        after = (line.partition("#") for line in text.split("\n"))
        words_of_each = [" ".join(words.split()) for _, mark, words in after if mark]
    return [words for words in words_of_each if not words.startswith(BANNER)]


def fingerprint(message: Message, carry: bytes = b"") -> PatchPrint:
    """The fingerprint of a patch, but for what is carried. Raises ``Refused``."""
    texts: dict[str, str] = {}
    carried = {file.path: file for file in read_diff(carry, "the carry patch")}
    files = []
    for file in sorted(files_of(message), key=lambda file: file.path):
        rest = file
        if file.path in carried and file.change != "new":
            rest = _uncarried(file, carried[file.path], carry)
        if rest.hunks or file.path not in carried:
            files.append(_file_print(rest, texts))
    subject, message_id = printable(message.title, "?"), printable(message.message_id, "?")
    return PatchPrint(subject, message_id, tuple(files), texts)


def _uncarried(file: PatchFile, carried: PatchFile, carry: bytes) -> PatchFile:
    """A change of a kernel's file without what is carried of it."""
    if file.changes == carried.changes:
        return file._replace(hunks=())
    before, after = (_sketch(file.hunks, kind) for kind in ("added", "removed"))
    try:
        options = ("--reverse", *including([file.path]))
        without = patched(carry, {file.path: after}.get, *options)
    except GitFailure:  # it carries a fragment to another place
        return file
    changed = read_diff(difference({file.path: before}, without), "the patch")
    return file._replace(hunks=changed[0].hunks if changed else ())


def _sketch(hunks: Sequence[Hunk], left_out: str) -> bytes:
    """A file as far as hunks show it, each below the line that heads it."""
    rows: list[str] = []
    for hunk in hunks:
        start = hunk.old_start if left_out == "added" else hunk.new_start
        gap = start - 2 - len(rows)
        rows += [""] * min(gap, _GAP_MAX)
        rows += [hunk.section] if gap >= 0 else []
        rows += [line.text for line in hunk.lines if line.kind != left_out]
    return "".join(f"{row}\n" for row in rows).encode(errors="surrogateescape")


def _file_print(file: PatchFile, texts: dict[str, str]) -> FilePrint:
    blocks: list[Block] = []
    words: list[str] = []
    for hunk in file.hunks:
        for places, text in _added(hunk):
            words += remarks(file.path, text)
            code = list(chunks(file.path, text))
            digests = tuple(map(chunk_digest, code))
            anchors = {place_digest(place): place for place in places}
            texts |= anchors | dict(zip(digests, map(shown, code), strict=True))
            blocks.append(Block(tuple(anchors), digests))
    texts |= {digest(text): text for text in words}
    is_known = file.change == "new" and not (file.collapsed or file.binary)
    kinds = [line.kind for hunk in file.hunks for line in hunk.lines]
    return FilePrint(
        printable(file.path, "?"),
        file.change,
        blob_id(file.content) if is_known else file.post,
        kinds.count("removed"),
        tuple(blocks),
        tuple(map(digest, words)),
    )


def _added(hunk: Hunk) -> Iterator[tuple[list[str], str]]:
    """Each run of added lines, with what tells its place. Context counts even beyond another."""
    function = function_begun(hunk.section)
    above: list[str] = []
    start = 0
    for kind, group in groupby(hunk.lines, lambda line: line.kind):
        run = [line.text for line in group]
        start += len(run)
        if kind == "context":
            for words in filter(str.strip, run):
                function = function_begun(words) or function
                above = [*above, words][-NEAR:]
        elif kind == "added":
            rest = (line.text for line in hunk.lines[start:] if line.kind == "context")
            below = [words for words in rest if words.strip()][:NEAR]
            yield list(_places(above, function, below)), "".join(f"{line}\n" for line in run)


def _places(above: list[str], function: str, below: list[str]) -> Iterator[str]:
    """What tells a place, in words of ``place_of`` in compare.py."""
    sides = [("after", above[-count:]) for count in range(1, len(above) + 1)]
    sides += [("before", below[:count]) for count in range(1, len(below) + 1)]
    for side, lines in sides:
        words = " ".join(" ".join(lines).split())
        yield f"{side} '{words}'"
        yield f"in {function}() {side} '{bare(words)}'"
    if above[-1:] == ["}"]:
        yield f"after {function}()"
    elif function:
        yield f"in {function}()"
    if follower := function_begun("\n".join(below)):
        yield f"before {follower}()"


def to_json(patches: Sequence[PatchPrint]) -> str:
    """Fingerprints as a file holds them."""
    stored = [dataclasses.asdict(patch) for patch in patches]
    for patch in stored:
        del patch[_TEXTS]
    return json.dumps({"format": FORMAT, "patches": stored}, indent=1) + "\n"


def shipped(spec: Interface) -> tuple[Path, list[PatchPrint]]:
    """The fingerprints that a spec names as its reference, and their file. Raises Refused."""
    if spec.reference is None:
        hint = "name the patch: xenhostgen diff SPEC PATCH"
        raise refusal("no-reference", "the spec names no reference", spec.path, hint)
    path = Path(spec.path).parent / spec.reference
    try:
        data = read_file(Path(spec.path).parent, spec.reference, SIZE_LIMIT)
        reason = "no such file"
    except UnreadableFile as error:
        data, reason = None, str(error)
    if data is not None:
        return path, read_fingerprints(data, path)
    message = f"the reference '{spec.reference}' can't be read: {reason}"
    raise refusal("no-reference", message, spec.path, _hint(path), spec.reference.at)


def _hint(path: Path) -> str:
    return f"make it from the patch: xenhostgen facts PATCH -o {path}"


def read_fingerprints(data: bytes, path: Path) -> list[PatchPrint]:
    """What ``to_json`` made, from a file. Raises Refused for anything else."""
    try:
        top = json.loads(data)
        stated = top.get("format") if isinstance(top, dict) else None
        if stated != FORMAT:
            raise ValueError(f"the format is {stated!r}, not {FORMAT}")
        return list(_read(tuple[PatchPrint], top["patches"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        at, reason = At(1, 1), str(error)
        if isinstance(error, json.JSONDecodeError):
            at, reason = At(error.lineno, error.colno), error.msg
        message = f"not the facts of a patch: {printable(reason, '?')}"
        raise refusal("facts", message, path, _hint(path), at) from None


def _read(kind: Any, value: Any) -> Any:
    """A value of JSON as the type that it was made of; raises ValueError for another."""
    if dataclasses.is_dataclass(kind):
        fields = (field for field in dataclasses.fields(kind) if field.name != _TEXTS)
        read = {field.name: _read(field.type, value[field.name]) for field in fields}
        return kind(**read)  # type: ignore[operator]
    items = get_args(kind)
    if type(value) is not (list if items else kind):
        raise ValueError(f"no {'list' if items else kind.__name__}: {value!r}")
    if items:
        return tuple(_read(items[0], item) for item in value)
    return printable(str(value), "?") if kind is str else value
