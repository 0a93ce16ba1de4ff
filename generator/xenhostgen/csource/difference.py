# SPDX-License-Identifier: GPL-2.0-only
"""How two pieces of C differ, in the words of a review: by declaration and token."""

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import chain
from typing import NamedTuple, TypeAlias

from xenhostgen.csource.declarations import Declaration, nested
from xenhostgen.csource.tokens import Token

_EXCERPT = 60  # characters of code that one message quotes from each side
_MESSAGES_PER_DECLARATION = 5
_LISTS = ("enum", "struct", "union", "typedef", "variable")  # kinds with a list of items in braces

_Item: TypeAlias = tuple[Token, ...]


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
    messages: list[tuple[str, Token]] = []
    if ours.tokens == theirs.tokens:
        return messages
    for token, extra, missing in _runs(_items(ours), _items(theirs)):
        message = f"{extra} instead of {missing}"
        if not (extra and missing):
            message = f"extra {extra}" if extra else f"missing {missing}"
        messages.append((message, token))
    if (others := len(messages) - _MESSAGES_PER_DECLARATION) > 0:
        _, token = messages[_MESSAGES_PER_DECLARATION]
        messages[_MESSAGES_PER_DECLARATION:] = [(f"and {others} more places", token)]
    return messages


def _items(declaration: Declaration) -> list[_Item]:
    """A declaration's tokens; each enumerator, member or entry of its list is one item."""
    items: list[_Item] = []
    in_item = False
    for token, before, after in nested(declaration.tokens):
        is_inside = before > 0 and after > 0 and declaration.kind in _LISTS
        continues = is_inside and (before > 1 or after > 1 or token.text not in (",", ";"))
        if in_item and continues:
            items[-1] += (token,)
        else:
            items.append((token,))
        in_item = continues
    return items


def _runs(ours: Sequence[_Item], theirs: Sequence[_Item]) -> Iterator[tuple[Token, str, str]]:
    """Each place in ``ours`` with excerpts of what only ``ours`` and only ``theirs`` has there."""
    for tag, start, end, other, other_end in SequenceMatcher(None, ours, theirs).get_opcodes():
        are_items = tag == "replace" and min(len(ours[start]), len(theirs[other])) > 1
        if are_items:
            left, right = ([(token,) for token in item] for item in (ours[start], theirs[other]))
            yield from _runs(left, right)
        extra, missing = ours[start + are_items : end], theirs[other + are_items : other_end]
        if tag != "equal" and (extra or missing):
            at = ours[min(start + are_items, len(ours) - 1)][0]
            yield at, _excerpt(extra), _excerpt(missing)


def _excerpt(items: Sequence[_Item]) -> str:
    """Code in quotes; empty if there is none."""
    tokens = chain.from_iterable(items)
    text = " ".join(token.text or "end of the directive" for token in tokens)
    return text and f"'{text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + '…'}'"
