# SPDX-License-Identifier: GPL-2.0-only
"""The matrix and the time lines as lines for a terminal of some width."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from xenhostgen.extensions.overview.matrix import Cell, cell, columns
from xenhostgen.extensions.overview.timeline import BOOTS_MAX, TimeLine, timelines
from xenhostgen.spec.model import Interface
from xenhostgen.verify.wording import Wording

GAP = "  "
LEGEND = {
    "set": "a name: the function that the table has",
    "fallback": "or …: what the wrapper does, as the table lacks the op",
    "NULL": "NULL: a call goes through NULL",
    "borrowed": "borrowed: as in the table of the guest that has it",
}
_NARROWEST = 40  # columns that lines are laid out for at least


def overview(spec: Interface, width: int) -> Iterator[str]:
    """All that ``show`` says of a spec."""
    width = max(width, _NARROWEST)
    yield from wrap(f"{spec.path}: {spec.interface}, ops: {len(spec.ops) or 'none'}", width)
    yield from matrix_lines(spec, width)
    wording, lines = Wording(spec), timelines(spec)
    for line in lines:
        yield ""
        yield from timeline_lines(wording, line, width)
    if sum(len(line.boots) for line in lines) == BOOTS_MAX:
        yield f"(these are the first {BOOTS_MAX} boots)"


def matrix_lines(spec: Interface, width: int) -> Iterator[str]:
    """The matrix, split where it is wider than ``width``; kinds where the names don't fit."""
    heads, labels = columns(spec), ["op", *(op.name for op in spec.ops)]
    cells = [[cell(op, column) for op in spec.ops] for column in heads]
    kinds = [[content.kind for content in column] for column in cells]
    room = width - _width(labels) - len(GAP)
    named = [list(map(_named, column)) for column in cells]
    texts = kinds if any(_width(column) > room for column in named) else named
    parts: list[list[Sequence[str]]] = []
    left = 0
    for head, column in zip(heads, texts, strict=True) if spec.ops else ():
        needed = len(GAP) + _width([head.name, *column])
        if needed > left:
            parts.append([labels])
            left = width - _width(labels)
        parts[-1].append([head.name, *column])
        left -= needed
    for part in parts:
        yield ""
        yield from _table(part)
    used = {kind for column in kinds for kind in column}
    shown = [text for kind, text in LEGEND.items() if kind in used and texts is named]
    yield from wrap(f"({'; '.join(shown)})" if shown else "", width)


def timeline_lines(wording: Wording, line: TimeLine, width: int) -> Iterator[str]:
    """A time line: a line a step, and below it what the slots hold, where that changes."""
    for number, begin in enumerate(line.boots):
        lead = "  or " if number else f"{line.kind}: boots "
        yield from wrap(f"{lead}{begin}", width, subsequent_indent="     ")
    stage_width = _width([moment.stage for moment in line.moments])
    before = None
    for number, moment in enumerate(line.moments, 1):
        start = f"{number:4} {moment.stage:{stage_width}} "
        margin, note = " " * len(start), f" [{moment.note}]" if moment.note else ""
        yield from wrap(f"{start} {moment.text}{note}", width, subsequent_indent=margin + "  ")
        if moment.state != before:
            holds = wording.state(moment.state)
            yield from wrap(f"{margin} = {holds}", width, subsequent_indent=margin + "   ")
        before = moment.state
    yield from wrap(f"     {outcome(wording, line)}", width, subsequent_indent="       ")


def outcome(wording: Wording, line: TimeLine) -> str:
    """What is promised, and what becomes of that by these steps."""
    promised = f"promised: {wording.state(line.promised)}"
    if line.is_kept:
        return f"{promised}: kept"
    early = f"; evaluated too early for {', '.join(line.early)}" if line.early else ""
    return f"{promised}: BROKEN, the slots hold {wording.state(line.final)}{early}"


def _named(content: Cell) -> str:
    """A cell with its function or fallback."""
    if content.kind == "set":
        return content.text
    return f"or {content.text}" if content.kind == "fallback" else content.kind


def _width(texts: Iterable[str]) -> int:
    return max(map(len, texts), default=0)


def _table(part: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns side by side."""
    widths = list(map(_width, part))
    for row in zip(*part, strict=True):
        padded = (f"{text:{width}}" for text, width in zip(row, widths, strict=True))
        yield GAP.join(padded).rstrip()
