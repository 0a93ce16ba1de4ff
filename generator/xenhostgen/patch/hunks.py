# SPDX-License-Identifier: GPL-2.0-only
"""What a patch says: its files and hunks, a file's post-image, and the fragments it adds."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from xenhostgen.patch.body import HunkLine
from xenhostgen.patch.errors import PatchError
from xenhostgen.spec.source import At, Problem

Change = Literal["modified", "new", "deleted", "renamed", "copied"]

ANCHOR_LINES = 3  # git's own width of context


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of changed lines with context; starts and counts as its `@@` line gives them."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str
    lines: tuple[HunkLine, ...]
    number: int


@dataclass(frozen=True, slots=True)
class PatchFile:
    """What a patch does to one file.

    `old` and `new` are paths below the tree's root, None where the file doesn't exist. `pre` and
    `post` are the blob ids of the index line, shortened as they stand there, None without one.
    `mode` is the mode afterwards, as six octal digits, if the patch tells it.
    """

    old: str | None
    new: str | None
    change: Change
    hunks: tuple[Hunk, ...]
    mode: str | None
    pre: str | None
    post: str | None
    binary: bool
    collapsed: bool
    number: int

    @property
    def path(self) -> str:
        """The name afterwards, or that of a deleted file."""
        return self.new or self.old or ""


@dataclass(frozen=True, slots=True)
class Patch:
    """The files of one patch, in its order. `collapsed`: white space was lost on the way."""

    files: tuple[PatchFile, ...]
    collapsed: bool

    @property
    def insertions(self) -> int:
        """How many lines the patch adds."""
        return self._count("added")

    @property
    def deletions(self) -> int:
        """How many lines the patch removes."""
        return self._count("removed")

    def _count(self, kind: str) -> int:
        hunks = (hunk for file in self.files for hunk in file.hunks)
        return sum(line.kind == kind for hunk in hunks for line in hunk.lines)


@dataclass(frozen=True, slots=True)
class AddedBlock:
    """A fragment: lines that a patch adds in one place.

    `before` and `after` are the nearest context lines of the hunk, at most `ANCHOR_LINES`, in the
    order of the file. `new_line` is the first added line's number in the file afterwards.
    """

    section: str
    before: tuple[HunkLine, ...]
    lines: tuple[HunkLine, ...]
    after: tuple[HunkLine, ...]
    new_line: int


def post_image(file: PatchFile, pre_image: str = "") -> str:
    """The file's text after the patch, given the text before (none for a new file).

    Line ends count: a hunk's lines must be those of the pre-image. The text of a new file from a
    collapsed patch is collapsed too. Raises PatchError when a hunk doesn't fit, or for binaries.
    """
    if file.binary:
        raise PatchError(Problem("binary-hunk", "the patch holds no contents for it", file.path))
    old = _lines_of(pre_image)
    new: list[str] = []
    done = 0
    for hunk in file.hunks:
        # A range of no lines names the line before it.
        start = hunk.old_start - (hunk.old_count > 0)
        before = [_with_end(line) for line in hunk.lines if line.kind != "added"]
        if start < done or old[start : start + len(before)] != before:
            raise PatchError(
                Problem(
                    "hunk-no-fit",
                    f"the hunk in line {hunk.number} of the patch doesn't fit here",
                    file.path,
                    At(max(hunk.old_start, 1), 1),
                )
            )
        new += old[done:start]
        new += [_with_end(line) for line in hunk.lines if line.kind != "removed"]
        done = start + len(before)
    return "".join(new + old[done:])


def added_blocks(file: PatchFile) -> Iterator[AddedBlock]:
    """The fragments that the patch adds to the file, in order."""
    for hunk in file.hunks:
        new_line = hunk.new_start
        runs = [(kind, tuple(run)) for kind, run in groupby(hunk.lines, lambda line: line.kind)]
        for place, (kind, run) in enumerate(runs):
            if kind == "added":
                # Runs alternate, so a context run is at most two removed or added runs away.
                before = next((r for k, r in reversed(runs[:place]) if k == "context"), ())
                after = next((r for k, r in runs[place:] if k == "context"), ())
                yield AddedBlock(hunk.section, before[-ANCHOR_LINES:], run, after[:ANCHOR_LINES], new_line)
            new_line += len(run) if kind != "removed" else 0


def _lines_of(text: str) -> list[str]:
    # Not splitlines(): kernel files hold form feeds, which are no line ends to diff.
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _with_end(line: HunkLine) -> str:
    return line.text + "\n" if line.newline else line.text
