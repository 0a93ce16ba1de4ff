# SPDX-License-Identifier: GPL-2.0-only
"""What a patch says of a file: its hunks, and from them the file's text afterwards."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from xenhostgen.extensions.kernel_tree.kernel_file import squeezed
from xenhostgen.render.style import lines_of

SLOW = 4000  # lines, beyond which the comparison leaves lines out of account that stand everywhere
Kind = Literal["context", "added", "removed"]


class HunkLine(NamedTuple):
    """A line without its marker.

    `number` is its line in the input, `newline` whether it has a line end.
    """

    kind: Kind
    text: str
    number: int
    newline: bool = True

    @property
    def full(self) -> str:
        """The line with its end."""
        return self.text + "\n" * self.newline


class Hunk(NamedTuple):
    """A run of changed lines with context; starts and counts as its `@@` line gives them."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str
    lines: tuple[HunkLine, ...]

    @property
    def after(self) -> list[HunkLine]:
        """The lines as they stand in the file afterwards."""
        return [line for line in self.lines if line.kind != "removed"]


class PatchFile(NamedTuple):
    """What a patch does to one file, named as it is called afterwards.

    `change` is `modified`, `new`, `deleted`, `renamed` or `copied`.
    `pre` and `post` are the blob ids of the index line, shortened as they stand there, empty
    without one. `collapsed`: white space was lost on the way. `number` is the file's first line in
    the input.
    """

    path: str
    change: str
    hunks: tuple[Hunk, ...]
    pre: str
    post: str
    binary: bool
    collapsed: bool
    number: int

    @property
    def content(self) -> str:
        """The text of a new file."""
        return "".join(line.full for hunk in self.hunks for line in hunk.after)

    @property
    def changes(self) -> list[tuple[Kind, str]]:
        """Kind and text of each line that it adds or removes."""
        return [line[:2] for hunk in self.hunks for line in hunk.lines if line.kind != "context"]


def reworded(ours: str, theirs: str) -> str:
    """Their lines, those that have the words of ours as ours have them."""
    left, right = lines_of(ours), lines_of(theirs)
    lines = list(right)
    for block in matcher_of([*map(squeezed, left)], [*map(squeezed, right)]).get_matching_blocks():
        lines[block.b : block.b + block.size] = left[block.a : block.a + block.size]
    return "".join(lines)


def matcher_of(ours: Sequence[str], theirs: Sequence[str]) -> SequenceMatcher[str]:
    """Compares lines, in time even of long texts."""
    return SequenceMatcher(None, ours, theirs, autojunk=len(ours) + len(theirs) > SLOW)
