# SPDX-License-Identifier: GPL-2.0-only
"""Put raw blocks into rendered texts: what a spec keeps as it is, where it stood."""

import re
from collections.abc import Callable, Iterable, Sequence

from xenhostgen.spec.model import Raw
from xenhostgen.spec.source import Problem, Refused

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def lines_of(text: str) -> list[str]:
    """The lines of a text with their ends; form feeds and the like are no line ends."""
    return _LINE.findall(text)


def spliced(
    texts: Sequence[str], kept: Iterable[Raw], spec_path: str, plain: Callable[[str], str] = str
) -> list[str]:
    """The texts of one file with its raw blocks, whose places are looked for from the top down.

    ``plain`` makes of a line what the blocks go by.

    Raises ``Refused`` where the lines that a block goes by aren't rendered.
    """
    lines = [(line, owner) for owner, text in enumerate(texts) for line in lines_of(text)]
    rendered = [plain(line) for line, _ in lines]
    made: list[list[str]] = [[] for _ in texts]
    done = 0
    for raw in kept:
        above = lines_of(raw.after)
        marks = [*above, *lines_of(raw.instead)]
        ends = len(lines) - len(marks) + 1
        row = next(
            (row for row in range(done, ends) if rendered[row : row + len(marks)] == marks), None
        )
        if row is None or not texts:
            message = (
                f"the lines that a raw block of {raw.file} goes by aren't rendered there any more"
            )
            hint = "bring 'after' and 'instead' in line with what is rendered, or remove the block"
            raise Refused([Problem("raw-place", message, spec_path, raw.at, hint)])
        for line, owner in lines[done : row + len(above)]:
            made[owner].append(line)
        owners = lines[max(0, row + len(above) - 1) :]
        made[owners[0][1] if owners else 0].append(raw.text)
        done = row + len(marks)
    for line, owner in lines[done:]:
        made[owner].append(line)
    return ["".join(part) for part in made]
