# SPDX-License-Identifier: GPL-2.0-only
"""The lines by which a lifted spec's rendering differs from what it was lifted from."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, groupby
from typing import NamedTuple

from xenhostgen.extensions.patches.hunks import Hunk, squeezed
from xenhostgen.extensions.patches.lift_header import Data, compact
from xenhostgen.extensions.patches.lift_input import Input, landmarks
from xenhostgen.render.files import Rendering
from xenhostgen.render.raw import lines_of

SLOW = 4000  # lines, beyond which the comparison leaves lines out of account that stand everywhere

Key = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a file's lines were lifted; ``raw`` are the others, by their numbers in the file.

    ``blob``: what git would call the re-creation of a new file, ``same``: whether that is right, if
    known.
    """

    path: str
    lines: int
    raw: tuple[int, ...]
    blob: str = ""
    same: bool | None = None


class _Line(NamedTuple):
    """An added line of a kernel file, its number there, and the block of added lines around it."""

    text: str
    number: int
    block: range


def remainder(given: Input, rendering: Rendering) -> tuple[list[Data], list[Share]]:
    """The raw blocks that make a rendering what was given, and each file's share."""
    blocks: list[Data] = []
    shares: list[Share] = []
    for path, text in sorted(given.whole.items()):
        lines, key = lines_of(text), squeezed if path in given.collapsed else str
        differing = _differing(lines_of(rendering.files.get(path, "")), lines, key)
        blocks += [compact(file=path, **words) for words, _ in differing]
        if not text and path not in rendering.files:
            blocks.append({"file": path})
        raw = [row + 1 for _, rows in differing for row in rows]
        shares.append(Share(path, len(lines), tuple(raw)))
    for path, hunks in sorted(given.hunks.items()):
        texts = [
            lines_of(fragment.text) for fragment in rendering.fragments if fragment.file == path
        ]
        made, share = _of_hunks(path, texts, hunks, squeezed if path in given.collapsed else str)
        blocks += made
        shares.append(share)
    return blocks, shares


def _differing(
    ours: Sequence[str],
    theirs: Sequence[str],
    key: Key,
    begins: Collection[int] = (),
    blocks: Sequence[range] = (),
) -> list[tuple[Data, range]]:
    """For each difference what ``spliced`` will look for, and the rows of theirs.

    With ``blocks`` (of their lines) ours are fragments, which begin in the rows ``begins``: blank
    lines don't count, they are a matter of placing, and what is added right above a fragment
    belongs to it.
    """
    quick = len(ours) + len(theirs) > SLOW
    matcher = SequenceMatcher(None, [*map(key, ours)], [*map(key, theirs)], autojunk=quick)
    made = []
    done = 0
    for kind, begin, end, first, last in matcher.get_opcodes():
        blank = not "".join([*ours[begin:end], *theirs[first:last]]).strip()
        if kind == "equal" or (blocks and blank):
            continue
        joined = (
            kind == "insert"
            and begin in begins
            and 0 < last < len(blocks)
            and blocks[last] is blocks[last - 1]
        )
        start, stop = begin, end + joined
        # As few lines above as tell the place from any that is similar.
        while start > done and _first(ours, ours[start:stop], done) != start:
            start -= 1
        words = {
            "after": ours[start:begin],
            "instead": ours[begin:stop],
            "text": theirs[first : last + joined],
        }
        made.append(({name: "".join(lines) for name, lines in words.items()}, range(first, last)))
        done = stop
    return made


def _first(lines: Sequence[str], wanted: Sequence[str], begin: int) -> int:
    return next(
        row for row in range(begin, len(lines) + 1) if lines[row : row + len(wanted)] == wanted
    )


def _of_hunks(
    path: str, texts: list[list[str]], hunks: Sequence[Hunk], key: Key
) -> tuple[list[Data], Share]:
    """As for whole files; lines away from all that is rendered get a place of their own.

    So do removed ones.
    """
    lifted = {squeezed(line) for text in texts for line in text if line.strip()}
    near: list[_Line] = []
    blocks: list[Data] = []
    raw: list[int] = []
    total = 0
    for hunk in hunks:
        row = 0
        for kind, run in groupby(hunk.lines, lambda line: line.kind):
            lines = [f"{line.text}\n" for line in run]
            end = row + len(lines) * (kind != "removed")
            numbers = [max(1, hunk.new_start) + min(at, end) for at in range(row, row + len(lines))]
            total += len(lines) * (kind != "context")
            if kind == "added" and any(squeezed(line) in lifted for line in lines):
                block = range(row, end)
                near += [
                    _Line(line, number, block) for line, number in zip(lines, numbers, strict=True)
                ]
            elif kind == "removed" or (kind == "added" and "".join(lines).strip()):
                words = {"instead" if kind == "removed" else "text": "".join(lines)}
                blocks.append(compact(file=path, **words, place=_place(hunk, row, end)))
                raw += numbers
            row = end
    ours, theirs = [line for text in texts for line in text], [line.text for line in near]
    begins = {*accumulate(map(len, texts), initial=0)}
    for words, rows in _differing(ours, theirs, key, begins, [line.block for line in near]):
        blocks.append(compact(file=path, **words))
        raw += [near[row].number for row in rows]
    return blocks, Share(path, total, tuple(sorted(raw)))


def _place(hunk: Hunk, begin: int, end: int) -> Data:
    """The nearest line with a word in it; braces and the like stand in many places."""
    lines = [line.text for line in hunk.after]
    above, below = landmarks(lines[:begin])[-1:], landmarks(lines[end:])[:1]
    words = [{"after": line} for line in above] + [{"before": line} for line in below]
    return next(
        (told for told in words if re.search(r"\w", "".join(told.values()))),
        (words or [{"after": "?"}])[0],
    )
