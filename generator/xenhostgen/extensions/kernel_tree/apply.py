# SPDX-License-Identifier: GPL-2.0-only
"""Write a placement into a kernel tree, and take it out again: all files or none.

What was applied is kept as a patch beside the tree's files: what blank lines were there before
can't be told from the result.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from xenhostgen.extensions.kernel_tree.git import NO_SETTINGS, GitFailure, git
from xenhostgen.extensions.kernel_tree.patching import difference
from xenhostgen.extensions.kernel_tree.placing import Placement, content
from xenhostgen.render.write import write_files
from xenhostgen.sandbox.scratch import scratch_folder
from xenhostgen.spec.model import Interface
from xenhostgen.spec.paths import fault
from xenhostgen.spec.source import At, Problem, Refused


def record(spec: Interface, tree: Path) -> Path:
    """The patch that says what was applied to a tree; the kernel's .gitignore has such names."""
    return tree / f".xenhostgen-{spec.interface}.patch"


def refuse_links(paths: Iterable[str], tree: Path) -> None:
    """Raise ``Refused`` if a file is or lies behind a symbolic link, which may lead out."""
    message = "is a symbolic link, or lies behind one"
    hint = "put the file itself there, or choose another tree"
    links = [path for path in paths if (tree / path).resolve() != tree.resolve() / path]
    problems = [Problem("symbolic-link", message, f"{tree}/{path}", hint=hint) for path in links]
    if problems:
        raise Refused(problems)


def apply(spec: Interface, placement: Placement, tree: Path) -> None:
    """Write the files of a placement, and the record of it. Raises ``Refused``, see above."""
    refuse_links(placement.after, tree)
    change = difference(placement.before, placement.after)
    write_files(tree, {record(spec, tree).name: change, **placement.after})


def revert(spec: Interface, tree: Path, dry_run: bool = False) -> list[str]:
    """Take out what was applied; the files' paths, none if it is out already.

    Git works on copies: in the tree it would write the line ends that settings and attributes ask
    for. Raises ``Refused`` for edits beside what was applied.
    """
    kept = record(spec, tree)
    with scratch_folder() as folder, scratch_folder() as apart:
        copied = apart / kept.name
        copied.write_bytes(content(tree, kept.name) or b"")
        command = ("apply", "--whitespace=nowarn", str(copied))
        patch = partial(git, Path(folder), *command, given=NO_SETTINGS)
        paths = [line.split("\t")[2] for line in patch("--numstat").splitlines()]
        _check_record(kept, paths, patch("--summary"))
        refuse_links(paths, tree)
        write_files(Path(folder), {path: content(tree, path) for path in paths})
        try:
            patch("--reverse")
        except GitFailure as failure:
            with suppress(GitFailure):
                patch("--check")
                paths = []
            if paths:
                raise _edited(failure, tree) from None
        before = {path: content(folder, path) for path in paths}
    if not dry_run:
        write_files(tree, {**before, kept.name: None})
    return paths


def _check_record(kept: Path, paths: list[str], summary: str) -> None:
    """Refuse a record that a stranger may have left: of other paths, of links, of new modes."""
    reasons = [f"a path {reason}" for path in paths if (reason := fault(path))]
    reasons += [line.strip() for line in summary.splitlines() if "mode 100" not in line]
    if reasons:
        hint = "it isn't what 'xenhostgen apply' writes; remove it and go on with git"
        problem = Problem("foreign-record", f"is no record of ours: {reasons[0]}", str(kept))
        raise Refused([problem._replace(hint=hint)])


def _edited(failure: GitFailure, tree: Path) -> Refused:
    """Where git found other lines than were applied.

    The failure itself if it says nothing of it.
    """
    pattern = r"^error: (?:patch failed: (\S+):(\d+)|(\S+): No such file.*)$"
    message = "was edited where it was applied, or next to that"
    hint = "undo these edits, or go on by hand"
    problems = []
    for path, row, gone in re.findall(pattern, failure.said, re.M):
        at = At(int(row or 1), 1)
        problems.append(Problem("edited-since", message, f"{tree}/{path or gone}", at, hint))
    return Refused(problems) if problems else failure
