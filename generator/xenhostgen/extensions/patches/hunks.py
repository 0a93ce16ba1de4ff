# SPDX-License-Identifier: GPL-2.0-only
"""What a patch says of a file: its hunks, and from them the file's text afterwards."""

from dataclasses import dataclass

from xenhostgen.extensions.patches.body import HunkLine
from xenhostgen.extensions.patches.errors import PatchError
from xenhostgen.render.style import lines_of
from xenhostgen.spec.source import At, Problem


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

    @property
    def after(self) -> list[HunkLine]:
        """The lines as they stand in the file afterwards."""
        return [line for line in self.lines if line.kind != "removed"]


@dataclass(frozen=True, slots=True)
class PatchFile:
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


def post_image(file: PatchFile, pre_image: str = "") -> str:
    """The file's text after the patch, given the text before (none for a new file).

    Line ends count: a hunk's lines must be those of the pre-image, or their words if the patch is
    collapsed. What that adds stays collapsed. Raises PatchError when a hunk doesn't fit, or for
    binaries.
    """
    if file.binary:
        raise PatchError(Problem("binary-hunk", "the patch holds no contents for it", file.path))
    same = squeezed if file.collapsed else str
    old = lines_of(pre_image)
    new: list[str] = []
    done = 0
    for hunk in file.hunks:
        # A range of no lines names the line before it.
        start = hunk.old_start - (hunk.old_count > 0)
        before = [line.full for line in hunk.lines if line.kind != "added"]
        here = old[start : start + len(before)]
        if start < done or [*map(same, here)] != [*map(same, before)]:
            message = f"the hunk in line {hunk.number} of the patch doesn't fit here"
            raise PatchError(
                Problem("hunk-no-fit", message, file.path, At(max(hunk.old_start, 1), 1))
            )
        new += old[done:start]
        done = start
        for line in hunk.lines:
            new += {"added": [line.full], "context": old[done : done + 1], "removed": []}[line.kind]
            done += line.kind != "added"
    return "".join(new + old[done:])


def squeezed(line: str) -> str:
    """A line by its words, as collapsed text still has it."""
    return " ".join(line.split())
