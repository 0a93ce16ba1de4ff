# SPDX-License-Identifier: GPL-2.0-only
"""How two pieces of C differ, said the way a reviewer would: by declaration, item and token."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import partial
from itertools import takewhile
from operator import ne
from typing import NamedTuple, TypeVar

from xenhostgen.csource.declarations import Declaration, declared_names, digest, nested
from xenhostgen.csource.tokens import Token

_EXCERPT = 60  # characters of code that one message quotes from each side
_MESSAGES_PER_DECLARATION = 5
# Kinds whose brace list holds items with names; a function's body is compared token by token.
_LISTS = frozenset({"enum", "struct", "union", "typedef", "variable"})
_MEMBERS = frozenset({"struct", "union", "typedef"})

_Told = tuple[str, Token | None]
_T = TypeVar("_T")  # Python 3.11 has no shorter way


class Difference(NamedTuple):
    """``about`` is the declaration of ours that differs, or theirs that is missing; ``at`` the token, if it is one."""

    message: str
    about: Declaration
    at: Token | None = None

    def __str__(self) -> str:
        return (
            f"{self.message} (line {self.at.line}, column {self.at.column})"
            if self.at
            else self.message
        )


def differences(ours: Sequence[Declaration], theirs: Sequence[Declaration]) -> Iterator[Difference]:
    """Readable differences of code tokens.

    "missing" is what only ``theirs`` has, "extra" what only ``ours`` has; "x before y" and
    "'a' instead of 'b'" tell of ``ours`` first.
    """
    pairs = _paired(ours, theirs)
    paired = set(pairs.values())
    yield from (
        Difference(f"missing: {one.label}", one)
        for at, one in enumerate(theirs)
        if at not in paired
    )
    yield from (
        Difference(f"extra: {one.label}", one, one.tokens[0])
        for at, one in enumerate(ours)
        if at not in pairs
    )
    for at, one in enumerate(ours):
        for text, token in _inside(one, theirs[pairs[at]]) if at in pairs else ():
            yield Difference(f"{one.label}: {text}", one, token)
    for first, second in _moved(sorted(pairs), sorted(pairs, key=pairs.__getitem__)):
        yield Difference(f"order: {ours[first].label} before {ours[second].label}", ours[first])


def _paired(ours: Sequence[Declaration], theirs: Sequence[Declaration]) -> dict[int, int]:
    """The index in theirs for those in ours: equal declarations first, then those of one name."""
    pairs: dict[int, int] = {}
    for key_of in (lambda d: (d.kind, digest(d)), lambda d: (d.kind, d.name)):
        taken = set(pairs.values())
        waiting: dict[tuple[str, str], list[int]] = defaultdict(list)
        for at in reversed(range(len(theirs))):
            if at not in taken:
                waiting[key_of(theirs[at])].append(at)
        for at, our in enumerate(ours):
            if at not in pairs and (same := waiting[key_of(our)]):
                pairs[at] = same.pop()
    return pairs


def _moved(ours: Sequence[_T], theirs: Sequence[_T]) -> Iterator[tuple[_T, _T]]:
    """Yield (moved item, the item it now precedes) until the rest of both orders agrees."""
    done: set[_T] = set()
    rest = iter(ours)
    for wanted in theirs:
        for item in takewhile(partial(ne, wanted), rest) if wanted not in done else ():
            done.add(item)
            yield item, wanted


def _inside(our: Declaration, their: Declaration) -> list[_Told]:
    """What differs between two declarations of one name."""
    if our.kind not in _LISTS or our.body is None or their.body is None:
        return _tokens_differ(our.tokens, their.tokens)
    (begin, end), (their_begin, their_end) = our.body, their.body
    told = _tokens_differ(our.tokens[:begin], their.tokens[:their_begin])
    told += _tokens_differ(our.tokens[end:], their.tokens[their_end:])
    told += _items_differ(
        _items(our, our.tokens[begin:end]), _items(their, their.tokens[their_begin:their_end])
    )
    # A comma behind the last item, say, is in no item.
    return told or _tokens_differ(our.tokens, their.tokens)


def _items(declaration: Declaration, body: Sequence[Token]) -> dict[str, list[Token]]:
    """The items of a brace list by name: enumerators, members, entries."""
    separator = ";" if declaration.kind in _MEMBERS else ","
    items: list[list[Token]] = [[]]
    for token, depth, _ in nested(body):
        if depth == 0 and token.text == separator:
            items.append([])
        else:
            items[-1].append(token)
    if not items[-1]:
        items.pop()
    return {_item_name(declaration, item, number): item for number, item in enumerate(items, 1)}


def _item_name(declaration: Declaration, item: list[Token], number: int) -> str:
    words = [token.text for token in item]
    if declaration.kind in _MEMBERS:
        names = [name for name in declared_names(item) if name not in _MEMBERS]
        return ", ".join(names) or f"member {number}"
    if declaration.kind == "enum":
        return words[0] if words else ""
    if "=" in words and words[0] in (".", "["):
        return "".join(words[: words.index("=")])
    return f"item {number}"


def _items_differ(ours: dict[str, list[Token]], theirs: dict[str, list[Token]]) -> list[_Told]:
    told: list[_Told] = [(f"missing {name}", None) for name in theirs if name not in ours]
    told += [(f"extra {name}", None) for name in ours if name not in theirs]
    both = [name for name in ours if name in theirs]
    for name in both:
        told += _tokens_differ(ours[name], theirs[name])
    moved = _moved(both, [name for name in theirs if name in ours])
    return told + [(f"{first} before {second}", None) for first, second in moved]


def _tokens_differ(ours: Sequence[Token], theirs: Sequence[Token]) -> list[_Told]:
    """The runs of tokens that differ, each quoted, with its place in ``ours``."""
    our_codes, their_codes = [t.code for t in ours], [t.code for t in theirs]
    if our_codes == their_codes:
        return []
    told: list[_Told] = []
    for tag, i, i_end, j, j_end in SequenceMatcher(None, our_codes, their_codes).get_opcodes():
        if tag == "equal":
            continue
        mine, others = _excerpt(ours[i:i_end]), _excerpt(theirs[j:j_end])
        said = {
            "delete": f"extra {mine}",
            "insert": f"missing {others}",
            "replace": f"{mine} instead of {others}",
        }
        told.append((said[tag], ours[min(i, len(ours) - 1)] if ours else None))
    if more := told[_MESSAGES_PER_DECLARATION:]:
        told[_MESSAGES_PER_DECLARATION:] = [(f"and {len(more)} more places", None)]
    return told


def _excerpt(tokens: Sequence[Token]) -> str:
    text = " ".join(token.text or "end of the directive" for token in tokens)
    return f"'{text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + '…'}'"
