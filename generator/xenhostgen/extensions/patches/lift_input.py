# SPDX-License-Identifier: GPL-2.0-only
"""What an import begins with: files known as a whole, and the hunks of kernel files.

Both come from patches, one on top of the other, from C files, and from the rendering of a spec that
the patches go on top of.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from xenhostgen.extensions.patches.body import HunkLine
from xenhostgen.extensions.patches.diff import parse_diff
from xenhostgen.extensions.patches.errors import PatchError
from xenhostgen.extensions.patches.hunks import Hunk, PatchFile, post_image, squeezed
from xenhostgen.extensions.patches.mail import read_patches
from xenhostgen.render.files import BANNER, render
from xenhostgen.sandbox.files import UnreadableFile, read_given
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import At, Problem, Refused

SIZE_LIMIT = 4 << 20  # characters of code; an interface of 10,000 ops has half of it


@dataclass(slots=True)
class Input:
    """The files by path: new ones whole, the kernel's as hunks.

    ``ids`` are the blob ids that a patch names, ``collapsed`` are those without tabs.
    ``on_top``: what is given goes on top of a spec, as opposed to a patch that brings its header
    in. ``banner``: it goes on top of that spec's files as they are generated, with its banner.
    """

    whole: dict[str, str] = field(default_factory=dict)
    hunks: dict[str, list[Hunk]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    collapsed: set[str] = field(default_factory=set)
    on_top: bool = False
    banner: bool = False


def read_input(paths: Iterable[Path], onto: Interface | None) -> Input:
    """All that is given, patches applied in their order.

    Raises ``PatchError``, ``Refused`` and ``OSError``.
    """
    patches: list[tuple[PatchFile, str]] = []
    found = Input()
    for path in paths:
        if path.suffix in (".c", ".h"):
            try:
                data = read_given(path, 4 * SIZE_LIMIT)
            except UnreadableFile as error:
                raise Refused([Problem("input-unreadable", str(error), str(path))]) from None
            if data is None:
                message = "can't be read: No such file or directory"
                raise Refused([Problem("input-unreadable", message, str(path))])
            found.whole[_in_tree(path)] = data.decode("utf-8", "surrogateescape")
        else:
            for mail in read_patches(path):
                patches += [
                    (file, str(path)) for file in parse_diff(mail.diff, mail.announced_files)
                ]
    if onto and all(file.change != "new" or file.path != onto.header.file for file, _ in patches):
        given, plain = found.whole, onto.with_(banner=False)
        try:  # the files in a tree have the banner if 'apply' or 'patch' brought them in
            found = _on_top(
                given, onto if all(BANNER in text for text in given.values()) else plain, patches
            )
        except PatchError:
            found = _on_top(given, plain, patches)
    else:
        for file, source in patches:
            _apply(found, file, source)
    _check(found)
    return found


def _on_top(given: dict[str, str], onto: Interface, patches: list[tuple[PatchFile, str]]) -> Input:
    """C files and patches on top of what a spec renders to."""
    rendering = render(onto)
    found = Input(whole=rendering.whole() | given, on_top=True, banner=onto.banner)
    for fragment in rendering.fragments:
        lines = [
            HunkLine("added", line, 0) for line in fragment.text.removesuffix("\n").split("\n")
        ]
        found.hunks.setdefault(fragment.file, []).append(
            Hunk(0, 0, 1, len(lines), "", tuple(lines), 0)
        )
    for file, source in patches:
        _apply(found, file, source)
    return found


def landmarks(lines: Iterable[str]) -> list[str]:
    """The lines that a place can be told by."""
    return [words for line in lines if (words := squeezed(line)) and words.isprintable()]


def _in_tree(path: Path) -> str:
    """Where in a kernel tree a C file stands, as far as its path tells."""
    parts = path.parts
    tops = [
        row
        for row, part in enumerate(parts)
        if part in ("include", "arch", "drivers", "lib", "kernel")
    ]
    return "/".join(parts[tops[0] :]) if tops else path.name


def _check(found: Input) -> None:
    texts = {
        path: "\n".join(line.text for hunk in hunks for line in hunk.lines)
        for path, hunks in found.hunks.items()
    }
    size = 0
    for path, text in {**texts, **found.whole}.items():
        size += len(text)
        if size > SIZE_LIMIT:
            raise Refused(
                [
                    Problem(
                        "input-too-large",
                        f"more than {SIZE_LIMIT >> 20} MiB of code to import",
                        path,
                    )
                ]
            )
        for number, line in enumerate(text.split("\n"), 1):
            if not line.isascii() and (
                odd := next((c for c in line if "\ud800" <= c <= "\udfff"), "")
            ):
                message = f"byte 0x{ord(odd) & 0xFF:02x} is not UTF-8, which a spec is written in"
                raise Refused([Problem("not-utf8", message, path, At(number, line.index(odd) + 1))])


def _apply(found: Input, file: PatchFile, source: str) -> None:
    path = file.path
    if file.change in ("renamed", "copied") or file.binary:
        what = "binary" if file.binary else file.change
        raise Refused(
            [
                Problem(
                    "not-liftable",
                    f"a {what} file, which no spec can say",
                    source,
                    At(file.number, 1),
                )
            ]
        )
    known = found.hunks.get(path, [])
    again = {_texts(hunk) for hunk in known} & {_texts(hunk) for hunk in file.hunks}
    if again or (file.change == "new" and (known or path in found.whole)):
        message = f"{path} is {'changed so' if again else 'there'} already"
        hint = "give the patches in the order in which they were applied, each once"
        raise Refused([Problem("patch-order", message, source, At(file.number, 1), hint)])
    if file.collapsed:
        found.collapsed.add(path)
    if file.change == "new" or (path in found.whole and file.change == "modified"):
        before = "" if file.change == "new" else found.whole[path]
        found.whole[path] = post_image(file, before)
        found.ids[path] = file.post
    elif path in found.whole:
        del found.whole[path]
    else:
        found.hunks[path] = known
        for hunk in file.hunks:
            rows = (
                (row, changed) for row, one in enumerate(known) if (changed := _changed(one, hunk))
            )
            row, changed = next(rows, (len(known), hunk))
            known[row : row + 1] = [changed]


def _texts(hunk: Hunk) -> tuple[object, ...]:
    return (hunk.old_start, *((line.kind, line.text) for line in hunk.lines))


def _changed(known: Hunk, hunk: Hunk) -> Hunk | None:
    """The known hunk after another that changes just what it adds; its context may reach beyond."""
    old = [squeezed(line.text) for line in hunk.lines if line.kind != "added"]
    beyond: list[HunkLine | None] = [None] * (len(old) + 1)
    rows = [*beyond, *known.after, *beyond]

    def worth(start: int) -> int:
        """By how many lines the hunk fits in a place; 0 if it doesn't."""
        pairs = zip(old, rows[start : start + len(old)], strict=True)
        seen = [(one, squeezed(row.text)) for one, row in pairs if row]
        return sum(len(one) > 1 for one, _ in seen) if all(one == two for one, two in seen) else 0

    at = max(range(len(rows) - len(old)), key=worth)
    if not worth(at):
        return None
    made = rows[:at]
    for line in hunk.lines:
        here = rows[at]
        adds = line.kind == "added"
        if line.kind != "context" and not (
            here and here.kind == "added" and (rows[at - 1] or not adds)
        ):
            return None
        made += [line] if adds else [here] if line.kind == "context" else []
        at += not adds
    lines = [row for row in [*made, *rows[at:]] if row]
    for row, line in enumerate(known.lines):
        if line.kind == "removed":
            lines.insert(row, line)
    return replace(known, lines=tuple(lines))
