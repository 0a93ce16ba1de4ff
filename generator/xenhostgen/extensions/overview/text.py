# SPDX-License-Identifier: GPL-2.0-only
"""The matrix and the time lines as lines for a terminal of some width."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import TextWrapper

from xenhostgen.extensions.overview.matrix import Cell, cell, columns
from xenhostgen.extensions.overview.timeline import BOOTS_MAX, TimeLine, timelines
from xenhostgen.spec.model import Interface
from xenhostgen.verify.wording import Wording

GAP = "  "
LEGEND = {
    "set": "a name: the table's function",
    "fallback": "or …: what the wrapper does, as the table lacks the op",
    "NULL": "NULL: a call goes through NULL",
    "borrowed": "borrowed: another guest's table",
}
_NARROWEST = 40  # columns that lines are laid out for at least


def overview(spec: Interface, width: int) -> Iterator[str]:
    """All that ``show`` says of a spec."""
    width = max(width, _NARROWEST)
    yield from _wrap(f"{spec.path}: {spec.interface}, ops: {len(spec.ops) or 'none'}", width)
    yield from matrix_lines(spec, width)
    wording, lines = Wording(spec), timelines(spec)
    for line in lines:
        yield ""
        yield from timeline_lines(wording, line, width)
    if sum(len(line.boots) for line in lines) == BOOTS_MAX:
        yield f"(these are the first {BOOTS_MAX} boots)"


def matrix_lines(spec: Interface, width: int) -> Iterator[str]:
    """The matrix, split where it is wider than ``width``."""
    labels = ["op", *(op.name for op in spec.ops)]
    parts: list[list[Sequence[str]]] = []
    kinds: set[str] = set()
    left = 0
    for head in columns(spec) if spec.ops else ():
        cells = [cell(op, head) for op in spec.ops]
        kinds.update(content.kind for content in cells)
        texts = [head.name, *map(_named, cells)]
        needed = len(GAP) + _width(texts)
        if needed > left:
            parts.append([labels])
            left = width - _width(labels)
        parts[-1].append(texts)
        left -= needed
    for part in parts:
        yield ""
        yield from _table(part)
    legend = "; ".join(text for kind, text in LEGEND.items() if kind in kinds)
    yield from _wrap(f"({legend})" if legend else "", width)


def timeline_lines(wording: Wording, line: TimeLine, width: int) -> Iterator[str]:
    """A time line: a line a step, and below it what the slots hold, where that changes."""
    for number, begin in enumerate(line.boots):
        lead = "  or " if number else f"{line.kind}: boots "
        yield from _wrap(f"{lead}{begin}", width, "     ")
    stage_width = _width([moment.stage for moment in line.moments])
    before = None
    for number, moment in enumerate(line.moments, 1):
        start = f"{number:4} {moment.stage:{stage_width}} "
        margin, note = " " * len(start), f" [{moment.note}]" if moment.note else ""
        yield from _wrap(f"{start} {moment.text}{note}", width, margin + "  ")
        if moment.state != before:
            holds = wording.state(moment.state)
            yield from _wrap(f"{margin} = {holds}", width, margin + "   ")
        before = moment.state
    yield from _wrap(f"     {outcome(wording, line)}", width, "       ")


def outcome(wording: Wording, line: TimeLine) -> str:
    """What is promised, and what becomes of that by these steps."""
    if line.is_kept:
        return "promise kept"
    early = f"; condition evaluated too early for {', '.join(line.early)}" if line.early else ""
    return f"promise BROKEN: {wording.state(line.promised)}{early}"


def _wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most ``width``, but for a word that is longer."""
    wrapper = TextWrapper(width, "", indent, break_long_words=False, break_on_hyphens=False)
    return wrapper.wrap(text)


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
