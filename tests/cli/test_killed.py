# SPDX-License-Identifier: GPL-2.0-only
"""A command that is killed while it writes: the next one finishes, says so, and works."""

import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE

import pytest

from forked import run_forked
from xenhostgen import cli

KERNEL = Path(__file__).parents[1] / "kernel"
SPEC = KERNEL / "gate.yaml"
GUEST = "arch/toy/small.c"
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
sys.exit(cli.main(sys.argv[2:]))
"""


def copy_of(tree: Path, to: Path) -> Path:
    subprocess.run(["cp", "-r", tree, to], check=True)
    return to


def content(tree: Path) -> dict[str, bytes]:
    files = [file for file in tree.rglob("*") if file.is_file()]
    return {str(file.relative_to(tree)): file.read_bytes() for file in files}


def xenhostgen(*words: object, killed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command; it is killed when it writes below the folder ``killed``."""
    if killed:
        return run_forked(Path(), (killed, *words), program=KILLED)
    return run_forked(Path(), words)


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


# Edits a file as another run would that reads it, waits, and writes.
EDITING = """\
import sys
from pathlib import Path
from xenhostgen.render.write import alone

with alone(Path(sys.argv[1])):
    file = Path(sys.argv[1], sys.argv[2])
    print("reading", flush=True)
    sys.stdin.readline()
    file.write_text(f"{file.read_text()}/* edited */\\n")
"""


@pytest.mark.thorough
def test_what_two_runs_write_at_once_is_there_in_the_end(tmp_path: Path) -> None:
    tree = copy_of(KERNEL / "tree", tmp_path / "tree")
    command = [sys.executable, "-c", EDITING, tree, GUEST]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as editing:
        assert editing.stdout and editing.stdout.readline() == "reading\n"
        words = [sys.executable, "-m", "xenhostgen", "apply", SPEC, "--tree", tree]
        with subprocess.Popen(words, stderr=PIPE, text=True) as applying:
            time.sleep(2)
            assert applying.poll() is None
            editing.communicate("go on\n")
        assert applying.returncode == 0
    assert (tree / GUEST).read_text().endswith("/* edited */\n")
    assert xenhostgen("apply", SPEC, "--tree", tree, "--revert").returncode == 0


def test_a_run_that_waits_too_long_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = copy_of(KERNEL / "tree", tmp_path / "tree")
    before = content(tree)
    monkeypatch.setattr("xenhostgen.sandbox.journal.WAIT_SECONDS", 0)
    command = [sys.executable, "-c", EDITING, tree, GUEST]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as editing:
        assert editing.stdout and editing.stdout.readline() == "reading\n"
        assert cli.main(["apply", str(SPEC), "--tree", str(tree)]) == 2
        assert content(tree) == before
        editing.kill()
    assert "another xenhostgen is writing here" in capsys.readouterr().err
    assert cli.main(["apply", str(SPEC), "--tree", str(tree)]) == 0
