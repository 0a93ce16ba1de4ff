# SPDX-License-Identifier: GPL-2.0-only
"""Prove by git's own object ids that placing a spec into a tree gives the files that a patch gives."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from xenhostgen.kernel.place import Reader, content, placed_in
from xenhostgen.patch.git import GitFailure, blob_id, git, same_id
from xenhostgen.patch.hunks import PatchFile, post_image
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused


class Proof(NamedTuple):
    """A file of the patch: whether it is re-created to the byte, and if not, where it differs first."""

    path: str
    identical: bool
    said: str


def reader(tree: Path, revision: str | None = None) -> Reader:
    """What a tree holds, or a git repository at a revision. Raises ``Refused`` if there is no such revision."""
    if revision is None:
        return lambda path: content(tree / path)
    try:
        git(tree, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except GitFailure:
        hint = "give a commit, tag or branch of the repository that DIR is"
        raise Refused([Problem("no-revision", f"has no revision '{revision}'", str(tree), hint=hint)]) from None

    def read(path: str) -> bytes | None:
        known = git(tree, "ls-tree", "--end-of-options", revision, path)
        return git(tree, "cat-file", "blob", f"{revision}:{path}").encode(errors="surrogateescape") if known else None

    return read


def prove(spec: Interface, patch: Sequence[PatchFile], tree: Path, revision: str | None = None) -> list[Proof]:
    """Hold each file of a patch against its placement in the tree that the patch is based on."""
    read = reader(tree, revision)
    after = placed_in(spec, read, str(tree)).after
    proofs = [_proof(file, read(file.path) or b"", after.get(file.path)) for file in patch]
    patched = {file.path for file in patch}
    return proofs + [Proof(path, False, "isn't in the patch") for path in after if path not in patched]


def _proof(file: PatchFile, before: bytes, after: bytes | None) -> Proof:
    if after is None:
        return Proof(file.path, False, "isn't a file of the spec")
    if file.post and same_id(blob_id(after), file.post):
        return Proof(file.path, True, f"blob {file.post}")
    if file.pre and before and not same_id(blob_id(before), file.pre):
        return Proof(file.path, False, f"the tree has blob {blob_id(before)[:12]}, the patch is based on {file.pre}")
    if file.collapsed:
        return Proof(file.path, False, "the patch has lost its white space and can't tell where it differs")
    expected = post_image(file, before.decode(errors="surrogateescape")).split("\n")
    lines = enumerate(zip_longest(after.decode(errors="surrogateescape").split("\n"), expected, fillvalue=""), 1)
    row, (ours, theirs) = next((each for each in lines if each[1][0] != each[1][1]), (0, ("", "")))
    return Proof(file.path, False, f"line {row}: '{ours}', in the patch '{theirs}'")
