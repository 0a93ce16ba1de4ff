# SPDX-License-Identifier: GPL-2.0-only
"""What an import begins with: files known as a whole, and stretches of kernel files around changes.

Both come from patches, one on top of the other, from C files, and from the rendering of a spec that
the patches go on top of.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from xenhostgen.patch.diff import parse_diff
from xenhostgen.patch.hunks import Hunk, PatchFile, post_image
from xenhostgen.patch.mail import read_patches
from xenhostgen.render.files import render
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import At, Problem, Refused

SIZE_LIMIT = 4 << 20  # characters of code; an interface of 10,000 ops has half of it


@dataclass(slots=True)
class Stretch:
    """Lines of a kernel file after the patches, each with whether they add it.

    ``first`` is the first line's number in the file; ``removed`` are lines that stood before a row.
    ``known``: it comes from a spec's rendering, which has no context.
    """

    lines: list[str]
    added: list[bool]
    section: str = ""
    first: int = 1
    removed: list[tuple[int, list[str]]] = field(default_factory=list)
    known: bool = False

    def blocks(self) -> Iterator[range]:
        """The rows of each run of added lines."""
        for is_added, rows in groupby(range(len(self.lines)), self.added.__getitem__):
            run = list(rows)
            if is_added:
                yield range(run[0], run[-1] + 1)


@dataclass(slots=True)
class Input:
    """The files by path; ``ids`` are the blob ids that a patch names, ``collapsed`` those without tabs."""

    whole: dict[str, str] = field(default_factory=dict)
    stretches: dict[str, list[Stretch]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    collapsed: set[str] = field(default_factory=set)


def read_input(paths: Iterable[Path], onto: Interface | None) -> Input:
    """All that is given, patches applied in their order. Raises ``PatchError``, ``Refused`` and ``OSError``."""
    found = Input()
    if onto:
        rendering = render(replace(onto, banner=False))
        found.whole = rendering.whole()
        for fragment in rendering.fragments:
            lines = fragment.text.splitlines()
            made = Stretch(lines, [True] * len(lines), known=True)
            found.stretches.setdefault(fragment.file, []).append(made)
    for path in paths:
        if path.suffix in (".c", ".h"):
            with path.open("rb") as stream:
                content = stream.read(SIZE_LIMIT + 1).decode("utf-8", "surrogateescape")
            found.whole[_in_tree(path)] = content
        else:
            for mail in read_patches(path):
                for file in parse_diff(mail.diff, mail.announced_files).files:
                    _apply(found, file, str(path))
    _check(found)
    return found


def squeezed(line: str) -> str:
    """A line by its words, as collapsed text still has it."""
    return " ".join(line.split())


def _in_tree(path: Path) -> str:
    """Where in a kernel tree a C file stands, as far as its path tells."""
    parts = path.parts
    tops = [row for row, part in enumerate(parts) if part in ("include", "arch", "drivers", "lib", "kernel")]
    return "/".join(parts[tops[0] :]) if tops else path.name


def _check(found: Input) -> None:
    texts = {path: "\n".join("\n".join(one.lines) for one in each) for path, each in found.stretches.items()}
    size = 0
    for path, text in {**texts, **found.whole}.items():
        size += len(text)
        if size > SIZE_LIMIT:
            raise Refused([Problem("input-too-large", f"more than {SIZE_LIMIT >> 20} MiB of code to import", path)])
        for number, line in enumerate(text.split("\n"), 1):
            if not line.isascii() and (odd := next((c for c in line if "\ud800" <= c <= "\udfff"), "")):
                message = f"byte 0x{ord(odd) & 0xFF:02x} is not UTF-8, which a spec is written in"
                raise Refused([Problem("not-utf8", message, path, At(number, line.index(odd) + 1))])


def _apply(found: Input, file: PatchFile, source: str) -> None:
    path = file.path
    if file.change in ("renamed", "copied") or file.binary:
        what = "a binary file" if file.binary else f"a {file.change} file"
        raise Refused([Problem("not-liftable", f"{what}: a spec can't say that", source, At(file.number, 1))])
    if file.collapsed:
        found.collapsed.add(path)
    if file.change == "new" or (path in found.whole and file.change == "modified"):
        before = "" if file.change == "new" else found.whole[path]
        found.whole[path] = post_image(_fitted(file, before), before)
        found.stretches.pop(path, None)
        found.ids.pop(path, None)
        found.ids |= {path: file.post} if file.post else {}
    elif path in found.whole:
        del found.whole[path]
    else:
        stretches = found.stretches.setdefault(path, [])
        for hunk in file.hunks:
            if not any(_change_known(known, hunk) for known in stretches if known.known):
                stretches.append(_stretch(hunk))


def _fitted(file: PatchFile, before: str) -> PatchFile:
    """A patch that lost its white space, with the context as it stands in the file."""
    if not file.collapsed:
        return file
    lines, hunks = before.split("\n"), []
    for hunk in file.hunks:
        row, made = hunk.old_start - 1, []
        for line in hunk.lines:
            same = line.kind != "added" and row < len(lines) and squeezed(lines[row]) == squeezed(line.text)
            made.append(replace(line, text=lines[row]) if same else line)
            row += line.kind != "added"
        hunks.append(replace(hunk, lines=tuple(made)))
    return replace(file, hunks=tuple(hunks))


def _stretch(hunk: Hunk) -> Stretch:
    made = Stretch([], [], hunk.section, max(1, hunk.new_start))
    for kind, run in groupby(hunk.lines, lambda line: line.kind):
        texts = [line.text for line in run]
        if kind == "removed":
            made.removed.append((len(made.lines), texts))
        else:
            made.lines += texts
            made.added += [kind == "added"] * len(texts)
    return made


def _change_known(known: Stretch, hunk: Hunk) -> bool:
    """Change lines that a spec renders, if the hunk changes such; a hunk that also changes others doesn't."""
    old = [squeezed(line.text) for line in hunk.lines if line.kind != "added"]
    have = [squeezed(line) for line in known.lines]
    best, at = 0, 0
    for start in range(1 - len(old), len(have)):
        pairs = [(old[row - start], have[row]) for row in range(max(0, start), min(len(have), start + len(old)))]
        worth = sum(len(one) > 1 for one, _ in pairs)
        if worth > best and all(one == other for one, other in pairs):
            best, at = worth, start
    row, kept = at, []
    for line in hunk.lines:
        if best and (line.kind == "added") <= row < len(have):
            kept.append(line)
        elif line.kind != "context":
            return False
        row += line.kind != "added"
    inside = [line.text for line in kept if line.kind != "removed"]
    known.lines = known.lines[: max(0, at)] + inside + known.lines[max(0, row) :]
    known.added = [True] * len(known.lines)
    return True
