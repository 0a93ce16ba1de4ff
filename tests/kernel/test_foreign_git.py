# SPDX-License-Identifier: GPL-2.0-only
"""A stranger's repository: what git or we would wait for, or can't use, is named."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools import main
from xenhostgen.api import Refused
from xenhostgen.extensions.kernel_tree import git
from xenhostgen.extensions.kernel_tree.git import GitFailure, borrowed
from xenhostgen.extensions.kernel_tree.patching import difference, patched


def link_packs(pack: Path) -> None:
    pack.rmdir()
    pack.symlink_to("../../elsewhere")
    (pack.parent.parent.parent / "elsewhere").mkdir()


def name_pipe(git: Path, line: str) -> None:
    (git.parent / "alt/pack").mkdir(parents=True)
    os.mkfifo(git.parent / "alt/pack/pack-1.idx")
    (git / "objects/info/alternates").write_text(f"{line}\n")


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "device": (lambda git: (git / "commondir").symlink_to("/dev/zero"), "is a device"),
    "null": (lambda git: (git / "commondir").write_bytes(b"..\0x"), "names no path"),
    "lines": (lambda git: (git / "commondir").write_bytes(b".\n/elsewhere"), "names no path"),
    "pipe": (lambda git: os.mkfifo(git / "refs/heads/pipe"), "is a named pipe"),
    "packed": (lambda git: os.mkfifo(git / "packed-refs"), "is a named pipe"),
    "object": (lambda git: os.mkfifo(git / "objects/pack/pack-1.idx"), "is not a regular file"),
    "linked packs": (lambda git: link_packs(git / "objects/pack"), "is not a regular file"),
    "alternate": (lambda git: name_pipe(git, "../../alt"), "is not a regular file"),
    "quoted": (lambda git: name_pipe(git, '"../../\\141lt"'), "quotes a path"),
    "null in an alternate": (lambda git: name_pipe(git, "../\0alt"), "quotes a path"),
    "alternates": (
        lambda git: (git / "objects/info/alternates").write_text("\n".join(map(str, range(200)))),
        "too many",
    ),
    "many": (lambda git: [(git / f"refs/tags/{n}").touch() for n in range(20)], "more than 10"),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


@pytest.mark.parametrize("kind", SPOILED)
def test_spoiled_repository(kind: str, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "_REFERENCES_MAX", 10)
    with borrowed(tree) as repository:
        assert (repository / ".git/HEAD").exists()
    spoil, words = SPOILED[kind]
    spoil(tree / ".git")
    begin = time.monotonic()
    with pytest.raises(GitFailure, match=words), borrowed(tree):
        pass
    assert time.monotonic() - begin < 5


KERNEL = Path(__file__).parent
MESSAGE = "From: A <a@example.org>\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nSubject: x\n\nText.\n"
# Files by which git takes a folder for a repository, whose filter is a program.
LOOK_ALIKES = {
    "HEAD": "ref: refs/heads/x\n",
    "objects/a": "a\n",
    "refs/a": "a\n",
    "config": '[core]\n\tbare = false\n\tworktree = .\n[filter "x"]\n\tclean = touch {}; cat\n',
    "info/attributes": "* filter=x\n",
}


@dataclass
class Foreign:
    """A tree that looks like a repository, and a patch of all the files by which it does."""

    spec: Path
    tree: Path
    patch: str
    canary: Path

    def run(self, *words: object) -> None:
        main([*map(str, words), "--tree", str(self.tree)])

    def carry(self) -> None:
        self.spec.with_name("gate.carry.patch").write_text(self.patch)
        self.run("apply", self.spec, "--dry-run")

    def revert(self) -> None:
        (self.tree / ".xenhostgen-gate.patch").write_text(self.patch)
        self.run("apply", self.spec, "--revert")

    def lift(self) -> None:
        (self.tree.parent / "x.patch").write_text(self.patch)
        self.run("import", self.tree.parent / "x.patch", "-o", self.tree.parent / "x.yaml")

    def write_series(self) -> None:
        history = self.tree.parent / "history"
        history.mkdir()
        (history / "01.message").write_text(MESSAGE)
        (history / "01.carry.patch").write_text(self.patch)
        self.run("patch", history, "-o", self.tree.parent / "mails")


@pytest.fixture
def foreign(tmp_path: Path) -> Foreign:
    tree = Path(shutil.copytree(KERNEL / "tree", tmp_path / "tree"))
    patch = ""
    for path, text in LOOK_ALIKES.items():
        file = tree / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.format(tmp_path / "canary"))
        last = file.read_text().count("\n")
        patch += f"--- a/{path}\n+++ b/{path}\n@@ -{last} +{last},2 @@\n"
        patch += f" {file.read_text().splitlines()[-1]}\n+# more\n"
    spec = Path(shutil.copy(KERNEL / "gate.yaml", tmp_path))
    return Foreign(spec, tree, patch, tmp_path / "canary")


@pytest.mark.parametrize("use", [Foreign.carry, Foreign.revert, Foreign.lift, Foreign.write_series])
def test_no_repository_is_seen_in_files(use: Callable[[Foreign], None], foreign: Foreign) -> None:
    use(foreign)
    assert not foreign.canary.exists()


def test_what_git_writes_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    added = b"--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+%s\n" % (b"x" * 2000)
    assert patched(added, {}.get)
    monkeypatch.setattr(git, "_FILE_MAX", 1000)
    with pytest.raises(GitFailure, match="writes a file of more than"):
        patched(added, {}.get)
    packed = b"diff --git a/a b/a\nnew file mode 100644\nGIT binary patch\nliteral %d\n"
    with pytest.raises(Refused, match="64 MiB of binary files"):
        patched(packed % (40 << 20) * 2, {}.get)


def test_what_binary_deltas_make_is_limited(tmp_path: Path) -> None:
    names = "abcdefghi"  # each has a delta forth and one back
    before, after = ({name: bytes(1 << 20) + end for name in names} for end in (b"", b"more"))
    patch = difference(before, after, "--binary")
    assert b"\ndelta " in patch
    assert len(patch) < 1 << 20
    with pytest.raises(Refused, match="64 MiB of binary files"):
        patched(patch, before.get)
    patch = difference({"a": before["a"]}, {"a": after["a"]}, "--binary")
    assert patched(patch, before.get) == {"a": after["a"]}


def test_attributes_change_no_byte_of_a_series(foreign: Foreign) -> None:
    foreign.patch = (
        "--- /dev/null\n+++ b/.gitattributes\n@@ -0,0 +1 @@\n+* text ident\n"
        "--- /dev/null\n+++ b/a.c\n@@ -0,0 +1 @@\n+/* $Id: 1 $ */\r\n"
        "--- /dev/null\n+++ b/mails/0002-more.patch\n@@ -0,0 +1 @@\n+a file\n"
    )
    foreign.write_series()
    (mail,) = (foreign.tree.parent / "mails").iterdir()
    assert b"+/* $Id: 1 $ */\r\n" in mail.read_bytes()
