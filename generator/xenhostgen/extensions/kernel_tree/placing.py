# SPDX-License-Identifier: GPL-2.0-only
"""Put a rendering's fragments into the files of a real kernel, each where its spec wants it.

Refuses rather than guesses: when any place isn't as the spec describes it, nothing is placed and
all such places are reported. What stands there already is recognised. No file has a banner there:
who edits a kernel's file loses nothing.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, NoReturn

from xenhostgen.csource.makefile import read_makefile
from xenhostgen.extensions.kernel_tree.carry import carried, carry_path, read_carry
from xenhostgen.extensions.kernel_tree.insertion import Insertion, of_fragment, of_own_steps
from xenhostgen.extensions.kernel_tree.kernel_file import KernelFile
from xenhostgen.extensions.kernel_tree.own_names import own_names
from xenhostgen.extensions.kernel_tree.patching import Reader, content, patched
from xenhostgen.render.files import render
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused, refusal

_UNDO = (
    "take out what was applied with the spec that it was applied with: "
    "xenhostgen apply SPEC --tree DIR --revert"
)
_TAKEN = f"{_UNDO}; or, if it is another's, name yours otherwise (an object goes by its C file)"


class Placement(NamedTuple):
    """The files that an interface adds or changes, by path, without it and with it.

    None stands for a file that isn't there. ``applied``: the tree has the files with it
    already; what was before is then known but for some blank lines.
    """

    before: dict[str, bytes | None]
    after: dict[str, bytes | None]
    applied: bool


def placed(spec: Interface, tree: Path) -> Placement:
    """A spec's rendering in the files of a kernel tree. Raises ``Refused`` for what doesn't fit."""
    kernel_version(tree)
    return placed_in(spec, lambda path: content(tree, path), str(tree))


def kernel_version(tree: Path) -> str:
    """The tree's version, as 6.12.8. Raises ``Refused`` if it is no kernel tree."""
    hint = "give the top folder of a Linux source tree"
    if not tree.is_dir():
        raise refusal("no-kernel-tree", "is no folder", tree, hint)
    makefile = (content(tree, "Makefile") or b"").decode(errors="replace")
    values = {
        statement.variable: " ".join(statement.words) for statement in read_makefile(makefile)
    }
    numbers = [values.get(name, "") for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
    lack = "" if all(map(str.isdecimal, numbers)) else "a Makefile that says the kernel's version"
    lack = lack or ("" if (tree / "scripts").is_dir() else "the folder scripts")
    if lack:
        message = f"is not a kernel tree: it lacks {lack}"
        raise refusal("no-kernel-tree", message, tree, hint)
    return ".".join(numbers)


def placed_in(spec: Interface, read: Reader, root: str) -> Placement:
    """``placed``, with the tree's files as ``read`` gives them; ``root`` names it in messages."""
    carry = read_carry(spec)
    if not carry:
        return placed_alone(spec, read, root)
    try:
        placement = placed_alone(spec, read, root)
        reason = None
    except Refused as refused:
        placement, reason = None, refused
    if placement and not placement.applied:
        rendered = placement.after
        change = carried(spec, carry, lambda path: rendered.get(path) or read(path))
        before = {path: read(path) for path in change}
        return Placement(before | placement.before, rendered | change, False)
    return _with_carry(spec, carry, read, root) or _refuse(spec, root, reason)


def _with_carry(spec: Interface, carry: bytes, read: Reader, root: str) -> Placement | None:
    """The placement in a tree that has it, and the carry patch; None if it has them not."""
    try:
        without = patched(carry, read, "--reverse")
        placement = placed_alone(spec, lambda path: without.get(path, read(path)), root)
    except Refused:
        return None
    after = {path: read(path) for path in (*placement.after, *without)}
    return Placement(without | placement.before, after, True) if placement.applied else None


def _refuse(spec: Interface, root: str, reason: Refused | None) -> NoReturn:
    if reason:
        raise reason
    message = f"has what {spec.path} renders, and not what its carry patch adds"
    hint = f"{carry_path(spec.path)} goes on top: git apply"
    raise refusal("applied-in-part", message, root, hint)


def placed_alone(spec: Interface, read: Reader, root: str) -> Placement:
    """``placed_in``, without the spec's carry patch."""
    placer = _Placer(spec, root)
    for path, text in placer.rendering.whole().items():
        placer.add_file(path, read(path), text.encode())
    for path in dict.fromkeys(
        fragment.file for fragment in placer.rendering.fragments if fragment.text.strip()
    ):
        placer.change_file(path, read(path))
    taken = [lack for lack in placer.lacks if lack.rule == "applied-otherwise"]
    if problems := placer.problems or (placer.lacks if placer.partly else taken):
        raise Refused(problems)
    return Placement(placer.before, dict(sorted(placer.after.items())), not placer.lacks)


class _Placer:
    """Places file by file, and collects what doesn't fit.

    ``lacks`` says what keeps parts from being there as they should be; it matters in a tree that
    has other parts (``partly``).
    """

    def __init__(self, spec: Interface, root: str) -> None:
        self.spec, self.root, self.rendering = spec, root, render(spec.with_(banner=False))
        self.before: dict[str, bytes | None] = {}
        self.after: dict[str, bytes | None] = {}
        self.problems: list[Problem] = []
        self.lacks: list[Problem] = []
        self.partly = False

    def add_file(self, path: str, existing: bytes | None, wanted: bytes) -> None:
        """Place a file that only the interface has."""
        self.before[path], self.after[path] = existing, wanted
        rule, message = "applied-otherwise", "is there already and isn't what the spec renders to"
        hint = _TAKEN
        if existing == wanted:
            self.before[path], self.partly = None, True
            return
        if existing is None:
            rule, message, hint = "applied-in-part", "isn't there, other parts are", _UNDO
        self.lacks.append(Problem(rule, message, f"{self.root}/{path}", hint=hint))

    def change_file(self, path: str, existing: bytes | None) -> None:
        """Place the fragments of a file that the kernel has."""
        place = f"{self.root}/{path}"
        if existing is None:
            message = "expected this file; it isn't there"
            hint = "has it moved? name its path in the spec"
            self.problems.append(Problem("file-missing", message, place, hint=hint))
            return
        kernel = KernelFile(place, existing)
        insertions = self.insertions(kernel, path)
        if kernel.problems.noted:
            self.problems += kernel.problems.noted
            return
        absent: list[Insertion] = []
        present: set[int] = set()
        for insertion in insertions:
            row = insertion.row_in(kernel.lines)
            if row is None:
                absent.append(insertion)
                _note_lack(self.spec, kernel, insertion)
            else:
                present.update(range(row, row + len(insertion.lines)))
        self.partly |= bool(present)
        self.lacks += kernel.problems.noted
        self.before[path] = self.without(kernel, path, present)
        self.after[path] = _inserted(absent, kernel)

    def without(self, kernel: KernelFile, path: str, present: set[int]) -> bytes:
        """A file without what is present in these rows.

        One of the blank lines around that goes too, if placing it again gives the file.
        """
        rows = [row for row in range(len(kernel.lines)) if row not in present]
        single = [
            row
            for above, row in pairwise([-1, *rows])
            if above == row - 1 or kernel.lines[row].strip() or not _opens(kernel.lines[above])
        ]
        content = kernel.joined(kernel.lines[row] for row in single)
        again = KernelFile(path, content)
        if present and _inserted(self.insertions(again, path), again) == kernel.content:
            return content
        return kernel.joined(kernel.lines[row] for row in rows)

    def insertions(self, kernel: KernelFile, path: str) -> list[Insertion]:
        """What goes into a file; problems are noted in the file."""
        insertions: list[Insertion] = []
        texts: dict[tuple[str, str], list[str]] = defaultdict(list)
        for fragment in self.rendering.fragments:
            if fragment.file != path or not fragment.text.strip():
                continue
            texts[fragment.guest, fragment.kind].append(fragment.text)
            if fragment.kind not in ("cursor", "step"):
                with suppress(Refused):
                    insertions.append(of_fragment(kernel, fragment))
        for guest in self.spec.guests:
            if guest.file == path:
                cursor, own = ("".join(texts[guest.name, "cursor"]), texts[guest.name, "step"])
                with suppress(Refused):
                    gap = "" if self.spec.layout.registrations == "joined" else "\n"
                    insertions += of_own_steps(kernel, guest.boot, cursor, own, gap)
        return insertions


def _inserted(insertions: Iterable[Insertion], kernel: KernelFile) -> bytes:
    """A file's content with insertions."""
    lines = list(kernel.lines)
    for insertion in sorted(
        insertions, key=lambda insertion: (insertion.row, insertion.upward), reverse=True
    ):
        _insert(insertion, lines)
    return kernel.joined(lines)


def _insert(insertion: Insertion, lines: list[str]) -> None:
    """Put an insertion into a file's lines, with blank lines around it in the way of kernel files.

    A blank line that was there stays above the insertion. An insertion to a paragraph of statements
    that opens with a comment needs none above: the comment sets it apart.
    """
    row, added = insertion.row, insertion.lines
    below = lines[row] if row < len(lines) else "end"
    gap_below = not below.strip()
    opens_block = row == 0 or _opens(lines[row - 1])
    commented = insertion.in_body and added[0].lstrip().startswith("/*")
    if not insertion.tight:
        if gap_below and not commented and not insertion.upward:
            row += 1
        elif not commented and not opens_block:
            added = ["", *added]
        if not below.startswith("}") and not (gap_below and commented):
            added = [*added, ""]
    lines[row:row] = added


def _opens(line: str) -> bool:
    """Whether no blank line is needed below a line."""
    return line.strip() in ("", "{")


def _note_lack(spec: Interface, kernel: KernelFile, absent: Insertion) -> None:
    """Note why an insertion isn't there, judged by names that come with the interface only."""
    first = absent.lines[0].strip()
    names = [spec.header.file.removeprefix("include/"), f"{Path(spec.source.file).stem}.o"]
    names += [*own_names(spec), *(macro.name for macro in spec.predicates.macros)]
    wanted = _words(absent.text)
    for name in (name for name in names if name in wanted):
        rows = [row for row, line in enumerate(kernel.lines) if name in line]
        rows = [row for row in rows if name in _words(kernel.lines[row])]
        if rows:
            message = f"{name} is here, yet '{first}' isn't where the spec wants it, or isn't all"
            kernel.note("applied-otherwise", message, rows[0], _TAKEN)
            return
    message = f"lacks '{first}' here, other parts are there"
    kernel.note("applied-in-part", message, absent.row, _UNDO)


def _words(text: str) -> set[str]:
    """The words of C or of a Makefile, and the names of files."""
    return {*re.findall(r"\w+", text), *re.findall(r"[\w./-]+", text)}
