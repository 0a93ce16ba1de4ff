# SPDX-License-Identifier: GPL-2.0-only
"""How our code differs from a patch's: from its text if it is at hand, or else from its digests."""

from collections import Counter
from collections.abc import Iterator, Sequence

from xenhostgen.csource.declarations import Declaration
from xenhostgen.csource.difference import differences
from xenhostgen.patch.errors import printable
from xenhostgen.patch.reference import FileFacts, Piece, pieces


def code_differences(ours: Sequence[Declaration], theirs: FileFacts) -> Iterator[tuple[str, int, int]]:
    """Each difference with its line and column in ours; zeros where only the patch has it."""
    if list(pieces(ours)) == theirs.code:
        return
    if theirs.code and not theirs.declarations:
        yield from _by_digest(ours, theirs.code)
        return
    for told in differences(ours, theirs.declarations):
        start = told.at or told.about.tokens[0]
        if told.message.startswith("missing: "):
            yield printable(f"{told.message} (line {start.line} after the patch)"), 0, 0
        else:
            yield printable(told.message), start.line, start.column


def _by_digest(ours: Sequence[Declaration], theirs: Sequence[Piece]) -> Iterator[tuple[str, int, int]]:
    """The differences as far as digests tell."""
    mine = pieces(ours)
    starts = {piece: one.tokens[0] for piece, one in zip(reversed(mine), reversed(ours), strict=True)}
    extra, missing = Counter(mine) - Counter(theirs), Counter(theirs) - Counter(mine)
    our_labels, their_labels = {one.label for one in extra}, {one.label for one in missing}
    yield from ((f"missing: {one.label}", 0, 0) for one in missing if one.label not in our_labels)
    told = [(f"{one.label}: other code" if one.label in their_labels else f"extra: {one.label}", one) for one in extra]
    both = zip((one for one in mine if one not in extra), (one for one in theirs if one not in missing), strict=False)
    if moved := next(((one, other) for one, other in both if one != other), None):
        told.append((f"order: {moved[0].label} before {moved[1].label}", moved[0]))
    yield from ((message, starts[one].line, starts[one].column) for message, one in told)
