# SPDX-License-Identifier: GPL-2.0-only
"""How two pieces of C differ, said the way a reviewer would: by declaration, item and token."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

from xenhostgen.csource.declarations import Declaration, declared_names, digest
from xenhostgen.csource.tokens import Token

_EXCERPT = 60  # characters of code that one message quotes from each side
_MESSAGES_PER_DECLARATION = 5
# Kinds whose brace list holds items with names; a function's body is compared token by token.
_LISTS = frozenset({"enum", "struct", "union", "typedef", "variable"})
_MEMBERS = frozenset({"struct", "union", "typedef"})


def describe_difference(ours: Sequence[Declaration], theirs: Sequence[Declaration]) -> list[str]:
    """Readable differences of code tokens; empty when there are none.

    "missing" is what only ``theirs`` has, "extra" what only ``ours`` has; "x before y" and
    "'a' instead of 'b'" tell of ``ours`` first, and lines and columns are those of ``ours``.
    """
    pairs, missing, extra = _paired(ours, theirs)
    messages = [f"missing: {declaration.label}" for declaration in missing]
    messages += [f"extra: {declaration.label} ({_place(declaration.tokens[0])})" for declaration in extra]
    for our, their in pairs:
        messages += [f"{our.label}: {text}" for text in _inside(our, their)]
    labels = {id(their): our.label for our, their in pairs}
    our_order = [id(their) for _, their in sorted(pairs, key=lambda pair: _start(pair[0]))]
    their_order = [id(their) for _, their in sorted(pairs, key=lambda pair: _start(pair[1]))]
    messages += [f"order: {labels[first]} before {labels[second]}" for first, second in _moved(our_order, their_order)]
    return messages


_Pairs = list[tuple[Declaration, Declaration]]
_T = TypeVar("_T")  # Python 3.11 has no shorter way


def _paired(
    ours: Sequence[Declaration], theirs: Sequence[Declaration]
) -> tuple[_Pairs, list[Declaration], list[Declaration]]:
    """Pair equal declarations first, then those of one name; the rest is missing or extra."""
    pairs: _Pairs = []
    for key_of in (lambda d: (d.kind, digest(d)), lambda d: (d.kind, d.name)):
        waiting: dict[tuple[str, str], list[Declaration]] = defaultdict(list)
        for declaration in reversed(theirs):
            waiting[key_of(declaration)].append(declaration)
        unmatched = []
        taken = set()
        for our in ours:
            same = waiting[key_of(our)]
            if same:
                their = same.pop()
                pairs.append((our, their))
                taken.add(id(their))
            else:
                unmatched.append(our)
        ours, theirs = unmatched, [their for their in theirs if id(their) not in taken]
    return pairs, list(theirs), list(ours)


def _start(declaration: Declaration) -> tuple[int, int]:
    return declaration.tokens[0].line, declaration.tokens[0].column


def _place(token: Token) -> str:
    return f"line {token.line}, column {token.column}"


def _moved(ours: Sequence[_T], theirs: Sequence[_T]) -> Iterator[tuple[_T, _T]]:
    """Yield (moved item, the item it now precedes) until the rest of both orders agrees."""
    done: set[_T] = set()
    position = 0
    for item in theirs:
        if item in done:
            continue
        while position < len(ours) and ours[position] != item:
            if ours[position] not in done:
                done.add(ours[position])
                yield ours[position], item
            position += 1
        position += 1


def _inside(our: Declaration, their: Declaration) -> list[str]:
    """What differs between two declarations of one name."""
    if [t.code for t in our.tokens] == [t.code for t in their.tokens]:
        return []
    our_body, their_body = our.body, their.body
    if our.kind not in _LISTS or our_body is None or their_body is None:
        return _tokens_differ(our.tokens, their.tokens)
    outside = [
        _tokens_differ(our.tokens[: our_body[0]], their.tokens[: their_body[0]]),
        _tokens_differ(our.tokens[our_body[1] :], their.tokens[their_body[1] :]),
    ]
    messages = [message for part in outside for message in part]
    messages += _items_differ(_items(our, our_body), _items(their, their_body))
    # A comma behind the last item, say, is in no item.
    return messages or _tokens_differ(our.tokens, their.tokens)


def _items(declaration: Declaration, body: tuple[int, int]) -> dict[str, list[Token]]:
    """The items of a brace list by name: enumerators, members, entries."""
    separator = ";" if declaration.kind in _MEMBERS else ","
    items: dict[str, list[Token]] = {}
    item: list[Token] = []
    depth = 0
    for token in declaration.tokens[slice(*body)]:
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if depth == 0 and token.text == separator:
            items[_item_name(declaration, item, len(items))] = item
            item = []
        else:
            item.append(token)
    if item:
        items[_item_name(declaration, item, len(items))] = item
    return items


def _item_name(declaration: Declaration, item: list[Token], index: int) -> str:
    words = [token.text for token in item]
    if declaration.kind in _MEMBERS:
        names = [name for name in declared_names(item) if name not in _MEMBERS]
        return ", ".join(names) or f"member {index + 1}"
    if declaration.kind == "enum":
        return words[0] if words else ""
    if "=" in words and words[0] in (".", "["):
        return "".join(words[: words.index("=")])
    return f"item {index + 1}"


def _items_differ(ours: dict[str, list[Token]], theirs: dict[str, list[Token]]) -> list[str]:
    messages = [f"missing {name}" for name in theirs if name not in ours]
    messages += [f"extra {name}" for name in ours if name not in theirs]
    for name, item in ours.items():
        if name in theirs:
            messages += _tokens_differ(item, theirs[name])
    messages += [
        f"{first} before {second}"
        for first, second in _moved(
            [name for name in ours if name in theirs], [name for name in theirs if name in ours]
        )
    ]
    return messages


def _tokens_differ(ours: Sequence[Token], theirs: Sequence[Token]) -> list[str]:
    """The runs of tokens that differ, each quoted, with its place in ``ours``."""
    our_codes, their_codes = [t.code for t in ours], [t.code for t in theirs]
    if our_codes == their_codes:
        return []
    messages = []
    for tag, i, i_end, j, j_end in SequenceMatcher(None, our_codes, their_codes).get_opcodes():
        if tag == "equal":
            continue
        near = ours[min(i, len(ours) - 1)] if ours else None
        place = f" ({_place(near)})" if near else ""
        mine, others = _excerpt(ours[i:i_end]), _excerpt(theirs[j:j_end])
        if tag == "delete":
            messages.append(f"extra {mine}{place}")
        elif tag == "insert":
            messages.append(f"missing {others}{place}")
        else:
            messages.append(f"{mine} instead of {others}{place}")
    if len(messages) > _MESSAGES_PER_DECLARATION:
        more = len(messages) - _MESSAGES_PER_DECLARATION
        messages[_MESSAGES_PER_DECLARATION:] = [f"and {more} more places"]
    return messages


def _excerpt(tokens: Sequence[Token]) -> str:
    text = " ".join(token.text or "end of the directive" for token in tokens)
    return f"'{text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + '…'}'"
