# SPDX-License-Identifier: GPL-2.0-only
"""A stranger's history: nothing outside is read, and nothing of the user's is lost."""

import base64
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import main

TREE = Path(__file__).parents[1] / "kernel" / "tree"
MESSAGE = """\
From: Wanda Ж <wanda@example.org>
Date: Mon, 1 Jan 2024 00:00:00 +0000
Subject: toy: add a file

Because of it.
"""
PATCH = "--- /dev/null\n+++ b/a.c\n@@ -0,0 +1 @@\n+int a;\n"
CARRY = "02.carry.patch"
MAIL = f"{MESSAGE}---\n{PATCH}"


def patch(history: Path) -> int:
    return main(["patch", str(history), "--tree", str(TREE), "-o", str(history.parent / "mails")])


@pytest.fixture
def history(tmp_path: Path) -> Path:
    folder = tmp_path / "history"
    folder.mkdir()
    (folder / "01.message").write_text(MESSAGE, "utf-8")
    (folder / "01.carry.patch").write_text(PATCH)
    (tmp_path / "secret").write_text(MESSAGE.replace("Because", "canary"))
    return folder


def link_out(path: Path) -> None:
    path.symlink_to(path.parent.parent / "secret")


def say(text: str, name: str = "01.message") -> Callable[[Path], object]:
    return lambda history: (history / name).write_text(text)


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "linked message": (lambda history: link_out(history / "02.message"), "link that leaves"),
    "piped message": (lambda history: os.mkfifo(history / "02.message"), "is a named pipe"),
    "no message": (say("words\n"), "is no message of a patch"),
    "gap": (say(MESSAGE, "03.message"), "02.message"),
    "null": (say(MESSAGE + "\0"), "is no message of a patch"),
    "reply": (say(MESSAGE.replace("toy:", "Re: toy:")), "git am would change it"),
    "no change": (
        lambda history: (say(MESSAGE, "02.message")(history), say(PATCH, CARRY)(history)),
        "git am would change it",
    ),
    "linked carry": (
        lambda history: (say(MESSAGE, "02.message")(history), link_out(history / CARRY)),
        "link that leaves",
    ),
    "large carry": (
        lambda history: os.truncate(history / "01.carry.patch", 1 << 40),
        "larger than 64 MiB",
    ),
}


