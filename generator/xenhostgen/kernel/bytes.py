# SPDX-License-Identifier: GPL-2.0-only
"""Prove by git's own object ids that placing a spec into a tree gives the files that a patch gives."""

from dataclasses import dataclass
from pathlib import Path

from xenhostgen.kernel.place import Reader, content, placed_in
from xenhostgen.patch.blobs import blob_id, same_id
from xenhostgen.patch.git import GitFailure, git
from xenhostgen.patch.hunks import Patch, PatchFile, post_image
from xenhostgen.render.files import render
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused


@dataclass(frozen=True, slots=True)
class Proof:
    """A file of the patch: whether it is re-created to the byte, and if not, where it differs first."""

    path: str
    identical: bool
    said: str


def reader(tree: Path, revision: str | None = None) -> Reader:
    """What a tree holds, or a git repository at a revision. Raises ``Refused`` if there is no such revision."""
    if revision is None:
        return lambda path: content(tree / path)
    try:
        commit = git(tree, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
    except GitFailure:
        hint = "give a commit, tag or branch of the repository that DIR is"
        raise Refused([Problem("no-revision", f"has no revision '{revision}'", str(tree), hint=hint)]) from None

    def read(path: str) -> bytes | None:
        if not git(tree, "ls-tree", commit, "--", path):
            return None
        return git(tree, "cat-file", "blob", f"{commit}:{path}").encode(errors="surrogateescape")

    return read


def prove(spec: Interface, patch: Patch, tree: Path, revision: str | None = None) -> list[Proof]:
    """Hold each file of a patch against its placement in the tree that the patch is based on."""
    read = reader(tree, revision)
    placement = placed_in(spec, render(spec), read, str(tree))
    after = {path: file.after for path, file in placement.files.items()}
    proofs = [_proof(file, read(file.path), after.get(file.path)) for file in patch.files]
    patched = {file.path for file in patch.files}
    return proofs + [Proof(path, False, "isn't in the patch") for path in after if path not in patched]


def _proof(file: PatchFile, before: bytes | None, after: bytes | None) -> Proof:
    if after is None:
        return Proof(file.path, False, "isn't a file of the spec")
    if file.post and same_id(blob_id(after), file.post):
        return Proof(file.path, True, f"blob {file.post}")
    if file.pre and before is not None and not same_id(blob_id(before), file.pre):
        return Proof(file.path, False, f"the tree has blob {blob_id(before)[:12]}, the patch is based on {file.pre}")
    if file.collapsed or file.post is None:
        return Proof(file.path, False, "the patch has lost its white space, or has no index line; no bytes to compare")
    expected = post_image(file, (before or b"").decode(errors="surrogateescape")).split("\n")
    lines = after.decode(errors="surrogateescape").split("\n")
    row = next((row for row, (a, b) in enumerate(zip(lines, expected, strict=False)) if a != b), len(expected) - 1)
    line, wanted = (side[row] if row < len(side) else "" for side in (lines, expected))
    return Proof(file.path, False, f"line {row + 1}: '{line}', in the patch '{wanted}'")
