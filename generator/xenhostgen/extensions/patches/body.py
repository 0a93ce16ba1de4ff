# SPDX-License-Identifier: GPL-2.0-only
"""The lines of one hunk: which are context, added or removed, and where the hunk ends.

The counts of the `@@` line say where a hunk ends, so a mail's `-- ` signature is no removed line.
A text whose white space was collapsed has lost the blank in front of its context lines. There, a
line that starts with `-` may be context too (`-EINVAL,`), and again the counts tell.
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from xenhostgen.extensions.patches.errors import PatchError, SourceText

Kind = Literal["context", "added", "removed"]
_KINDS: dict[str, Kind] = {"+": "added", "-": "removed", " ": "context"}
_NO_NEWLINE = "\\ "  # what follows is translated by some diffs
_VERSION = re.compile(r"\d+\.\d+")


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


class Counts(NamedTuple):
    """How many lines of the old and of the new file a hunk covers."""

    old: int
    new: int

    def __str__(self) -> str:
        return f"{self.old} old and {self.new} new lines"


def at_plain_names(lines: Sequence[str], index: int) -> bool:
    """Whether the two lines that name a file, old and new, are at `index`."""
    return (
        lines[index].startswith("--- ")
        and index + 1 < len(lines)
        and lines[index + 1].startswith("+++ ")
    )


def at_signature(lines: Sequence[str], index: int) -> bool:
    """Whether a mail's signature is at `index`: `-- ` and, from git, a version."""
    return lines[index].rstrip() == "--" and (
        index + 1 == len(lines) or bool(_VERSION.match(lines[index + 1]))
    )


def ends_hunk(lines: Sequence[str], index: int) -> bool:
    """Whether a new file, a new hunk, the mail's signature or the end of input is at `index`."""
    if index >= len(lines) or at_plain_names(lines, index):
        return True
    return lines[index].startswith(("diff --git ", "@@ -")) or at_signature(lines, index)


def read_body(
    text: SourceText, start: int, counts: Counts, collapsed: bool
) -> tuple[tuple[HunkLine, ...], int]:
    """The hunk's lines, and the index after them. `start` is the index after the `@@` line.

    Raises PatchError `hunk-truncated`, `hunk-counts`, `hunk-bad-line` or `hunk-ambiguous`.
    """
    body: list[HunkLine] = []
    index = start
    for kind in _kinds(text, start, counts, collapsed):
        line = text.lines[index]
        # Collapsed context has no marker to take off, unless it kept its blank.
        marked = not collapsed or kind != "context" or line.startswith(" ")
        newline = not (
            index + 1 < len(text.lines) and text.lines[index + 1].startswith(_NO_NEWLINE)
        )
        body.append(HunkLine(kind, line[1:] if marked else line, text.numbers[index], newline))
        index += 1 if newline else 2
    return tuple(body), index


def _bad_line(text: SourceText, index: int) -> PatchError:
    message = "a line of a hunk starts with ' ', '+' or '-'"
    hint = "the mail program may have wrapped or edited this line; ask for the original mail"
    return text.error(index, "hunk-bad-line", message, hint)


def _kinds(text: SourceText, start: int, counts: Counts, collapsed: bool) -> list[Kind]:
    """What each of the hunk's lines is.

    In a collapsed text as the counts tell, without guessing.
    """
    lines, index = text.lines, start
    old, new = counts
    found: list[tuple[int, Kind]] = []  # each line's kind when every '-' and '+' is a marker
    while (old, new) != (0, 0) and len(found) < sum(counts):
        if ends_hunk(lines, index) if collapsed else _breaks_off(lines, index, old, new):
            break
        if not (lines[index].startswith(_NO_NEWLINE) and found):
            # Mail programs drop the lone blank of an empty context line.
            kind = _KINDS.get(lines[index][:1] or " ", "context" if collapsed else None)
            if kind is None:
                raise _bad_line(text, index)
            old, new = old - (kind != "added"), new - (kind != "removed")
            if min(old, new) < 0 and not collapsed:
                raise _miscounted(text, start, counts, f"there is one {kind} line too many", index)
            found.append((index, kind))
        index += 1
    if (old, new) == (0, 0):
        return [kind for _, kind in found]
    # Some '-' or '+' is context then. Blank lines at the end may belong to the mail instead.
    while collapsed and found:
        if kinds := _fit(text, found, counts):
            return kinds
        if lines[found[-1][0]]:
            break
        found.pop()
        old, new = old + 1, new + 1
    raise _unfit(text, start, counts, (old, new), index)


def _unfit(
    text: SourceText, start: int, counts: Counts, missing: tuple[int, int], index: int
) -> PatchError:
    """Why the counts of a hunk don't fit its lines, of which some are missing or too many."""
    lines, (old, new) = text.lines, missing
    if min(old, new) < 0:
        return _miscounted(text, start, counts, "more lines than that follow", index)
    stop = f"line {text.numbers[index]}" if index < len(lines) else "the end of the input"
    return text.error(
        start - 1,
        "hunk-truncated",
        f"the hunk announces {counts}, but has {counts.old - old} and {counts.new - new}",
        f"it ends at {stop}; lines were lost, or the counts were edited",
    )


def _breaks_off(lines: Sequence[str], index: int, old: int, new: int) -> bool:
    """Whether a hunk that misses old and new lines goes no further.

    A file's name may be code here.
    """
    if index >= len(lines) or lines[index].startswith(("diff --git ", "@@ -")):
        return True
    if not lines[index]:
        return not (old and new)
    # The last line may be the one that is still to be removed, with the text `-`.
    return at_signature(lines, index) and (old, new, index) != (1, 0, len(lines) - 1)


def _fit(text: SourceText, block: Sequence[tuple[int, Kind]], counts: Counts) -> list[Kind] | None:
    """Kinds for all lines of the block such that the counts come out, or None.

    A block of n lines has old + new - n context lines. So the number of lines that only look
    removed or added is known; which of them they are is known only when it is all or none.
    """
    context = sum(counts) - len(block)
    looks = {
        kind: [index for index, each in block if each == kind] for kind in ("removed", "added")
    }
    wanted = {"removed": counts.old - context, "added": counts.new - context}
    unmarked = {kind: len(lines) - wanted[kind] for kind, lines in looks.items()}
    if min(context, *wanted.values(), *unmarked.values()) < 0:
        return None
    for kind, lines in looks.items():
        if 0 < unmarked[kind] < len(lines):
            raise text.error(
                lines[0],
                "hunk-ambiguous",
                f"{unmarked[kind]} of the {len(lines)} lines like this one in the hunk must be "
                "context, and the collapsed text doesn't say which",
                "get the mail with its white space, for example from lore.kernel.org",
            )
    return ["context" if unmarked.get(kind) else kind for _, kind in block]


def _miscounted(text: SourceText, start: int, counts: Counts, what: str, index: int) -> PatchError:
    where = f"line {text.numbers[min(index, len(text.lines) - 1)]}"
    hint = "the counts were edited, or lines were added to the hunk by hand"
    return text.error(
        start - 1, "hunk-counts", f"the hunk announces {counts}, but {what} ({where})", hint
    )
