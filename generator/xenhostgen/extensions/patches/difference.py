# SPDX-License-Identifier: GPL-2.0-only
"""How two pieces of C differ, in the words of a review: by declaration and token."""

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from xenhostgen.csource.tokens import Token
from xenhostgen.extensions.patches.declarations import Declaration

_EXCERPT = 60  # characters of code that one message quotes from each side
_MESSAGES_PER_DECLARATION = 5


class Difference(NamedTuple):
    """``about`` is our declaration that differs, or theirs that is missing."""

    message: str
    about: Declaration
    at: Token | None = None
    """The first token of ours that differs, if it is tokens that do."""

    def __str__(self) -> str:
        place = f" (line {self.at.line}, column {self.at.column})" if self.at else ""
        return f"{self.message}{place}"


def differences(ours: Sequence[Declaration], theirs: Sequence[Declaration]) -> Iterator[Difference]:
    """Readable differences of code tokens.

    "missing" is what only ``theirs`` has, "extra" what only ``ours`` has; "order" and
    "'a' instead of 'b'" tell of ``ours`` first.
    """
    left, right = _by_label(ours), _by_label(theirs)
    for key, their in right.items():
        if key not in left:
            yield Difference(f"missing: {their.label}", their)
    for key, our in left.items():
        if key not in right:
            yield Difference(f"extra: {our.label}", our, our.tokens[0])
    common = [key for key in left if key in right]
    for key in common:
        for message, token in _compare(left[key], right[key]):
            yield Difference(f"{left[key].label}: {message}", left[key], token)
    in_their_order = [key for key in right if key in left]
    for tag, start, end, _, _ in SequenceMatcher(None, common, in_their_order).get_opcodes():
        if tag in ("delete", "replace"):
            for moved in common[start:end]:
                first, second = (common[start - 1], moved) if start else (moved, common[end])
                yield Difference(f"order: {first[0]} before {second[0]}", left[first])


def _by_label(declarations: Sequence[Declaration]) -> dict[tuple[str, int], Declaration]:
    """Declarations by label and by how many of that label stand before."""
    seen: Counter[str] = Counter()
    keyed = {}
    for declaration in declarations:
        keyed[declaration.label, seen[declaration.label]] = declaration
        seen[declaration.label] += 1
    return keyed


def _compare(ours: Declaration, theirs: Declaration) -> list[tuple[str, Token]]:
    """The runs of tokens that differ, each quoted, with its place in ``ours``."""
    if ours.tokens == theirs.tokens:
        return []
    messages = list(_runs(ours.tokens, theirs.tokens))
    if (others := len(messages) - _MESSAGES_PER_DECLARATION) > 0:
        _, token = messages[_MESSAGES_PER_DECLARATION]
        messages[_MESSAGES_PER_DECLARATION:] = [(f"and {others} more places", token)]
    return messages


def _runs(ours: Sequence[Token], theirs: Sequence[Token]) -> Iterator[tuple[str, Token]]:
    for tag, start, end, first, last in SequenceMatcher(None, ours, theirs).get_opcodes():
        token = ours[min(start, len(ours) - 1)]
        extra, missing = _excerpt(ours[start:end]), _excerpt(theirs[first:last])
        if tag == "replace":
            yield f"{extra} instead of {missing}", token
        elif tag != "equal":
            yield f"{'extra' if extra else 'missing'} {extra or missing}", token


def _excerpt(tokens: Sequence[Token]) -> str:
    text = " ".join(token.text or "end of the directive" for token in tokens)
    shown = text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1]}…"
    return f"'{shown}'" if text else ""
