# SPDX-License-Identifier: GPL-2.0-only
"""Probes: what the templates render of a spec with holes, matched token by token against C.

A hole is a made-up word in place of a text of the spec. Where the rendered C and somebody's C agree
but for holes, what stands in their places are the texts. Nothing here knows what the C looks like:
a template that changes is read as it is then.
"""

import json
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import chain
from typing import Any

from xenhostgen.csource.tokens import code_tokens
from xenhostgen.extensions.patches.lift_c import Piece, Remark, pieces, within
from xenhostgen.render.files import Renderer
from xenhostgen.spec.load import unchecked
from xenhostgen.spec.model import Interface, Misuse
from xenhostgen.spec.shape import Choice, Key

Data = dict[str, Any]
HOLE = "hole"
"""Stands in a candidate for a text that is to be read."""

_HOLES = re.compile(r"(hole\d+z)", re.I)
_NOWHERE = {"after": "nowhere"}
# What every spec has, for one of which only a part is known yet.
_BARE: Data = {
    "source": {"file": "nowhere.c"},
    "object": {"file": "nowhere", "place": _NOWHERE},
    "predicates": {"file": "nowhere.h", "place": _NOWHERE, "macros": []},
    "guests": {},
    "kinds": {},
    "kernel": {},
}


def match(probe: Piece, piece: Piece, head: str = "") -> dict[str, str] | None:
    """What stands in the holes of a piece, or of other code in its place; None if they differ.

    Of what has braces only the head counts. What stands in capitals is told in small letters.
    """
    values: dict[str, str] = {}
    if _HOLES.search(probe.head):
        pattern, capitals = _pattern(probe.head)
        fitting = pattern.fullmatch(head or piece.head)
        if not fitting:
            return None
        values = {
            hole: text.lower() if hole in capitals else text
            for hole, text in fitting.groupdict().items()
        }
    elif _tokens(probe.head) != _tokens(head or piece.head):
        return None
    return values | _remarks(probe.remarks, piece.remarks)


@lru_cache(4096)
def _pattern(code: str) -> tuple[re.Pattern[str], set[str]]:
    """C with holes, as a pattern of it however it is laid out, and the holes in capitals."""
    words: list[str] = []
    capitals: dict[str, bool] = {}
    for part in _HOLES.split(_tokens(code)):
        hole = part.lower()
        if not _HOLES.fullmatch(part):
            words.append(re.escape(part).replace("\\ ", " ?"))
        else:
            words.append(f"(?P={hole})" if hole in capitals else f"(?P<{hole}>.+?)")
            capitals.setdefault(hole, part.isupper())
    return re.compile("".join(words)), {hole for hole in capitals if capitals[hole]}


def _remarks(probe: Sequence[Remark], remarks: Sequence[Remark]) -> dict[str, str]:
    """What stands in the holes of the comments above a piece, the nearest first."""
    values: dict[str, str] = {}
    row = len(remarks)
    for wanted in reversed(probe):
        for index in reversed(range(row)):
            words = _words(wanted.text, remarks[index].text)
            if words is not None and wanted.adjacent == remarks[index].adjacent:
                values |= words
                row = index
                break
    return values


def _words(probe: str, text: str) -> dict[str, str] | None:
    """What stands in the holes of a comment; None if the two differ otherwise."""
    first, *rest = _HOLES.split(re.sub(r"\n[ \t]*", "\n", probe))
    text = re.sub(r"\n[ \t]*", "\n", text)
    values: dict[str, str] = {}
    start = len(first.rstrip(" "))
    if not rest or not text.startswith(first.rstrip(" ")):
        return {} if text == first else None
    name = rest[0]
    for literal, following in zip(rest[1::2], [*rest[2::2], ""], strict=True):
        end = text.find(literal.rstrip(" "), start)
        if end < 0 and following:
            continue  # a line is lacking, and with it what would follow
        if end < 0:
            return None
        lines = text[start:end].removeprefix(" ").split("\n")
        lines[1:] = [re.sub(r"^\* ?", "", line) for line in lines[1:]]
        values[name] = "\n".join(lines) + "\n" * (len(lines) > 1)
        start, name = end + len(literal.rstrip(" ")), following
    return values if start == len(text) else None


def read_holes(probe: Sequence[Piece], declarations: Sequence[Piece]) -> dict[str, str]:
    """What stands in the holes of C; statements of a function that isn't there may stand alone."""
    values: dict[str, str] = {}
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, piece in enumerate(declarations):
        rows[_key(piece)].append(at)
    row = 0  # behind the last that was matched, from where equal pieces are told apart
    for piece in probe:
        is_open = _HOLES.search(piece.head if piece.kind == "statement" else piece.name)
        near = range(len(declarations)) if is_open else rows.get(_key(piece), ())
        begin = bisect_left(near, row)
        inner = declarations
        for at in chain(near[begin:], near[:begin]):
            words = match(piece, declarations[at])
            if words is not None or not is_open:
                values = (words or _remarks(piece.remarks, declarations[at].remarks)) | values
                inner, row = declarations[at].inner, at + 1
                break
        if piece.inner:
            values = read_holes(piece.inner, inner) | values
    return values


