# SPDX-License-Identifier: GPL-2.0-only
"""Prove by git's object ids that placing a spec into a tree gives the files that a patch gives."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from xenhostgen.extensions.kernel_tree.carry import with_carry
from xenhostgen.extensions.kernel_tree.git import GitFailure, blob_id, borrowed, git, same_id
from xenhostgen.extensions.kernel_tree.patching import Contents, Reader, content, over
from xenhostgen.extensions.kernel_tree.placing import kernel_version, placed_in
from xenhostgen.extensions.patches.diff import files_of
from xenhostgen.extensions.patches.hunks import reworded
from xenhostgen.extensions.patches.lift_input import after_patch, read_input
from xenhostgen.extensions.patches.messages import Message
from xenhostgen.extensions.patches.step import step
from xenhostgen.render.files import render
from xenhostgen.render.style import lines_of
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Refused, refusal

# Git's object id of no file.
_NO_FILE = "0" * 40


class Proof(NamedTuple):
    """A file of the patch: whether it is re-created to the byte, and if not, where it differs."""

    path: str
    identical: bool
    verdict: str


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

        question = ("ls-tree", "-r", "-z", "--name-only", "--end-of-options", revision)
        names = {*git(repository, *question).split("\0")}

        @cache  # a revision stays as it is
        def read(path: str) -> bytes | None:
            if path not in names:
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
        raise refusal("no-revision", message, tree, hint) from None


class Proving:
    """Holds files, as a series leaves them patch by patch, against what re-creates them."""

    def __init__(self, base: Reader, root: str) -> None:
        self._base, self._root = base, root
        self._ids: dict[str, str] = {}  # that the patches name
        self._theirs: dict[str, bytes | None] = {}

    def take(self, message: Message) -> None:
        """Go on to the state after one more patch."""
        self._ids |= {file.path: file.post for file in files_of(message)}
        known = over(self._theirs, self._base)
        for options in ((), ("--reverse",)):
            with suppress(Refused):  # it has lost its white space, or is another tree's
                after = after_patch(message, known, self._root, *options)
                # Where it can be taken out, the tree has it already.
                self._theirs |= {path: known(path) for path in after} if options else after
                return

    def proofs(self, ours: Contents) -> list[Proof]:
        """The proof of each file of either side."""
        # Of a file that is renamed, patches name no object id where it was.
        changed = [path for path in self._theirs if self._theirs[path] != self._base(path)]
        paths = dict.fromkeys([*self._ids, *changed])
        proofs = [self._proof(path, ours) for path in paths]
        beyond = [path for path in ours if path not in paths]
        return proofs + [Proof(path, False, "isn't in the patch") for path in beyond]

    def _proof(self, path: str, ours: Contents) -> Proof:
        """What the patch makes of the tree counts, and its index line only where it doesn't fit."""
        if path not in ours:
            return Proof(path, False, "isn't a file of the spec")
        content, named = ours[path], self._ids.get(path, "")
        blob = _NO_FILE if content is None else blob_id(content)
        same = same_id(blob, named)
        if path not in self._theirs:
            what = "the patch doesn't fit the tree, or has lost its white space; its index line"
            return Proof(path, same, f"blob {blob[:12]}; {what} says {named or 'nothing'}")
        wanted = self._theirs[path]
        if content == wanted:
            wrong = f", though the patch's index line says {named}" * bool(named and not same)
            return Proof(path, True, f"blob {blob[:12]}{wrong}")
        if content is None or wanted is None:
            here, there = ("is no file", "is one") if content is None else ("is a file", "is none")
            return Proof(path, False, f"{here}, in the patch it {there}")
        texts = (text.decode(errors="surrogateescape") for text in (content, wanted))
        wrong = f", though its index line says {named} as ours does" * same
        return Proof(path, False, f"{_difference(*texts)}{wrong}")


def prove(
    spec: Interface,
    messages: Iterable[Message],
    tree: Reader,
    root: str,
    since: Interface | None = None,
) -> list[Proof]:
    """Hold each file, as a patch or a series leaves it, against its placement in the base tree.

    ``since`` is an earlier spec, which the patches go on top of.
    """
    if since:
        before, ours = step(since, placed_in(since, tree, root), spec, tree, root)
        tree = over(before, tree)
    else:
        ours = placed_in(spec, tree, root).after
    proving = Proving(tree, root)
    for message in messages:
        proving.take(message)
    return proving.proofs(ours)


def prove_shown(spec: Interface, patch: Path, since: Interface) -> list[Proof]:
    """Hold the interface's own files, as a patch leaves an earlier spec's, against a later one's.

    What it does to the kernel's files only a tree can tell.
    """
    plain = spec.with_(banner=False)
    ours = with_carry(plain, render(plain).whole())
    imported = read_input([patch], since)
    proofs = []
    for path, text in imported.whole.items():
        if path not in ours:
            proofs.append(Proof(path, False, "isn't a file of the spec"))
            continue
        own = ours[path]
        wanted = reworded(own, text) if path in imported.collapsed else text
        verdict = f"blob {blob_id(own)[:12]}" if own == wanted else _difference(own, wanted)
        proofs.append(Proof(path, own == wanted, verdict))
    return proofs


def _difference(ours: str, theirs: str) -> str:
    """Where two texts first differ."""
    lines = enumerate(zip_longest(lines_of(ours), lines_of(theirs), fillvalue=""), 1)
    row, (own, other) = next(pair for pair in lines if pair[1][0] != pair[1][1])
    return f"line {row}: {_quoted(own)}, in the patch {_quoted(other)}"


def _quoted(line: str) -> str:
    return f"'{line[:-1]}'" if line.endswith("\n") else f"'{line}' at the file's end"
