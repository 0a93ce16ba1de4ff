# SPDX-License-Identifier: GPL-2.0-only
"""Patches whose white space a web archive has collapsed: the markers of context put back.

There, a line that starts with `-` may be context too (`-EINVAL,`); the counts in the `@@` line
tell. Where they leave a choice, nothing is guessed.
"""

import re

_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_SIGNATURE = re.compile(rb"^-- ?\n(?:\d+\.\d+|\Z)", re.MULTILINE)
_NEXT = re.compile(rb"diff --git |@@ -|--- .*\n\+\+\+ |-- ?\n(?:\d+\.\d+|\Z)")
_NO_NEWLINE = b"\\ "


class Ambiguous(Exception):
    """A hunk's counts fit no way of reading its lines, or several; ``line`` is that of its `@@`."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def has_blanks(patch: bytes, white_space: bytes) -> bool:
    """Whether hunks have white space as code has it, or context its markers: a pattern of it."""
    hunks = patch[max(patch.find(b"\n@@ "), 0) :]
    signature = _SIGNATURE.search(hunks)
    return bool(re.search(white_space, hunks[: signature and signature.start()], re.MULTILINE))


def with_markers(patch: bytes) -> bytes:
    """The patch with a blank in front of each line of context that lost it.

    Raises ``Ambiguous``.
    """
    lines = [line + b"\n" for line in patch.split(b"\n")]
    row = 0
    while row < len(lines):
        head = _HUNK.match(lines[row])
        row += 1
        if head:
            old, new = (int(count or 1) for count in head.groups())
            for at in _context(lines, row, old, new):
                lines[at] = b" " + lines[at]
    return b"".join(lines)[:-1]


def _context(lines: list[bytes], start: int, old: int, new: int) -> list[int]:
    """The rows of a hunk's context that lost their markers. Raises ``Ambiguous``."""
    rows: list[int] = []
    left = [old, new]
    for row in range(start, len(lines)):
        if left == [0, 0] or _NEXT.match(b"".join(lines[row : row + 2])):
            break
        if not lines[row].startswith(_NO_NEWLINE):
            rows.append(row)
            left[0] -= not lines[row].startswith(b"+")
            left[1] -= not lines[row].startswith(b"-")
    while (unmarked := _unmarked(lines, rows, old, new)) is None:
        # Blank lines at the end may belong to the mail instead.
        if left == [0, 0] or not rows or lines[rows[-1]].strip():
            raise Ambiguous(start)
        rows.pop()
    return unmarked


def _unmarked(lines: list[bytes], rows: list[int], old: int, new: int) -> list[int] | None:
    """The rows of context such that the counts come out; None if there aren't any or several.

    A hunk of n lines has old + new - n lines of context. So the number of lines that only look
    removed or added is known; which of them they are is known only when it is all or none.
    """
    context = [row for row in rows if not lines[row].startswith((b"+", b"-"))]
    common = old + new - len(rows)
    for mark, count in ((b"-", old - common), (b"+", new - common)):
        marked = [row for row in rows if lines[row].startswith(mark)]
        if count not in (0, len(marked)):
            return None
        context += [] if count else marked
    return context if len(context) == common else None
