# SPDX-License-Identifier: GPL-2.0-only
"""The facts of a patch: what identifies its code without being it.

A rendering is always compared with facts. Made from a patch at hand, they also carry the code and
the words, for readable details. Read from a file they don't: facts can be shipped with a spec.
"""

import dataclasses
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any

from xenhostgen.csource.declarations import Declaration, digest
from xenhostgen.patch.blobs import blob_id
from xenhostgen.patch.body import HunkLine
from xenhostgen.patch.code import code_digest, declared, function_begun, remarks, words_digest
from xenhostgen.patch.diff import parse_diff
from xenhostgen.patch.errors import printable
from xenhostgen.patch.hunks import Hunk, PatchFile, post_image
from xenhostgen.patch.mail import PatchMail

ANCHOR_LINES = 3  # git's own width of context


def _at_hand(empty: Any) -> Any:
    """A field that only a patch at hand can fill; it is neither stored nor compared."""
    return dataclasses.field(default=empty, compare=False, metadata={"stored": False})


@dataclass(frozen=True, slots=True)
class Piece:
    """One added declaration: how messages call it, and the digest of its code tokens."""

    label: str
    digest: str


@dataclass(frozen=True, slots=True)
class Side:
    """What the context on one side of a block tells; strings are empty where it tells nothing.

    ``line``: digest of the words of the nearest line that isn't blank. ``code``: digests of the
    code in the nearest one, two, … such lines. ``function``: above the block, whose heading is
    nearest (the hunk's section heading, if none is in the context); below, whose heading follows.
    """

    line: str
    code: tuple[str, ...]
    function: str


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that a patch adds in one place. ``shown``: that place, for a person."""

    above: Side
    below: Side
    code: tuple[Piece, ...]
    shown: str = _at_hand("")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a patch does to a file. ``pre`` and ``post`` are blob ids, empty if not known.

    ``comments`` are digests of the added comments' words, in order.
    """

    path: str
    change: str
    pre: str
    post: str
    insertions: int
    deletions: int
    blocks: tuple[Block, ...]
    comments: tuple[str, ...]
    declarations: tuple[Declaration, ...] = _at_hand(())
    remarks: tuple[str, ...] = _at_hand(())

    @property
    def code(self) -> list[Piece]:
        """All that the patch adds to the file."""
        return [piece for block in self.blocks for piece in block.code]


@dataclass(frozen=True, slots=True)
class PatchFacts:
    """One patch; its files in the order of their paths."""

    subject: str
    message_id: str
    files: tuple[FileFacts, ...]


def pieces(found: Sequence[Declaration]) -> tuple[Piece, ...]:
    """Declarations without their code."""
    return tuple(Piece(printable(one.label), digest(one)) for one in found)


def patch_facts(mail: PatchMail) -> PatchFacts:
    """The facts of a patch. Raises PatchError if its diff can't be read."""
    changed = parse_diff(mail.diff, mail.announced_files)
    files = sorted((_file_facts(file) for file in changed), key=lambda file: file.path)
    return PatchFacts(printable(mail.subject), printable(mail.message_id), tuple(files))


def _file_facts(file: PatchFile) -> FileFacts:
    blocks: list[Block] = []
    found: list[Declaration] = []
    words: list[str] = []
    for hunk in file.hunks:
        surroundings = _Surroundings(hunk)
        for start, run in _added_runs(hunk):
            text = "\n".join(line.text for line in run) + "\n"
            here = declared(file.path, text, surroundings.new_line(start))
            blocks.append(surroundings.block(start, pieces(here)))
            found += here
            words += remarks(file.path, text)
    whole = file.change == "new" and not file.collapsed and not file.binary
    kinds = [line.kind for hunk in file.hunks for line in hunk.lines]
    return FileFacts(
        printable(file.path),
        file.change,
        file.pre,
        file.post or (blob_id(post_image(file)) if whole else ""),
        kinds.count("added"),
        kinds.count("removed"),
        tuple(blocks),
        tuple(map(words_digest, words)),
        tuple(found),
        tuple(words),
    )


def _added_runs(hunk: Hunk) -> Iterator[tuple[int, list[HunkLine]]]:
    """Each run of added lines, and the index of its first."""
    start = 0
    for kind, lines in groupby(hunk.lines, lambda line: line.kind):
        run = list(lines)
        if kind == "added":
            yield start, run
        start += len(run)


class _Surroundings:
    """The context of a hunk's blocks.

    The nearest lines count even over other added ones: a blank line of context may stand amid what
    belongs together.
    """

    def __init__(self, hunk: Hunk) -> None:
        self._lines = hunk.lines
        context = [at for at, line in enumerate(hunk.lines) if line.kind == "context" and line.text.strip()]
        self._context = context
        self._texts = [" ".join(hunk.lines[at].text.split()) for at in context]
        self._functions = [function_begun(hunk.section)]
        for text in self._texts:
            self._functions.append(function_begun(text) or self._functions[-1])
        kept = (line.kind != "removed" for line in hunk.lines)
        self._new_lines = list(accumulate(kept, initial=hunk.new_start))

    def new_line(self, start: int) -> int:
        """The line number of the hunk's line in the file afterwards."""
        return self._new_lines[start]

    def block(self, start: int, code: tuple[Piece, ...]) -> Block:
        """The block whose lines begin at an index of the hunk."""
        cut = bisect(self._context, start)
        before, after = self._texts[max(cut - ANCHOR_LINES, 0) : cut], self._texts[cut : cut + ANCHOR_LINES]
        function = self._functions[cut]
        above = Side(
            words_digest(before[-1]) if before else "",
            tuple(code_digest("\n".join(before[-count:])) for count in range(1, len(before) + 1)),
            printable(function),
        )
        below = Side(
            words_digest(after[0]) if after else "",
            tuple(code_digest("\n".join(after[:count])) for count in range(1, len(after) + 1)),
            printable(function_begun("\n".join(after))),
        )
        places = [f"below the heading of {function}()"] if function else []
        places += [f"after '{before[-1]}'"] if before else []
        places += [f"before '{after[0]}'"] if after else []
        shown = f"{', '.join(places)} (line {self._lines[start].number} of the patch)"
        return Block(above, below, code, printable(shown).lstrip())
