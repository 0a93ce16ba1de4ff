# SPDX-License-Identifier: GPL-2.0-only
"""A patch without what a spec's carry patch adds, so that the rest can be held against the spec."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from xenhostgen.extensions.patches.hunks import Hunk, HunkLine, PatchFile


def uncarried(files: Sequence[PatchFile], carry: Mapping[str, PatchFile]) -> list[PatchFile]:
    """The changes of kernel files without those carried; files that only the carry changes go."""
    kept = []
    for file in files:
        if file.path not in carry or file.change == "new":
            kept.append(file)
            continue
        changes = carry[file.path].hunks
        hunks = [_without_all(hunk, changes) for hunk in file.hunks]
        changed = [hunk for hunk in hunks if any(line.kind != "context" for line in hunk.lines)]
        if changed:
            kept.append(replace(file, hunks=tuple(changed)))
    return kept


def _without_all(hunk: Hunk, changes: Sequence[Hunk]) -> Hunk:
    # From the last to the first, so that each is found where it stands.
    for change in reversed(changes):
        hunk = _without(hunk, change)
    return hunk


def _without(hunk: Hunk, change: Hunk) -> Hunk:
    """The hunk as it is before a change of its outcome; as it is if the change isn't in it."""
    rows = [row for row, line in enumerate(hunk.lines) if line.kind != "removed"]
    wanted = [line.text for line in change.after]
    texts = [hunk.lines[row].text for row in rows]
    starts = range(len(texts) - len(wanted) + 1)
    start = next((at for at in starts if texts[at : at + len(wanted)] == wanted), None)
    if start is None:
        return hunk
    following = iter([*rows[start:], len(hunk.lines)])
    done = rows[start] if wanted else 0
    lines = list(hunk.lines[:done])
    for line in change.lines:
        if line.kind == "removed":
            gone = hunk.lines[done] if done < len(hunk.lines) else None
            if gone and (gone.kind, gone.text) == ("removed", line.text):
                lines.append(gone._replace(kind="context"))
                done += 1
            else:
                lines.append(HunkLine("added", line.text, hunk.number, line.newline))
            continue
        row = next(following)
        between = [each for each in hunk.lines[done:row] if each.kind == "removed"]
        lines += [*between, hunk.lines[row]] if line.kind == "context" else between
        done = row + 1
    return replace(hunk, lines=(*lines, *hunk.lines[done:]))