@pytest.mark.parametrize("kind", SPOILED)
def test_a_spoiled_history(kind: str, history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert patch(history) == 0
    shutil.rmtree(history.parent / "mails")
    spoil, words = SPOILED[kind]
    spoil(history)
    assert patch(history) == 2
    assert words in capsys.readouterr().err
    assert not (history.parent / "mails").exists()


def test_names_in_a_plain_locale(history: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    words = ["patch", history, "--tree", TREE, "-o", history.parent / "mails"]
    command = [sys.executable, "-m", "xenhostgen", *words]
    subprocess.run(command, env={**os.environ, **plain}, check=True)
    (mail,) = (history.parent / "mails").iterdir()
    assert "From: =?UTF-8?q?Wanda=20=D0=96?=" in mail.read_text()


def test_ends_of_lines_that_git_am_would_change_are_told(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert patch(history) == 0
    assert not capsys.readouterr().err
    (history / "01.carry.patch").write_bytes(PATCH.replace("int a;", "int a;\r").encode())
    assert patch(history) == 0
    assert "use git am --keep-cr" in capsys.readouterr().err


def test_what_is_no_part_of_a_history_stays(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text(MAIL.replace("toy:", "[PATCH] toy:"))
    folder = tmp_path / "history"
    folder.mkdir()
    old = ("02.message", "02.yaml", "02.carry.patch")
    for name in (*old, "2024-notes", "0"):
        (folder / name).write_text("mine")
    words = ["import", str(tmp_path / "mail"), "--tree", str(TREE), "-o", str(folder)]
    assert main(words) == 2
    assert main([*words, "--force"]) == 0
    assert not any((folder / name).exists() for name in old)
    assert (folder / "2024-notes").read_text() == (folder / "0").read_text() == "mine"


def test_a_refused_import_leaves_no_folder(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("no mail")
    words = ["import", str(tmp_path / "mail"), "--tree", str(TREE), "-o", str(tmp_path / "history")]
    assert main(words) == 2
    assert not (tmp_path / "history").exists()


def test_words_to_import_are_limited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.h").write_text("; " * 600_000)
    begin = time.process_time()
    assert main(["import", str(tmp_path / "x.h"), "-o", str(tmp_path / "x.yaml")]) == 2
    assert "more than 500000 words and signs of code" in capsys.readouterr().err
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("encoded", [False, True])
def test_lines_of_a_patch_are_limited(
    encoded: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = 1_000_001
    lines = MAIL.replace("@@ -0,0 +1 @@\n", f"@@ -0,0 +1,{count} @@\n" + "+\n" * (count - 1))
    if encoded:
        head, _, body = lines.partition("\n\n")
        encoded_body = base64.encodebytes(body.encode()).decode()
        lines = f"{head}\nContent-Transfer-Encoding: base64\n\n{encoded_body}"
    (tmp_path / "mail").write_text(lines, "utf-8")
    assert main(["import", str(tmp_path / "mail"), "-o", str(tmp_path / "x.yaml")]) == 2
    assert "holds more than 1000000 lines [input-too-large]" in capsys.readouterr().err


@pytest.mark.thorough
def test_a_header_of_nested_conditions_is_imported_in_time(tmp_path: Path) -> None:
    text = (TREE.parents[2] / "out" / "rfc-v1" / "include/xen/xenhost.h").read_text()
    nested = "#if A\n" * 20_000 + "#endif\n" * 20_000
    (tmp_path / "x.h").write_text(
        text.replace("enum xenhost_type {", nested + "enum xenhost_type {")
    )
    begin = time.process_time()
    assert main(["import", str(tmp_path / "x.h"), "-o", str(tmp_path / "x.yaml")]) == 0
    assert time.process_time() - begin < 20


def flowed(kind: str) -> str:
    return MAIL.replace("\n\n", f"\nContent-Type: {kind}; format=flowed\n\n", 1)


def with_subject(text: str) -> str:
    return MAIL.replace("toy: add a file", text)


ODD_MAILS = {
    "unknown charset": flowed("text/plain; charset=foo"),
    "null in the charset": flowed('text/plain; charset="\0"'),
    "charset that is none": flowed("text/plain; charset=rot13"),
    "charset without errors": flowed("text/plain; charset=idna"),
    "flowing image": flowed("image/png"),
    "mails in mails": "Content-Type: message/rfc822\n\n" * 3000 + MAIL,
    "no mail in a mail": "Content-Type: message/rfc822\n\n",
    "long numbers": with_subject(f"[PATCH {'9' * 5000}/{'9' * 5000}] x"),
    "long zeros": with_subject(f"[PATCH {'0' * 30_000}] x"),
    "brackets": with_subject("[" * 50_000),
    "brackets and numbers": with_subject("[1 " * 50_000),
    "blank title": f"x{' ' * 50_000}x\nFrom: x\n",
    "parameters": f"Content-Type: text/plain; {'a=b;' * 15_000}\n{MAIL}",
    "separators": f"Content-Disposition: {' ,' * 30_000}\n{MAIL}",
    "broken words": with_subject(" =?" * 20_000),
    "many mails": "From x Mon Sep 17 00:00:00 2001\n" * 5000,
}


@pytest.mark.parametrize("kind", ODD_MAILS)
def test_odd_mails(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mail").write_text(ODD_MAILS[kind], "utf-8")
    begin = time.process_time()
    words = ["import", str(tmp_path / "mail"), "--tree", str(TREE), "-o", str(tmp_path / "history")]
    assert main(words) in (0, 2)
    assert "internal error" not in capsys.readouterr().err
    assert time.process_time() - begin < 5


LONG = {
    "name": ("enum xenhost_type {", f"int {'a' * 60_000};\nenum xenhost_type {{"),
    "pointers": (
        "struct xenhost_ops {",
        f"struct xenhost_ops {{\nint {'a (*a)(' * 8000}{')' * 8000} x;\n",
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("kind", LONG)
def test_a_header_with_a_long_declaration_is_imported_in_time(kind: str, tmp_path: Path) -> None:
    text = (TREE.parents[2] / "out" / "rfc-v1-ops" / "include/xen/xenhost.h").read_text()
    (tmp_path / "x.h").write_text(text.replace(*LONG[kind]))
    begin = time.process_time()
    assert main(["import", str(tmp_path / "x.h"), "-o", str(tmp_path / "x.yaml")]) in (0, 2)
    assert time.process_time() - begin < 6
