# SPDX-License-Identifier: GPL-2.0-only
"""The programs that read a stranger's files: what they import, and what if they end."""

import importlib
import sys
from pathlib import Path

import pytest

from tools import need
from xenhostgen.sandbox import reader


def test_packages_of_the_user_are_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    need("bwrap", "bubblewrap")
    (tmp_path / "of_the_user.py").write_text("def words(*words): return words\n")
    monkeypatch.syspath_prepend(tmp_path)
    words = importlib.import_module("of_the_user").words
    with reader.reader([tmp_path]) as program, pytest.raises(reader.BuildError):
        program.ask(words, "a")
    monkeypatch.setattr(reader, "_SITES", (*reader._SITES, tmp_path))
    with reader.reader() as program:
        assert program.ask(words, "a", "b") == ["a", "b"]


def test_a_reader_that_ends_answers_nothing_from_then_on() -> None:
    need("bwrap", "bubblewrap")
    with reader.reader() as program:
        with pytest.raises(reader.BuildError, match="ends before it has an answer"):
            program.ask(sys.exit)
        with pytest.raises(reader.BuildError, match="reading another file of the tree has failed"):
            program.ask(len, "b")


def test_a_reader_leaves_no_pipe_open() -> None:
    need("bwrap", "bubblewrap")
    with reader.reader() as program:
        program.ask(len, "b")
    process = program.process
    assert process.stdin
    assert process.stdout
    assert process.stdin.closed
    assert process.stdout.closed
