# SPDX-License-Identifier: GPL-2.0-only
"""The facts of a patch: what identifies its code without being it.

A rendering is always compared with facts. Made from a patch at hand, they also carry the code and
the words, for readable details. Read from a file they don't: facts can be shipped with a spec.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice

from xenhostgen.extensions.kernel_tree.git import SHORTEST_ID, blob_id, same_id
from xenhostgen.extensions.patches.code import (
    code_digest,
    declared,
    function_begun,
    remarks,
    words_digest,
)
from xenhostgen.extensions.patches.declarations import Declaration, digest
from xenhostgen.extensions.patches.diff import files_of
from xenhostgen.extensions.patches.hunks import Hunk, HunkLine, PatchFile
from xenhostgen.extensions.patches.messages import Message
from xenhostgen.extensions.patches.uncarried import uncarried
from xenhostgen.spec.source import printable

ANCHOR_LINES = 3  # git's own width of context
# Fields that only a patch at hand can fill; they are neither stored nor compared.
AT_HAND = ("shown", "declarations", "remarks", "index")


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
    shown: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a patch does to a file. ``pre`` and ``post`` are blob ids, empty if not known.

    ``comments`` are digests of the added comments' words, in order. ``index``: the blob id in the
    patch's index line if a new file's content, to which ``post`` belongs, is another one.
    """

    path: str
    change: str
    pre: str
    post: str
    insertions: int
    deletions: int
    blocks: tuple[Block, ...]
    comments: tuple[str, ...]
    declarations: tuple[Declaration, ...] = field(default=(), compare=False)
    remarks: tuple[str, ...] = field(default=(), compare=False)
    index: str = field(default="", compare=False)

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
    return tuple(Piece(printable(one.label, "?"), digest(one)) for one in found)


def patch_facts(message: Message, carry: Mapping[str, PatchFile] | None = None) -> PatchFacts:
    """The facts of a patch, but for what is carried. Raises ``Refused``."""
    changed = uncarried(files_of(message), carry or {})
    files = sorted((_file_facts(file) for file in changed), key=lambda file: file.path)
    return PatchFacts(
        printable(message.title, "?"), printable(message.message_id, "?"), tuple(files)
    )


def _file_facts(file: PatchFile) -> FileFacts:
    added = [each for hunk in file.hunks for each in _blocks(file.path, hunk)]
    words = [one for _, _, said in added for one in said]
    whole = file.change == "new" and not file.collapsed and not file.binary
    made = blob_id(file.content) if whole else ""
    contradicted = made and len(file.post) >= SHORTEST_ID and not same_id(made, file.post)
    kinds = [line.kind for hunk in file.hunks for line in hunk.lines]
    return FileFacts(
        printable(file.path, "?"),
        file.change,
        file.pre,
        made or file.post,
        kinds.count("added"),
        kinds.count("removed"),
        tuple(block for block, _, _ in added),
        tuple(map(words_digest, words)),
        tuple(one for _, found, _ in added for one in found),
        tuple(words),
        file.post if contradicted else "",
    )


def _blocks(path: str, hunk: Hunk) -> Iterator[tuple[Block, list[Declaration], list[str]]]:
    """Each run of added lines, with its declarations and comments.

    Context counts even beyond another run.
    """
    function = function_begun(hunk.section)
    before: list[str] = []
    start, new_line = 0, hunk.new_start
    for kind, group in groupby(hunk.lines, lambda line: line.kind):
        run = list(group)
        if kind == "context":
            for words in _words(run):
                function = function_begun(words) or function
                before = [*before, words][-ANCHOR_LINES:]
        elif kind == "added":
            after = list(islice(_words(islice(hunk.lines, start, None)), ANCHOR_LINES))
            above = _side([before[-count:] for count in range(1, len(before) + 1)], function)
            below = _side(
                [after[:count] for count in range(1, len(after) + 1)],
                function_begun("\n".join(after)),
            )
            places = [f"below the heading of {function}()"] if function else []
            places += [f"after '{words}'" for words in before[-1:]] + [
                f"before '{words}'" for words in after[:1]
            ]
            shown = f"{', '.join(places)} (line {run[0].number} of the patch)"
            text = "".join(f"{line.text}\n" for line in run)
            found = declared(path, text, new_line)
            yield (
                Block(above, below, pieces(found), printable(shown, "?").lstrip()),
                found,
                remarks(path, text),
            )
        start += len(run)
        new_line += len(run) * (kind != "removed")


def _side(nearest: Sequence[Sequence[str]], function: str) -> Side:
    line = words_digest(nearest[0][0]) if nearest else ""
    return Side(
        line, tuple(code_digest("\n".join(lines)) for lines in nearest), printable(function, "?")
    )


def _words(lines: Iterable[HunkLine]) -> Iterator[str]:
    """The words of each line of context that has any."""
    return (
        " ".join(line.text.split())
        for line in lines
        if line.kind == "context" and line.text.strip()
    )
