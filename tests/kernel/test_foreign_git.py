# SPDX-License-Identifier: GPL-2.0-only
"""A stranger's repository: what git or we would wait for, or can't use, is named."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from xenhostgen.extensions.kernel_tree import git
from xenhostgen.extensions.kernel_tree.git import GitFailure, borrowed

SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "device": (lambda git: (git / "commondir").symlink_to("/dev/zero"), "is a device"),
    "null": (lambda git: (git / "commondir").write_bytes(b"..\0x"), "names no path"),
    "lines": (lambda git: (git / "commondir").write_bytes(b".\n/elsewhere"), "names no path"),
    "pipe": (lambda git: os.mkfifo(git / "refs/heads/pipe"), "is a named pipe"),
    "packed": (lambda git: os.mkfifo(git / "packed-refs"), "is a named pipe"),
    "object": (lambda git: os.mkfifo(git / "objects/pack/pack-1.idx"), "is not a regular file"),
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
        assert (repository / "HEAD").exists()
    spoil, words = SPOILED[kind]
    spoil(tree / ".git")
    begin = time.monotonic()
    with pytest.raises(GitFailure, match=words), borrowed(tree):
        pass
    assert time.monotonic() - begin < 5
