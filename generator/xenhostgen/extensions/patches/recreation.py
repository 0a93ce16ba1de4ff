# SPDX-License-Identifier: GPL-2.0-only
"""Prove by git's object ids that placing a spec into a tree gives the files that a patch gives."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from xenhostgen.extensions.kernel_tree.git import GitFailure, blob_id, borrowed, git, same_id
from xenhostgen.extensions.kernel_tree.patching import Reader
from xenhostgen.extensions.kernel_tree.placing import content, kernel_version, placed_in
from xenhostgen.extensions.patches.hunks import PatchFile, post_image
from xenhostgen.render.style import lines_of
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused


class Proof(NamedTuple):
    """A file of the patch: whether it is re-created to the byte, and if not, where it differs."""

    path: str
    identical: bool
    said: str


@contextmanager
def reader(tree: Path, revision: str | None = None) -> Iterator[Reader]:
    """What a kernel tree holds, or a git repository at a revision.

    Raises ``Refused`` if there is none.
    """
    if revision is None:
        kernel_version(tree)
        yield lambda path: content(tree, path)
        return
    with borrowed(tree) as repository:
        _check_revision(repository, revision, tree)

        def read(path: str) -> bytes | None:
            if not git(repository, "ls-tree", "--end-of-options", revision, path):
                return None
            blob = git(repository, "cat-file", "blob", f"{revision}:{path}")
            return blob.encode(errors="surrogateescape")

        yield read


def _check_revision(repository: Path, revision: str, tree: Path) -> None:
    try:
        commit = f"{revision}^{{commit}}"
        git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", commit)
    except GitFailure:
        hint = "give a commit, tag or branch of the repository that DIR is"
        message = f"has no revision '{revision}'"
        raise Refused([Problem("no-revision", message, str(tree), hint=hint)]) from None


def prove(
    spec: Interface, patch: Iterable[PatchFile], tree: Path, revision: str | None = None
) -> list[Proof]:
    """Hold each file, as a patch or a series leaves it, against its placement in the base tree."""
    changes: dict[str, list[PatchFile]] = {}
    for file in patch:
        changes.setdefault(file.path, []).append(file)
    with reader(tree, revision) as read:
        after = placed_in(spec, read, str(tree)).after
        proofs = [
            _proof(files, read(path) or b"", after.get(path)) for path, files in changes.items()
        ]
    return proofs + [
        Proof(path, False, "isn't in the patch") for path in after if path not in changes
    ]


def _proof(changes: Sequence[PatchFile], before: bytes, after: bytes | None) -> Proof:
    """What the patch shows counts, and its index line only where it shows nothing.

    A text can be edited, an id stays.
    """
    first, file = changes[0], changes[-1]
    if after is None:
        return Proof(file.path, False, "isn't a file of the spec")
    blob = blob_id(after)
    named = same_id(blob, file.post)
    based = first.change == "new" or not first.pre or same_id(blob_id(before), first.pre)
    if not named and not based:
        return Proof(
            file.path,
            False,
            f"the tree has blob {blob_id(before)[:12]}, the patch is based on {first.pre}",
        )
    collapsed = any(each.collapsed for each in changes)
    if not named and collapsed:
        return Proof(
            file.path, False, "the patch has lost its white space and can't tell where it differs"
        )
    ours = theirs = after.decode(errors="surrogateescape")
    if based and not collapsed:
        theirs = before.decode(errors="surrogateescape")
        for each in changes:
            theirs = post_image(each, "" if each.change == "new" else theirs)
    elif not collapsed:  # the tree has the patch already
        theirs = _laid_over(file, ours)
    if ours == theirs:
        wrong = (
            f", though the patch's index line says {file.post}" if file.post and not named else ""
        )
        return Proof(file.path, True, f"blob {file.post if named else blob[:12]}{wrong}")
    lines = enumerate(zip_longest(lines_of(ours), lines_of(theirs), fillvalue=""), 1)
    row, (one, other) = next(each for each in lines if each[1][0] != each[1][1])
    wrong = f", though its index line says {file.post} as ours does" * named
    return Proof(
        file.path, False, f"line {row}: {_quoted(one)}, in the patch {_quoted(other)}{wrong}"
    )


def _laid_over(file: PatchFile, text: str) -> str:
    """A text with what a patch shows of it afterwards."""
    lines = lines_of(text)
    for hunk in reversed(file.hunks):
        start = hunk.new_start - (hunk.new_count > 0)
        lines[start : start + len(hunk.after)] = [line.full for line in hunk.after]
    return "".join(lines)


def _quoted(line: str) -> str:
    return f"'{line[:-1]}'" if line.endswith("\n") else f"'{line}' at the file's end"
