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
    """

    lines: list[str]
    added: list[bool]
    section: str = ""
    first: int = 1
    removed: list[tuple[int, list[str]]] = field(default_factory=list)

    def blocks(self) -> Iterator[range]:
        """The rows of each run of added lines."""
        for is_added, rows in groupby(range(len(self.lines)), self.added.__getitem__):
            run = list(rows)
            if is_added:
                yield range(run[0], run[-1] + 1)


@dataclass(slots=True)
class Input:
    """The files by path; ``ids`` are the blob ids that a patch names, ``collapsed`` those without tabs.

    ``on_top``: what is given goes on top of a spec, as opposed to a patch that brings its header in.
    """

    whole: dict[str, str] = field(default_factory=dict)
    stretches: dict[str, list[Stretch]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    collapsed: set[str] = field(default_factory=set)
    on_top: bool = False


def read_input(paths: Iterable[Path], onto: Interface | None) -> Input:
    """All that is given, patches applied in their order. Raises ``PatchError``, ``Refused`` and ``OSError``."""
    patches: list[tuple[PatchFile, str]] = []
    found = Input()
    for path in paths:
        if path.suffix in (".c", ".h"):
            try:
                with path.open("rb") as stream:
                    found.whole[_in_tree(path)] = stream.read(SIZE_LIMIT + 1).decode("utf-8", "surrogateescape")
            except OSError as error:
                raise Refused([Problem("input-unreadable", f"can't be read: {error.strerror}", str(path))]) from None
        else:
            mails = read_patches(path)
            files = (file for mail in mails for file in parse_diff(mail.diff, mail.announced_files))
            patches += [(file, str(path)) for file in files]
    found.on_top = onto is not None and all(
        file.change != "new" or file.path != onto.header.file for file, _ in patches
    )
    if onto and found.on_top:
        rendering = render(replace(onto, banner=False))
        found.whole = rendering.whole() | found.whole
        for fragment in rendering.fragments:
            lines = fragment.text.removesuffix("\n").split("\n")
            found.stretches.setdefault(fragment.file, []).append(Stretch(lines, [True] * len(lines)))
    for file, source in patches:
        _apply(found, file, source)
    _check(found)
    return found


def squeezed(line: str) -> str:
    """A line by its words, as collapsed text still has it."""
    return " ".join(line.split())


def landmarks(lines: Iterable[str]) -> list[str]:
    """The lines that a place can be told by."""
    return [words for line in lines if (words := squeezed(line)) and words.isprintable()]


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
        what = "binary" if file.binary else file.change
        raise Refused([Problem("not-liftable", f"a {what} file, which no spec can say", source, At(file.number, 1))])
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
            if not any(_changed(known, hunk) for known in stretches):
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
            made.append(line._replace(text=lines[row]) if same else line)
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


def _changed(known: Stretch, hunk: Hunk) -> bool:
    """Change added lines, if that is all that the hunk does: it may reach beyond them with its context."""
    old = [squeezed(line.text) for line in hunk.lines if line.kind != "added"]
    have = [squeezed(line) for line in known.lines]
    best, at = 0, 0
    for start in range(1 - len(old), len(have)):
        pairs = [(old[row - start], have[row]) for row in range(max(0, start), min(len(have), start + len(old)))]
        worth = sum(len(one) > 1 for one, _ in pairs)
        if worth > best and all(one == other for one, other in pairs):
            best, at = worth, start
    marked = list(zip(known.lines, known.added, strict=True))
    made, row = marked[: max(0, at)], at
    for line in hunk.lines:
        inside = best and (line.kind == "added") <= row < len(have)
        if line.kind != "context" and not (inside and marked[row][1]):
            return False
        if line.kind == "added":
            made.append((line.text, True))
        else:
            made += marked[row : row + 1] if inside and line.kind == "context" else []
            row += 1
    made += marked[max(0, row) :]
    known.lines, known.added = [text for text, _ in made], [added for _, added in made]
    return True
