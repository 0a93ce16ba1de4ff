# SPDX-License-Identifier: GPL-2.0-only
"""What users expect of any tool: ``-`` is stdin, a look before a leap, and ``lint --fix``."""

import subprocess
import sys
from pathlib import Path

import pytest

from forked import run_forked
from tools import main

V1 = Path(__file__).parents[2] / "specs" / "rfc-v1-ops.yaml"


@pytest.mark.parametrize("words", [["lint", "-"], ["generate", "-", "--dry-run"]], ids=" ".join)
def test_a_spec_from_stdin(words: list[str], tmp_path: Path) -> None:
    ended = run_forked(tmp_path, words, stdin=V1.read_bytes())
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "/dev/stdin: " in ended.stdout


@pytest.mark.parametrize(
    ("option", "status", "words"),
    [("--check", 1, "+++"), ("--diff", 0, "+++"), ("--dry-run", 0, "1 to write, 6 unchanged")],
)
def test_a_look_writes_nothing(
    option: str, status: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["generate", str(V1), "-o", str(tmp_path)]
    assert main(command) == 0
    header = tmp_path / "rfc-v1-ops/include/xen/xenhost.h"
    header.write_text("edited\n")
    capsys.readouterr()
    assert main([*command, option]) == status
    assert words in capsys.readouterr().out
    assert header.read_text() == "edited\n"


QUOTED = 'include: {line: <xen/xenhost.h>, "place": {before: '
FAULTS = {
    "a key of version 1": ("  no_host: ", "  when_no_host: "),
    "a rule of version 1": ("rule: required-slot-emptied", "rule: orphaned-remote"),
    "a misspelt key": ("\nregistry:", "\nregistri:"),
    "a misspelt choice": ("storage: bss", "storage: bas"),
    "a misspelt step": ("- return_if:", "- retrun_if:"),
    "two in a line, quoted": (QUOTED, 'include: {lin: <xen/xenhost.h>, "plase": {before: '),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_fix_mends_the_words_of_the_language(kind: str, tmp_path: Path) -> None:
    right, wrong = FAULTS[kind]
    text = V1.read_text().replace(QUOTED.replace('"', ""), QUOTED)
    assert right in text
    spec = tmp_path / "mine.yaml"
    spec.write_text(text.replace(right, wrong))
    assert main(["lint", str(spec)]) == 2
    assert main(["lint", str(spec), "--fix"]) == 0
    assert spec.read_text() == text


@pytest.mark.parametrize("wrong", ['"stora\\x67c"', "storage x", '"storag'])
def test_fix_leaves_what_is_no_plain_word(wrong: str, tmp_path: Path) -> None:
    """And ends."""
    spec = tmp_path / "mine.yaml"
    spec.write_text(V1.read_text().replace("storage: bss", f"{wrong}: bss"))
    assert main(["lint", str(spec), "--fix"]) == 2
    assert f"{wrong}: bss" in spec.read_text()


def test_fix_needs_a_file_to_write_into(tmp_path: Path) -> None:
    spec = V1.read_bytes().replace(b"storage: bss", b"storage: bas")
    command = [sys.executable, "-m", "xenhostgen", "lint", "--fix", "-"]
    ended = subprocess.run(command, input=spec, cwd=tmp_path, capture_output=True, check=False)
    assert ended.returncode == 2
    assert b"/dev/stdin: is a symbolic link" in ended.stderr


def test_fix_leaves_the_names_of_the_user(tmp_path: Path) -> None:
    spec = tmp_path / "mine.yaml"
    text = V1.read_text().replace("borrows: hvm", "borrows: hvn")
    spec.write_text(text)
    assert main(["lint", str(spec), "--fix"]) == 2
    assert spec.read_text() == text


def test_fix_mends_a_large_spec_of_version_1(tmp_path: Path) -> None:
    """More words than are guessed in one go."""
    spec = tmp_path / "mine.yaml"
    shipped = V1.with_name("xenhost.yaml").read_text()
    spec.write_text(shipped.replace(", body: ", ", calls: "))
    assert main(["lint", str(spec), "--fix"]) == 0
    assert spec.read_text() == shipped
