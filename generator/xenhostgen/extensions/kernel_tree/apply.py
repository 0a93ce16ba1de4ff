# SPDX-License-Identifier: GPL-2.0-only
"""Write a placement into a kernel tree, and take it out again: all files or none.

What was applied is kept as a patch beside the tree's files: what blank lines were there before
can't be told from the result.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from xenhostgen.extensions.kernel_tree.git import GitFailure
from xenhostgen.extensions.kernel_tree.patching import Contents, content, difference, over, patched
from xenhostgen.extensions.kernel_tree.placing import Placement, placed_in
from xenhostgen.render.write import stale_files, write_files
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import At, Problem, Refused, refusal


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
    _write(tree, placement.before, {record(spec, tree).name: change, **placement.after})


def _write(tree: Path, before: Contents, after: Contents) -> None:
    """Write files of which some are as they were when they were read. Raises ``Refused``."""
    if edited := stale_files(tree, before):
        message, hint = "was edited meanwhile", "run the command again"
        raise Refused(
            [Problem("edited-since", message, f"{tree}/{path}", hint=hint) for path in edited]
        )
    write_files(tree, after)


def revert(spec: Interface, tree: Path, dry_run: bool = False) -> list[str]:
    """Take out what was applied; the files' paths, none if it is out already.

    Raises ``Refused`` for edits beside what was applied.
    """
    kept, current = record(spec, tree), dict[str, bytes | None]()
    try:
        before = _without(content(tree, kept.name) or b"", tree, str(kept), current)
    except GitFailure as failure:
        raise _edited(failure, tree) from None
    except Refused as refused:  # a stranger's: of other paths, of links, of new modes
        hint = "it isn't what 'xenhostgen apply' writes; remove it and go on with git"
        problems = [
            problem._replace(rule="foreign-record", hint=hint)
            if problem.rule == "not-content"
            else problem
            for problem in refused.problems
        ]
        raise Refused(problems) from None
    if _has_more(spec, tree, before):
        message = "contains more of the interface than was applied, perhaps from a later series"
        hint = "revert that with git first, or edit by hand"
        raise refusal("edited-since", message, tree, hint)
    if not dry_run:
        _write(tree, current, {**before, kept.name: None})
    return list(before)


def _has_more(spec: Interface, tree: Path, before: Contents) -> bool:
    """Whether a tree would still have some of a spec with these files."""
    try:
        placement = placed_in(spec, over(before, lambda path: content(tree, path)), str(tree))
    except Refused as refused:  # one that doesn't fit the tree any more may go
        return any(problem.rule.startswith("applied-") for problem in refused.problems)
    return bool(before) and placement.applied


def _without(patch: bytes, tree: Path, name: str, current: dict[str, bytes | None]) -> Contents:
    """A tree's files before a patch; none if they are without it. Raises ``Refused``.

    ``current`` gets what they hold.
    """

    def read(path: str) -> bytes | None:
        refuse_links([path], tree)
        current[path] = content(tree, path)
        return current[path]

    try:
        return patched(patch, read, "--reverse", name=name)
    except GitFailure:
        with suppress(GitFailure):
            patched(patch, read, name=name)
            return {}
        raise


def _edited(failure: GitFailure, tree: Path) -> Refused:
    """Where git found other lines than were applied.

    The failure itself if it says nothing of it.
    """
    pattern = r"^error: (?:patch failed: (\S+):(\d+)|(\S+): No such file.*)$"
    message = "was edited in or next to the applied lines"
    hint = "undo these edits, or revert by hand"
    problems = []
    for path, row, gone in re.findall(pattern, failure.output, re.M):
        at = At(int(row or 1), 1)
        problems.append(Problem("edited-since", message, f"{tree}/{path or gone}", at, hint))
    return Refused(problems) if problems else failure
