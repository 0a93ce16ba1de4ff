# SPDX-License-Identifier: GPL-2.0-only
"""Completion by Tab, as real shells do it with what the command prints."""

import os
import pty
import select
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tools import main, need

SHELLS = {"bash": "bash", "zsh": "zsh", "fish": "fish"}  # and their Debian packages


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a spec, another file and a folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs").mkdir()
    for name in ("widget.yaml", "widget.txt"):
        (tmp_path / name).touch()
    return tmp_path


def script(shell: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A file with what the command prints."""
    need(shell, SHELLS[shell])
    assert main(["completion", shell]) == 0
    file = folder / f"completion.{shell}"
    file.write_text(capsys.readouterr().out)
    return file


def printed(command: list[str]) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return sorted(line.split("\t")[0] for line in done.stdout.split("\n") if line)


def in_bash(file: Path, words: list[str]) -> list[str]:
    """What bash completes the last word to, by the function that the script registers."""
    program = (
        f"source {file}; complete -p xenhostgen >/dev/null || exit; "
        f"COMP_WORDS=({shlex.join(words)}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); "
        "$(complete -p xenhostgen | sed 's/.*-F //; s/ .*//'); "
        "printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    return printed(["bash", "--norc", "-c", program])


def in_fish(file: Path, words: list[str]) -> list[str]:
    line = " ".join(words)
    return printed(["fish", "--no-config", "-c", f"source {file}; complete -C '{line}'"])


COMPLETED = [
    ("ver", ["verify"]),
    ("verify --for", ["--format"]),
    ("verify --format sa", ["sarif"]),
    ("verify --brief --level pr", ["prove"]),
    ("rules dependency", ["dependency-not-enforced"]),
    ("verify wid", ["widget.yaml"]),
    ("init -o wid", ["widget.txt", "widget.yaml"]),
    ("verify --tree sp", ["specs"]),
]


@pytest.mark.parametrize(("line", "words"), COMPLETED)
def test_bash_completes(
    line: str, words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = script("bash", folder, capsys)
    assert in_bash(file, ["xenhostgen", *line.split()]) == words


@pytest.mark.parametrize(("line", "words"), COMPLETED)
def test_fish_completes(
    line: str, words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = script("fish", folder, capsys)
    completed = in_fish(file, ["xenhostgen", *line.split()])
    assert [word.removesuffix("/") for word in completed] == words


def test_zsh_completes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script("zsh", folder, capsys).rename(folder / "_xenhostgen")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("zsh", ["zsh", "-f", "-i"], os.environ | {"TERM": "dumb"})
    os.write(terminal, b"fpath=($PWD $fpath); autoload -U compinit; compinit -u -D; PS1=rea'dy:'\n")
    for before, shown in [
        ("", "ready:"),
        ("xenhostgen ver\t", "xenhostgen verify "),
        ("\x15xenhostgen lint --for\t", "lint --format "),
        ("\x15xenhostgen verify --level pr\t", "verify --level prove "),
        ("\x15xenhostgen rules dependency\t", "rules dependency-not-enforced "),
        ("\x15xenhostgen verify wid\t", "verify widget.yaml "),
    ]:
        os.write(terminal, before.encode())
        wait_for(shown, terminal)
    os.close(terminal)
    os.waitpid(pid, 0)


def wait_for(shown: str, terminal: int, seconds: float = 30) -> None:
    """Read what a terminal shows until a text is among it."""
    received = ""
    while shown not in received:
        ready, _, _ = select.select([terminal], [], [], seconds)
        assert ready, received
        received += os.read(terminal, 4096).decode()


WITHOUT_TREE_SITTER = """
import sys
sys.modules["tree_sitter_c"] = None
from xenhostgen.cli import main
sys.exit(main(["completion", "bash"]))
"""


def test_what_can_not_be_used_here_is_not_offered(folder: Path) -> None:
    need("bash", SHELLS["bash"])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TREE_SITTER], capture_output=True, text=True, check=True
    )
    file = folder / "completion.bash"
    file.write_text(done.stdout)
    assert in_bash(file, ["xenhostgen", "mut"]) == []
    assert in_bash(file, ["xenhostgen", "ver"]) == ["verify"]


def test_an_unknown_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["completion", "csh"])
    assert ended.value.code == 2
    assert "invalid choice: 'csh'" in capsys.readouterr().err
