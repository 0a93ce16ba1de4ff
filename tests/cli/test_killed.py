# SPDX-License-Identifier: GPL-2.0-only
"""A command that is killed while it writes: the next one finishes, says so, and works."""

import subprocess
import sys
from pathlib import Path

KERNEL = Path(__file__).parents[1] / "kernel"
SPEC = KERNEL / "gate.yaml"
# Kills the command when it moves its second file into place.
KILLED = """\
import os, signal, sys
from xenhostgen import cli

moves = 0

def count(event, arguments):
    global moves
    if event == "os.rename" and str(arguments[1]).startswith(sys.argv[1]):
        moves += 1
        if moves == 3:  # the journal, a file, and this one
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
cli.main(sys.argv[2:])
"""


def copy_of(tree: Path, to: Path) -> Path:
    subprocess.run(["cp", "-r", tree, to], check=True)
    return to


def content(tree: Path) -> dict[str, bytes]:
    files = [file for file in tree.rglob("*") if file.is_file()]
    return {str(file.relative_to(tree)): file.read_bytes() for file in files}


def xenhostgen(*words: object, killed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command; it is killed when it writes below the folder ``killed``."""
    start = ["-c", KILLED, killed] if killed else ["-m", "xenhostgen"]
    command = [sys.executable, *start, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_apply_and_revert_go_on_behind_a_kill(tmp_path: Path) -> None:
    whole, tree = copy_of(KERNEL / "tree", tmp_path / "a"), copy_of(KERNEL / "tree", tmp_path / "b")
    before = content(tree)
    assert xenhostgen("apply", SPEC, "--tree", whole).returncode == 0
    for options, expected in (([], content(whole)), (["--revert"], before)):
        words = ("apply", SPEC, "--tree", tree, *options)
        assert xenhostgen(*words, killed=str(tree)).returncode == -9
        assert content(tree) != expected
        done = xenhostgen(*words)
        assert done.returncode == 0, done.stderr
        assert "finished what a killed run had begun" in done.stderr
        assert content(tree) == expected


def test_generate_goes_on_behind_a_kill(tmp_path: Path) -> None:
    words = ("generate", SPEC, "-o", tmp_path / "out")
    assert xenhostgen(*words, killed=str(tmp_path / "out")).returncode == -9
    done = xenhostgen(*words)
    assert "finished what a killed run had begun" in done.stderr
    assert xenhostgen("generate", SPEC, "-o", tmp_path / "out", "--check").returncode == 0
    assert not list((tmp_path / "out").glob(".*"))