def _key(piece: Piece) -> tuple[str, str]:
    """By what a piece is the same as another: its name, or all of a statement."""
    return piece.kind, _tokens(piece.head) if piece.kind == "statement" else piece.name


class Probing:
    """Completes a spec's data by what stands in somebody's C files."""

    def __init__(self, data: Data, files: Mapping[str, str]) -> None:
        self.data = data
        self.files = {path: pieces(text) for path, text in files.items()}

    def spec(self) -> Interface:
        """The spec as far as it is known."""
        registry = self.data["registry"]
        misuse = dict.fromkeys(Misuse.KEYS, "-EINVAL") | registry.get("misuse", {})
        data = {**_BARE, **self.data, "banner": False, "registry": {**registry, "misuse": misuse}}
        return unchecked(_quoted(data))

    def rendered(self) -> dict[str, list[Piece]]:
        """The pieces of the same files as they are rendered now."""
        files = Renderer(self.spec()).everything().files
        return {path: pieces(files[path]) for path in self.files if path in files}

    def fill(self, holes: Iterable[tuple[Data, str]]) -> None:
        """Give keys of the data the texts that stand in their places; those without are left out.

        A key may be named several times, as what it belongs to may be.
        """
        places = {f"hole{number}z": place for number, place in enumerate(holes)}
        if not places:
            return
        for name, (part, key) in places.items():
            part[key] = name
        values: dict[str, str] = {}
        for path, probe in self.rendered().items():
            values = read_holes(probe, self.files[path]) | values
        for name, (part, key) in places.items():
            if part[key] == name:
                part.pop(key)
                part.update({key: values[name]} if values.get(name, "").strip() else {})

    def choose(
        self,
        parts: Mapping[str, Data],
        candidates: Iterable[Data],
        beside: Sequence[tuple[Data, str]] = (),
    ) -> None:
        """Give each part that of some values by which what it's named after differs least.

        Its name may be several words, each that of a function or variable.
        ``beside`` are further keys that are read with each of them.
        """
        best: dict[str, tuple[tuple[int, int], Data]] = {}
        unsettled = dict(parts)
        for candidate in candidates:
            for part in unsettled.values():
                part.update(candidate)
            keys = [key for key in candidate if candidate[key] == HOLE]
            holes = [(part, key) for part in unsettled.values() for key in keys]
            self.fill([*holes, *beside])
            for name, cost in self.costs(unsettled).items():
                chosen = {key: unsettled[name][key] for key in candidate if key in unsettled[name]}
                if name not in best or cost < best[name][0]:
                    best[name] = (cost, chosen)
            for part in unsettled.values():
                for key in candidate:
                    part.pop(key, None)
            unsettled = {name: part for name, part in unsettled.items() if any(best[name][0])}
            if not unsettled:
                break
        for name, part in parts.items():
            part.update(best[name][1])

    def costs(self, names: Iterable[str]) -> dict[str, tuple[int, int]]:
        """In how many statements what has a name is rendered otherwise, and in how many words."""
        owners = {word: name for name in names for word in name.split()}
        code: dict[tuple[str, int], list[str]] = defaultdict(list)
        words: dict[tuple[str, int], list[str]] = defaultdict(list)
        for side, files in enumerate((self.rendered(), self.files)):
            for piece in chain.from_iterable(files.values()):
                if name := owners.get(piece.name):
                    for part in within([piece]):
                        head = _tokens(part.head)
                        code[name, side].append(head)
                        words[name, side] += head.split()
                        words[name, side] += chain(*(text.split() for text, _ in part.remarks))
        return {
            name: (
                _difference(code[name, 0], code[name, 1]),
                _difference(words[name, 0], words[name, 1]),
            )
            for name in names
        }


def _quoted(value: Any) -> str:
    """A value on one line, each text in quotes: YAML, and fast."""
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in text)


def words_of(key: object) -> tuple[str, ...]:
    """The words that a key of the model may have as its value."""
    shape = key.shape if isinstance(key, Key) else None
    return shape.words if isinstance(shape, Choice) else ()


@lru_cache(4096)
def _tokens(code: str) -> str:
    return " ".join(token.text for token in code_tokens(code))


def _difference(ours: list[str], theirs: list[str]) -> int:
    """How many items of two lists have no partner in the other."""
    if ours == theirs:
        return 0
    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    return len(ours) + len(theirs) - 2 * sum(block.size for block in blocks)
