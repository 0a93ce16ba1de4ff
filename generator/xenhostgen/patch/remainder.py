# SPDX-License-Identifier: GPL-2.0-only
"""What a lifted spec doesn't say yet: the lines by which its rendering differs from what was lifted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from xenhostgen.patch.lift_header import Data, compact
from xenhostgen.patch.lift_input import Input, Stretch, squeezed
from xenhostgen.render.files import Rendering
from xenhostgen.render.raw import lines_of

SLOW = 4000  # lines, beyond which the comparison leaves lines out of account that stand everywhere


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a file's lines were lifted; ``raw`` are the others, by their numbers in the file."""

    path: str
    lines: int
    raw: tuple[int, ...]


def remainder(given: Input, rendering: Rendering) -> tuple[list[Data], list[Share]]:
    """The raw blocks that make a rendering what was given, and each file's share."""
    blocks: list[Data] = []
    shares: list[Share] = []
    for path, text in sorted(given.whole.items()):
        key = squeezed if path in given.collapsed else str
        lines = lines_of(text)
        differing = _differing(lines_of(rendering.files.get(path, "")), lines, key)
        made = [compact(file=path, **_anchored) for _anchored, _ in differing]
        blocks += made
        raw = [number for _, rows in differing for number in range(rows.start + 1, rows.stop + 1)]
        shares.append(Share(path, len(lines), tuple(raw)))
    for path, stretches in sorted(given.stretches.items()):
        texts = [lines_of(fragment.text) for fragment in rendering.fragments if fragment.file == path]
        made, share = _of_stretches(path, texts, stretches, path in given.collapsed)
        blocks += made
        shares.append(share)
    return blocks, shares


def _differing(ours: Sequence[str], theirs: Sequence[str], key: Callable[[str], str]) -> list[tuple[Data, range]]:
    """For each difference where it is told by, as ``spliced`` will look for it, and the rows of theirs."""
    quick = len(ours) + len(theirs) > SLOW
    matcher = SequenceMatcher(None, [*map(key, ours)], [*map(key, theirs)], autojunk=quick)
    made = []
    done = 0
    for kind, begin, end, first, last in matcher.get_opcodes():
        if kind != "equal":
            start = begin
            # As few lines above as tell the place from any that is similar.
            while start > done and _first(ours, ours[start:end], done) != start:
                start -= 1
            words = {"after": ours[start:begin], "instead": ours[begin:end], "text": theirs[first:last]}
            made.append(({name: "".join(lines) for name, lines in words.items()}, range(first, last)))
            done = end
    return made


def _first(lines: Sequence[str], wanted: Sequence[str], begin: int) -> int:
    return next(row for row in range(begin, len(lines) + 1) if lines[row : row + len(wanted)] == wanted)


def _of_stretches(
    path: str, texts: list[list[str]], stretches: Sequence[Stretch], collapsed: bool
) -> tuple[list[Data], Share]:
    """As for whole files, but blank lines don't count: they are a matter of placing.

    Lines away from all that is rendered, and removed ones, get a place of their own.
    """
    filled = [[line for line in text if line.strip()] for text in texts]
    lifted = {squeezed(line) for text in filled for line in text}
    key = squeezed if collapsed else str
    near: list[tuple[str, int]] = []
    blocks: list[Data] = []
    raw: list[int] = []
    total = 0
    for stretch in stretches:
        for row, lines in stretch.removed:
            blocks.append(compact(file=path, instead=_text(lines), place=_place(stretch, row, row)))
            raw += [stretch.first + row] * len(lines)
            total += len(lines)
        for rows in stretch.blocks():
            total += len(rows)
            lines = [stretch.lines[row] for row in rows]
            if any(squeezed(line) in lifted for line in lines):
                near += [
                    (line + "\n", stretch.first + row) for line, row in zip(lines, rows, strict=True) if line.strip()
                ]
            elif _text(lines).strip():
                blocks.append(compact(file=path, text=_text(lines), place=_place(stretch, rows.start, rows.stop)))
                raw += [stretch.first + row for row in rows]
    near = _ordered(near, filled, key)
    ours = [line for text in filled for line in text]
    for words, rows in _differing(ours, [line for line, _ in near], key):
        blocks.append(compact(file=path, **words))
        raw += [near[row][1] for row in rows]
    return blocks, Share(path, total, tuple(sorted(raw)))


def _ordered(near: list[tuple[str, int]], texts: list[list[str]], key: Callable[[str], str]) -> list[tuple[str, int]]:
    """Lines in the order of the fragments that they make up; others stay behind those they follow."""
    keys = [key(line) for line, _ in near]
    order = [-1] * len(near)
    for index, text in enumerate(texts):
        wanted, size = [*map(key, text)], len(text)
        free = (row for row in range(len(keys) - size + 1) if size and keys[row : row + size] == wanted)
        row = next((row for row in free if order[row] < 0), None)
        if row is not None:
            order[row : row + size] = [index] * size
    for row in range(len(order)):
        order[row] = order[row] if order[row] >= 0 else order[row - 1] if row else 0
    return [near[row] for row in sorted(range(len(near)), key=order.__getitem__)]


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _place(stretch: Stretch, begin: int, end: int) -> Data:
    above = [line.strip() for line in stretch.lines[:begin] if line.strip()]
    below = [line.strip() for line in stretch.lines[end:] if line.strip()]
    if above or below:
        return {"after": above[-1]} if above else {"before": below[0]}
    return {"after": "?"}
