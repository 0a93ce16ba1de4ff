# SPDX-License-Identifier: GPL-2.0-only
"""The carry patch of a lifted spec: from what it renders to what it was lifted from.

With a tree it is git's difference between the tree with the spec placed in it and the tree with the
patches. Without one, it is what the patches' hunks show beyond the rendering's fragments.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import unified_diff
from itertools import pairwise
from typing import NamedTuple

from xenhostgen.extensions.kernel_tree.kernel_file import squeezed
from xenhostgen.extensions.kernel_tree.patching import Contents, difference
from xenhostgen.extensions.kernel_tree.placing import placed_alone
from xenhostgen.extensions.patches.diff import read_diff
from xenhostgen.extensions.patches.hunks import Hunk, matcher_of, reworded
from xenhostgen.extensions.patches.lift_input import Input
from xenhostgen.render.files import Rendering, render
from xenhostgen.render.style import lines_of
from xenhostgen.spec.model import Interface

ROOT = "the tree"
"""How messages call it."""

Key = Callable[[str], str]


class Share(NamedTuple):
    """How many of the lines that a patch adds to a file or removes were lifted.

    ``carried``: the places of the others in the file as the patch leaves it. ``blob``: what git
    would call the re-creation of a new file, ``same``: whether that is right, if known.
    """

    path: str
    lines: int
    carried: tuple[int, ...]
    blob: str = ""
    same: bool | None = None


def carry_of(imported: Input, spec: Interface) -> tuple[bytes, Contents]:
    """The carry patch, empty if all was lifted, and the files that it goes on top of.

    Raises ``Refused`` if the spec fits no tree.
    """
    if imported.base:
        placement = placed_alone(spec, imported.base, ROOT)
        paths = placement.after.keys() | imported.after.keys()
        base = {path: imported.base(path) for path in paths}
        after = base | imported.after
        return difference(base | placement.after, after), placement.after
    rendering = render(spec)
    own = {path: text for path, text in rendering.whole().items() if path in imported.whole}
    theirs = dict(imported.whole)
    # Of collapsed text only the words are known, which are the rendering's then.
    for path in imported.collapsed & own.keys():
        theirs[path] = reworded(own[path], theirs[path])
    shown = "".join(_shown(imported, rendering)).encode(errors="surrogateescape")
    return difference(_encoded(own), _encoded(theirs)) + shown, _encoded(own)


def _encoded(files: Mapping[str, str]) -> dict[str, bytes]:
    return {path: text.encode(errors="surrogateescape") for path, text in files.items()}


def _shown(imported: Input, rendering: Rendering) -> Iterator[str]:
    """The carry of kernel files of which only hunks are known."""
    for path, hunks in sorted(imported.hunks.items()):
        fragments = [fragment.text for fragment in rendering.fragments if fragment.file == path]
        fragment_lines = [line for text in fragments for line in lines_of(text) if line.strip()]
        key = squeezed if path in imported.collapsed else str
        kept = _kept(fragment_lines, hunks, key)
        body = "".join(_hunks(hunks, kept))
        if body:
            new = "/dev/null" if path in imported.deleted else f"b/{path}"
            mode = "deleted file mode 100644\n" if path in imported.deleted else ""
            yield f"diff --git a/{path} b/{path}\n{mode}--- a/{path}\n+++ {new}\n{body}"


def _kept(ours: list[str], hunks: Sequence[Hunk], key: Key) -> dict[tuple[int, int], list[str]]:
    """What stands in place of added lines in the rendering, by their hunk and row there.

    Blank lines are a matter of placing: they stand where the patch has them.
    """
    rows = [
        (at, row)
        for at, hunk in enumerate(hunks)
        for row, line in enumerate(hunk.lines)
        if line.kind == "added"
    ]
    text = {place: hunks[place[0]].lines[place[1]].full for place in rows}
    kept: dict[tuple[int, int], list[str]] = {place: [] for place in rows}
    words = [place for place in rows if text[place].strip()]
    matcher = matcher_of([*map(key, ours)], [key(text[place]) for place in words])
    for kind, begin, end, first, last in matcher.get_opcodes():
        if kind == "equal":
            for place in words[first:last]:
                kept[place] = [*kept[place], text[place]]
        elif begin < end and first < len(words):
            kept[words[first]] = ours[begin:end]
        elif begin < end and words:
            kept[words[-1]] += ours[begin:end]
    for before, place in pairwise(rows):
        if not text[place].strip() and kept[before]:
            kept[place] = [text[place]]
    return kept


def _hunks(hunks: Sequence[Hunk], kept: dict[tuple[int, int], list[str]]) -> Iterator[str]:
    """The difference of each hunk's text with the rendering and afterwards, as a diff's hunks."""
    shift = 0
    for at, hunk in sorted(enumerate(hunks), key=lambda pair: pair[1].new_start):
        after = [line.full for line in hunk.after]
        before: list[str] = []
        for row, line in enumerate(hunk.lines):
            before += kept.get((at, row), [line.full])
        start = max(hunk.new_start, 1) - 1
        for text in [*unified_diff(before, after)][2:]:
            if text.startswith("@@ "):
                yield _moved(text, start + shift, start, hunk.section)
            else:
                yield text if text.endswith("\n") else f"{text}\n\\ No newline at end of file\n"
        shift += len(before) - len(after)


def _moved(head: str, old: int, new: int, section: str) -> str:
    """The heading of a hunk that stands some lines further down."""
    _, *ranges, _ = head.split()
    moved = []
    for text, by in zip(ranges, (old, new), strict=True):
        start, *count = text[1:].split(",")
        moved.append(",".join([f"{text[0]}{max(int(start) + by, 0)}", *count]))
    return f"@@ {' '.join(moved)} @@ {section}".rstrip() + "\n"


def shares(imported: Input, carry: bytes) -> list[Share]:
    """Each file's share, new files first."""
    lines: dict[str, tuple[int, ...]] = {}
    for file in read_diff(carry, "the carry patch"):
        gone: Counter[tuple[str, ...]] = Counter()
        for hunk in imported.hunks.get(file.path, ()):
            gone.update(line[:2] for line in hunk.lines if line.kind == "removed")
        numbers: list[int] = []
        for hunk in file.hunks:
            row = hunk.new_start
            for line in hunk.lines:
                if line.kind == "added" or gone[line[:2]] > 0:
                    numbers.append(row)
                    gone[line[:2]] -= 1
                row += line.kind != "removed"
        lines[file.path] = tuple(numbers)
    totals = {path: len(lines_of(text)) for path, text in sorted(imported.whole.items())}
    for path, hunks in sorted(imported.hunks.items()):
        kinds = Counter(line.kind for hunk in hunks for line in hunk.lines)
        totals[path] = kinds["added"] + kinds["removed"]
    totals |= {path: len(lines[path]) for path in lines if path not in totals}
    return [Share(path, total, lines.get(path, ())[:total]) for path, total in totals.items()]
