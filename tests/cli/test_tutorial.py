# SPDX-License-Identifier: GPL-2.0-only
"""The tutorial does what it says: its files are written, its edits made, its commands run."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import need

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
# A line of prose, and the block below it.
_STEP = re.compile(r"\n([^\n`][^\n]*)\n\n```(\w*)\n(.*?)```", re.DOTALL)
_ENDS = re.compile(r"# ends with status (\d)")
_IDENTITY = {
    f"GIT_{who}_{what}": "me@here" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


def commands(block: str) -> Iterator[tuple[list[str], int, list[str]]]:
    """Each command of a block, with its exit status and lines that it prints in this order."""
    for command in block.split("$ ")[1:]:
        words, *lines = command.splitlines()
        status = _ENDS.search(command)
        shown = [line for line in lines if not line.startswith("#")]
        yield shlex.split(words), int(status[1]) if status else 0, shown


def run(folder: Path, words: list[str], status: int, shown: list[str]) -> None:
    if words[0] == "xenhostgen":
        quickly = ["--cc", "gcc"] * (words[1] == "verify")
        words = [sys.executable, "-m", *words, *quickly]
    done = subprocess.run(
        words, cwd=folder, env=os.environ | _IDENTITY, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    # What it can't check differs from machine to machine.
    printed = re.sub(r":\d+:\d+|\S*/(?=include/)|, but for what was not checked", "", done.stdout)
    for line in shown:
        assert line in printed


@pytest.mark.thorough
def test_what_the_tutorial_says(tmp_path: Path) -> None:
    need("git", "git")
    need("gcc", "gcc")
    file = ""
    text = TUTORIAL.read_text()
    steps = _STEP.findall(text)
    assert len(steps) == text.count("\n```") // 2
    for before, kind, block in steps:
        named = re.findall(r"`([^`]+)`", before)
        if kind == "console":
            for command in commands(block):
                run(tmp_path, *command)
        elif kind == "yaml":
            file = named[0] if named[0].endswith(".yaml") else file
            place = next(name for name in named if not name.endswith((".yaml", "kernel:")))
            spec = tmp_path / file
            assert spec.read_text().count(f"{place}\n") == 1
            spec.write_text(spec.read_text().replace(f"{place}\n", f"{place}\n{block}"))
        else:
            (tmp_path / named[-1]).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / named[-1]).write_text(block)
