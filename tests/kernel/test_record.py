# SPDX-License-Identifier: GPL-2.0-only
"""A record of ``apply`` that a stranger has left in a tree: nothing of it is carried out."""

import shutil
from pathlib import Path

import pytest

from tools import main

KERNEL = Path(__file__).parent
HUNK = "--- a/{0}\n+++ b/{0}\n@@ -1,1 +1,2 @@\n nope\n+nope\n"
LINK = (
    "deleted file mode 120000\n--- a/leak\n+++ /dev/null\n"
    "@@ -1 +0,0 @@\n-{0}\n\\ No newline at end of file\n"
)


@pytest.mark.parametrize("path", [".git/config", ".git/hooks/pre-commit", ".xenhostgen-x/moves"])
def test_paths_of_git_and_of_our_own_are_refused(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = Path(shutil.copytree(KERNEL / "tree", tmp_path / "tree"))
    record = f"diff --git a/{path} b/{path}\n{HUNK.format(path)}"
    (tree / ".xenhostgen-gate.patch").write_text(record)
    assert main(["apply", str(KERNEL / "gate.yaml"), "--tree", str(tree), "--revert"]) == 2
    assert "[foreign-record]" in capsys.readouterr().err


def test_a_link_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = Path(shutil.copytree(KERNEL / "tree", tmp_path / "tree"))
    secret = tmp_path / "secret"
    secret.write_text("canary")
    record = f"diff --git a/leak b/leak\n{LINK.format(secret)}"
    (tree / ".xenhostgen-gate.patch").write_text(record)
    assert main(["apply", str(KERNEL / "gate.yaml"), "--tree", str(tree), "--revert"]) == 2
    assert "[foreign-record]" in capsys.readouterr().err
    assert not (tree / "leak").exists()
