# SPDX-License-Identifier: GPL-2.0-only
"""How our code differs from a patch's: from its text if it is at hand, or else from its digests."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from xenhostgen.csource.declarations import Declaration
from xenhostgen.csource.difference import describe_difference
from xenhostgen.patch.errors import printable
from xenhostgen.patch.reference import FileFacts, Piece, pieces

_PLACE = re.compile(r" \(line (\d+), column (\d+)\)$")


def code_differences(ours: Sequence[Declaration], theirs: FileFacts) -> Iterator[tuple[str, int, int]]:
    """Each difference with its line and column in ours; zeros where only the patch has it."""
    if list(pieces(ours)) == theirs.code:
        return
    at_hand = theirs.declarations or not theirs.code
    told = describe_difference(ours, theirs.declarations) if at_hand else _by_digest(pieces(ours), theirs.code)
    after = {f"missing: {one.label}": one.tokens[0].line for one in theirs.declarations}
    for message in told:
        if exact := _PLACE.search(message):
            yield printable(message[: exact.start()]), int(exact[1]), int(exact[2])
        elif message in after:
            yield printable(f"{message} (line {after[message]} after the patch)"), 0, 0
        else:
            about = f"{message.removeprefix('order: ').removeprefix('extra: ')} "
            starts = (one.tokens[0] for one in ours if about.startswith((f"{one.label} ", f"{one.label}: ")))
            start = next(starts, None)
            yield printable(message), *((start.line, start.column) if start else (0, 0))


def _by_digest(ours: Sequence[Piece], theirs: Sequence[Piece]) -> Iterator[str]:
    """The differences as far as digests tell."""
    extra, missing = Counter(ours) - Counter(theirs), Counter(theirs) - Counter(ours)
    our_labels, their_labels = {one.label for one in extra}, {one.label for one in missing}
    yield from (f"missing: {one.label}" for one in missing if one.label not in our_labels)
    for one in extra:
        yield f"{one.label}: other code" if one.label in their_labels else f"extra: {one.label}"
    both = ([one for one in ours if one not in extra], [one for one in theirs if one not in missing])
    moved = next(((one, other) for one, other in zip(*both, strict=False) if one != other), None)
    if moved:
        yield f"order: {moved[0].label} before {moved[1].label}"
