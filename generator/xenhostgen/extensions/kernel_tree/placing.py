# SPDX-License-Identifier: GPL-2.0-only
"""Put a rendering's fragments into the files of a real kernel, each where its spec wants it.

Refuses rather than guesses: when any place isn't as the spec describes it, nothing is placed and all
such places are told. What stands there already is recognised.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from xenhostgen.csource.makefile import read_makefile
from xenhostgen.extensions.kernel_tree.insertion import Spot, of_place, of_registrations
from xenhostgen.extensions.kernel_tree.source import KernelFile
from xenhostgen.render.files import Rendering, render
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused

Reader = Callable[[str], bytes | None]

_UNDO = "take out what was applied with the spec that it was applied with: xenhostgen apply SPEC --tree DIR --revert"


class Placement(NamedTuple):
    """The files that an interface adds or changes, by path, without it (None: the file is new) and with it.

    ``applied``: the tree has them like that already; what was before is then known but for blank lines.
    """

    before: dict[str, bytes | None]
    after: dict[str, bytes]
    applied: bool


class Addition(NamedTuple):
    """The lines of a fragment, or of a run of registrations, their spot, and the row at which they stand already."""

    lines: list[str]
    spot: Spot
    row: int | None


def placed(spec: Interface, tree: Path) -> Placement:
    """A spec's rendering in the files of a kernel tree. Raises ``Refused`` with everything that doesn't fit."""
    kernel_version(tree)
    if removing := [raw for raw in spec.raw if raw.place and raw.instead]:
        message = (
            "this raw block takes out lines of a kernel file, and what is placed only adds lines"
        )
        hint = "commit that change to the tree by itself, and drop the block"
        raise Refused(
            [Problem("raw-removes", message, spec.path, raw.at, hint) for raw in removing]
        )
    return placed_in(spec, lambda path: content(tree / path), str(tree))


def kernel_version(tree: Path) -> str:
    """The tree's version, as 6.12.8. Raises ``Refused`` if it is no kernel tree."""
    makefile = (content(tree / "Makefile") or b"").decode(errors="replace")
    values = {each.variable: " ".join(each.words) for each in read_makefile(makefile)}
    numbers = [values.get(name, "") for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
    if not all(number.isdecimal() for number in numbers) or not (tree / "scripts").is_dir():
        hint = "give the top folder of a Linux source tree"
        raise Refused([Problem("no-kernel-tree", "is not a kernel tree", str(tree), hint=hint)])
    return ".".join(numbers)


def content(path: Path) -> bytes | None:
    """What a file holds, None if it isn't there."""
    return path.read_bytes() if path.is_file() else None


def placed_in(spec: Interface, read: Reader, root: str) -> Placement:
    """``placed``, with the tree's files as ``read`` gives them; ``root`` names it in messages."""
    rendering = render(spec)
    before: dict[str, bytes | None] = {}
    after: dict[str, bytes] = {}
    problems: list[Problem] = []
    there: list[
        bool
    ] = []  # for each addition and new file, whether the tree has it as it should be
    lacks: list[Problem] = []
    for path, text in rendering.whole().items():
        found, after[path] = read(path), text.encode()
        there.append(found == after[path])
        before[path] = None if there[-1] else found
        if found is None:
            lacks.append(
                Problem(
                    "applied-in-part", "isn't there, other parts are", f"{root}/{path}", hint=_UNDO
                )
            )
        elif not there[-1]:
            message = "is there already and isn't what the spec renders to"
            lacks.append(Problem("applied-otherwise", message, f"{root}/{path}", hint=_UNDO))
    for path in dict.fromkeys(fragment.file for fragment in rendering.fragments):
        found = read(path)
        if found is None:
            hint = "has it moved? name its path in the spec"
            problems.append(
                Problem(
                    "file-missing",
                    "expected this file; it isn't there",
                    f"{root}/{path}",
                    hint=hint,
                )
            )
            continue
        kernel = KernelFile(f"{root}/{path}", found)
        additions = list(_additions(spec, rendering, kernel, path))
        problems += kernel.problems.found
        absent = [each for each in additions if each.row is None]
        there += [each.row is not None for each in additions]
        if not kernel.problems.found:
            standing = [
                range(each.row, each.row + len(each.lines))
                for each in additions
                if each.row is not None
            ]
            kept = [
                line
                for row, line in enumerate(kernel.lines)
                if not any(row in rows for rows in standing)
            ]
            before[path] = "\n".join(kept).encode(
                errors="surrogateescape"
            )  # with the blank lines around them
            after[path] = _inserted(kernel, absent)
            for each in absent:
                _note_lack(spec, kernel, each)
            lacks += kernel.problems.found
    if not problems:
        problems = (
            lacks if any(there) else [lack for lack in lacks if lack.rule == "applied-otherwise"]
        )
    if problems:
        raise Refused(problems)
    return Placement(before, dict(sorted(after.items())), all(there))


def _additions(
    spec: Interface, rendering: Rendering, kernel: KernelFile, path: str
) -> Iterator[Addition]:
    """The additions to a file; problems are noted in the file."""

    def addition(text: str, spot: Spot) -> Addition:
        lines = text.removesuffix("\n").split("\n")
        return Addition(lines, spot, _row(kernel, lines, spot))

    fragments = [fragment for fragment in rendering.fragments if fragment.file == path]
    for fragment in fragments:
        if (
            fragment.kind != "register"
            and fragment.text.strip()
            and (spot := of_place(kernel, fragment))
        ):
            yield addition(fragment.text, spot)
    texts = iter([fragment.text for fragment in fragments if fragment.kind == "register"])
    for guest in spec.guests:
        for spot, run in of_registrations(kernel, guest.boot) if guest.file == path else ():
            yield addition("\n".join(next(texts) for _ in run), spot)


def _row(kernel: KernelFile, lines: list[str], spot: Spot) -> int | None:
    """The row at which lines stand at their spot, blank lines aside where they set them apart."""
    row = spot.row
    while not spot.tight and spot.upward and row and not kernel.lines[row - 1].strip():
        row -= 1
    while (
        not spot.tight
        and not spot.upward
        and row < len(kernel.lines)
        and not kernel.lines[row].strip()
    ):
        row += 1
    start = max(0, row - len(lines)) if spot.upward else row
    return start if kernel.lines[start : start + len(lines)] == lines else None


def _inserted(kernel: KernelFile, additions: list[Addition]) -> bytes:
    """The file with every addition, set apart by blank lines in the way of kernel files.

    A blank line that was there stays above the addition. An addition to a paragraph of statements that
    opens with a comment needs none above: the comment sets it apart.
    """
    lines = list(kernel.lines)
    for each in sorted(
        additions, key=lambda each: each.spot[:2], reverse=True
    ):  # row, and the lower of one row first
        row, text = each.spot.row, each.lines
        if not each.spot.tight:
            gap_below = row < len(lines) and not lines[row].strip()
            comes_first = not row or lines[row - 1].strip() in ("", "{")
            comes_last = "".join(lines[row : row + 1]).startswith("}")
            joined = each.spot.in_body and text[0].lstrip().startswith("/*")
            if gap_below and not joined and not each.spot.upward:
                row += 1
            elif not joined and not comes_first:
                text = ["", *text]
            if not (gap_below and joined) and not comes_last:
                text = [*text, ""]
        lines[row:row] = text
    return "\n".join(lines).encode(errors="surrogateescape")


def _note_lack(spec: Interface, kernel: KernelFile, each: Addition) -> None:
    """Why an addition isn't there as it should be, judged by names that come with the interface only."""
    names = [
        spec.header.file.removeprefix("include/"),
        Path(spec.source.file).stem + ".o",
        spec.c.register,
    ]
    names += [
        *(table.symbol for _, table in spec.tables()),
        *(macro.name for macro in spec.predicates.macros),
    ]
    names += [entry.function for op in spec.ops for entry in op.tables if entry.calls is not None]
    text = _names("\n".join(each.lines))
    mine = dict.fromkeys(name for name in names if name in text)
    there = {
        name: row
        for row, line in reversed([*enumerate(kernel.lines)])
        for name in _names(line) & mine.keys()
    }
    first = each.lines[0].strip()
    if found := next((name for name in mine if name in there), None):
        message = f"{found} is here, yet '{first}' isn't where the spec wants it, or isn't all"
        hint = f"{_UNDO}; or, if it is something else, give the spec another name"
        kernel.wrong("applied-otherwise", message, there[found], hint)
    else:
        kernel.wrong(
            "applied-in-part", f"lacks '{first}' here, other parts are there", each.spot.row, _UNDO
        )


def _names(text: str) -> set[str]:
    """The words of C or of a Makefile, and the names of files."""
    return {*re.findall(r"\w+", text), *re.findall(r"[\w./-]+", text)}
