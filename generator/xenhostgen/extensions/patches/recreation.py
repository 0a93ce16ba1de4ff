# SPDX-License-Identifier: GPL-2.0-only
"""Prove by git's object ids that placing a spec into a tree gives the files that a patch gives."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from xenhostgen.extensions.kernel_tree.git import GitFailure, blob_id, borrowed, git, same_id
from xenhostgen.extensions.kernel_tree.patching import Contents, Reader
from xenhostgen.extensions.kernel_tree.placing import content, kernel_version, placed_in
from xenhostgen.extensions.patches.diff import files_of
from xenhostgen.extensions.patches.hunks import PatchFile
from xenhostgen.extensions.patches.lift_input import apply_patch
from xenhostgen.extensions.patches.messages import Message
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


class Proving:
    """Holds files, as a series leaves them patch by patch, against what re-creates them."""

    def __init__(self, base: Reader, root: str) -> None:
        self._base, self._root = base, root
        self._changes: dict[str, list[PatchFile]] = {}
        self._theirs: dict[str, bytes | None] = {}

    def take(self, message: Message) -> None:
        """Go on to the state after one more patch."""
        for file in files_of(message):
            self._changes.setdefault(file.path, []).append(file)
        with suppress(Refused):  # it has lost its white space, or the tree has it already
            apply_patch(self._theirs, message, self._base, self._root)

    def proofs(self, ours: Contents) -> list[Proof]:
        """The proof of each file of either side."""
        proofs = [
            _proof(files, blob_id(self._base(path) or b""), ours, self._theirs)
            for path, files in self._changes.items()
        ]
        beyond = [path for path in ours if path not in self._changes]
        return proofs + [Proof(path, False, "isn't in the patch") for path in beyond]


def prove(
    spec: Interface, messages: Iterable[Message], tree: Path, revision: str | None = None
) -> list[Proof]:
    """Hold each file, as a patch or a series leaves it, against its placement in the base tree."""
    with reader(tree, revision) as read:
        ours = placed_in(spec, read, str(tree)).after
        proving = Proving(read, str(tree))
        for message in messages:
            proving.take(message)
        return proving.proofs(ours)


def _proof(changes: Sequence[PatchFile], before: str, ours: Contents, theirs: Contents) -> Proof:
    """What the patch makes of the tree counts, and its index line only where it doesn't fit.

    A text can be edited, an id stays.
    """
    file, first = changes[-1], changes[0]
    if file.path not in ours:
        return Proof(file.path, False, "isn't a file of the spec")
    content = ours[file.path] or b""
    blob = blob_id(content)
    named = same_id(blob, file.post)
    based = first.change == "new" or not first.pre or same_id(before, first.pre)
    wanted = theirs.get(file.path) or b""
    if file.path not in theirs or not based:
        if not named:
            said = f"the tree has blob {before[:12]}, the patch is based on {first.pre}"
            if file.collapsed:
                said = "the patch has lost its white space and can't tell where it differs"
            return Proof(file.path, False, said)
        wanted = content if file.collapsed else _laid_over(file, content)
    if content == wanted:
        wrong = f", though the patch's index line says {file.post}" * bool(file.post and not named)
        return Proof(file.path, True, f"blob {file.post if named else blob[:12]}{wrong}")
    texts = [lines_of(text.decode(errors="surrogateescape")) for text in (content, wanted)]
    lines = enumerate(zip_longest(*texts, fillvalue=""), 1)
    row, (one, other) = next(each for each in lines if each[1][0] != each[1][1])
    wrong = f", though its index line says {file.post} as ours does" * named
    return Proof(
        file.path, False, f"line {row}: {_quoted(one)}, in the patch {_quoted(other)}{wrong}"
    )


def _laid_over(file: PatchFile, content: bytes) -> bytes:
    """A file that has a patch already, with what the patch shows of it."""
    lines = lines_of(content.decode(errors="surrogateescape"))
    for hunk in reversed(file.hunks):
        start = hunk.new_start - (hunk.new_count > 0)
        lines[start : start + len(hunk.after)] = [line.full for line in hunk.after]
    return "".join(lines).encode(errors="surrogateescape")


def _quoted(line: str) -> str:
    return f"'{line[:-1]}'" if line.endswith("\n") else f"'{line}' at the file's end"
