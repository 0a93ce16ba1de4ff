# SPDX-License-Identifier: GPL-2.0-only
"""The lines of one hunk: which are context, added or removed, and where the hunk ends.

The counts of the `@@` line say where a hunk ends, so a mail's `-- ` signature is no removed line.
A text whose white space was collapsed has lost the blank in front of its context lines. There, a
line that starts with `-` may be context too (`-EINVAL,`), and again the counts tell.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from xenhostgen.patch.errors import PatchError, SourceText

Kind = Literal["context", "added", "removed"]
_KINDS: dict[str, Kind] = {"+": "added", "-": "removed", " ": "context"}

_VERSION = re.compile(r"\d+\.\d+")
_WRAPPED = "the mail program may have wrapped or edited this line; ask for the original mail"


@dataclass(frozen=True, slots=True)
class HunkLine:
    """One line of a hunk, without its marker.

    `number` is its line in the input; `newline` is false for a last line that has no line end.
    """

    kind: Kind
    text: str
    number: int
    newline: bool = True


@dataclass(frozen=True, slots=True)
class Counts:
    """How many lines of the old and of the new file a hunk covers."""

    old: int
    new: int


def ends_hunk(lines: Sequence[str], index: int) -> bool:
    """Whether a new file, a new hunk, the mail's signature or the end of input is at `index`."""
    if index >= len(lines):
        return True
    if lines[index].startswith("--- "):
        return index + 1 < len(lines) and lines[index + 1].startswith("+++ ")
    return lines[index].startswith(("diff --git ", "@@ -")) or _is_signature(lines, index)


def _is_signature(lines: Sequence[str], index: int) -> bool:
    """Whether a mail's signature starts here: `-- ` and, from git, a version."""
    if lines[index].rstrip() != "--":
        return False
    return index + 1 == len(lines) or bool(_VERSION.match(lines[index + 1]))


def read_body(text: SourceText, start: int, counts: Counts, collapsed: bool) -> tuple[tuple[HunkLine, ...], int]:
    """The hunk's lines, and the index after them. `start` is the index after the `@@` line.

    Raises PatchError `hunk-truncated`, `hunk-counts`, `hunk-bad-line` or `hunk-ambiguous`.
    """
    kinds = _collapsed_kinds(text, start, counts) if collapsed else _exact_kinds(text, start, counts)
    body: list[HunkLine] = []
    index = start
    for kind in kinds:
        line = text.lines[index]
        # Collapsed context has no marker to take off, unless it kept its blank.
        marked = not collapsed or kind != "context" or line.startswith(" ")
        newline = index + 1 >= len(text.lines) or not _is_no_newline(text.lines[index + 1])
        body.append(HunkLine(kind, line[1:] if marked else line, text.numbers[index], newline))
        index += 1 if newline else 2
    return tuple(body), index


def _is_no_newline(line: str) -> bool:
    # Translated by some diffs, so only the marker is sure.
    return line.startswith("\\ ")


def _exact_kinds(text: SourceText, start: int, counts: Counts) -> list[Kind]:
    old, new = counts.old, counts.new
    kinds: list[Kind] = []
    index, last = start, len(text.lines) - 1
    while old or new:
        seen = Counts(counts.old - old, counts.new - new)
        if index >= len(text.lines):
            raise _truncated(text, start, counts, seen, index)
        line = text.lines[index]
        if (
            line.startswith(("diff --git ", "@@ -"))
            or (not line and not (old and new))
            # The last line may be the one that is still to be removed, with the text `-`.
            or (_is_signature(text.lines, index) and (old, new, index) != (1, 0, last))
        ):
            raise _truncated(text, start, counts, seen, index)
        if _is_no_newline(line) and kinds:
            index += 1
            continue
        # Mail programs drop the lone blank of an empty context line.
        kind = _KINDS.get(line[:1] or " ")
        if kind is None:
            raise text.error(index, "hunk-bad-line", "a line of a hunk starts with ' ', '+' or '-'", _WRAPPED)
        old -= kind != "added"
        new -= kind != "removed"
        if old < 0 or new < 0:
            raise _miscounted(text, start, counts, f"there is one {kind} line too many", index)
        kinds.append(kind)
        index += 1
    return kinds


def _collapsed_kinds(text: SourceText, start: int, counts: Counts) -> list[Kind]:
    """The kinds that fit the counts; refuses to guess where several readings do."""
    end = start
    limit = start + counts.old + counts.new
    block: list[tuple[int, Kind]] = []  # each line's kind when every '-' and '+' is a marker
    old, new = counts.old, counts.new
    while len(block) < limit - start and not ends_hunk(text.lines, end):
        line = text.lines[end]
        if not (_is_no_newline(line) and block):
            kind = _KINDS.get(line[:1], "context")
            block.append((end, kind))
            old -= kind != "added"
            new -= kind != "removed"
            if (old, new) == (0, 0):
                return [kind for _, kind in block]
        end += 1
    # Some '-' or '+' is context then. Blank lines at the end may belong to the mail instead.
    while block:
        kinds = _fit(text, block, counts)
        if kinds is not None:
            return kinds
        if text.lines[block[-1][0]]:
            break
        block.pop()
    seen = Counts(sum(kind != "added" for _, kind in block), sum(kind != "removed" for _, kind in block))
    if seen.old > counts.old or seen.new > counts.new:
        raise _miscounted(text, start, counts, "more lines than that follow", end)
    raise _truncated(text, start, counts, seen, end)


def _fit(text: SourceText, block: list[tuple[int, Kind]], counts: Counts) -> list[Kind] | None:
    """Kinds for all lines of the block such that the counts come out, or None.

    A block of n lines has old + new - n context lines. So the number of lines that only look
    removed or added is known; which of them they are is known only when it is all or none.
    """
    context = counts.old + counts.new - len(block)
    looks: dict[Kind, list[int]] = {"removed": [], "added": []}
    for index, kind in block:
        if kind != "context":
            looks[kind].append(index)
    unmarked: dict[Kind, int] = {
        "removed": len(looks["removed"]) - (counts.old - context),
        "added": len(looks["added"]) - (counts.new - context),
    }
    if context < 0 or any(not 0 <= unmarked[kind] <= len(looks[kind]) for kind in looks):
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
    return ["context" if kind != "context" and unmarked[kind] else kind for _, kind in block]


def _truncated(text: SourceText, start: int, counts: Counts, seen: Counts, end: int) -> PatchError:
    stop = f"line {text.numbers[end]}" if end < len(text.lines) else "the end of the input"
    return text.error(
        start - 1,
        "hunk-truncated",
        f"the hunk announces {counts.old} old and {counts.new} new lines, but has {seen.old} and {seen.new}",
        f"it ends at {stop}; lines were lost, or the counts were edited",
    )


def _miscounted(text: SourceText, start: int, counts: Counts, what: str, index: int) -> PatchError:
    where = f"line {text.numbers[min(index, len(text.lines) - 1)]}"
    return text.error(
        start - 1,
        "hunk-counts",
        f"the hunk announces {counts.old} old and {counts.new} new lines, but {what} ({where})",
        "the counts were edited, or lines were added to the hunk by hand",
    )
