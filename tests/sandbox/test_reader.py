# SPDX-License-Identifier: GPL-2.0-only
"""The programs that read a stranger's files: what they import, and what if they end."""

from pathlib import Path

import pytest

from tools import need
from xenhostgen.sandbox import reader

PROGRAM = "import sys; from xenhostgen.sandbox.reader import serve; serve(lambda *words: words)"


def test_packages_of_the_user_are_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    need("bwrap", "bubblewrap")
    (tmp_path / "of_the_user.py").write_text(PROGRAM)
    with reader.Reader("of_the_user", [tmp_path]) as program, pytest.raises(reader.BuildError):
        program.ask("a")
    monkeypatch.setattr(reader, "_SITES", (*reader._SITES, tmp_path))
    with reader.Reader("of_the_user") as program:
        assert program.ask("a", "b") == ["a", "b"]


def test_a_reader_that_ends_answers_nothing_from_then_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    need("bwrap", "bubblewrap")
    (tmp_path / "ending.py").write_text(PROGRAM.replace("words: words", "words: sys.exit()"))
    monkeypatch.setattr(reader, "_SITES", (*reader._SITES, tmp_path))
    with reader.Reader("ending") as program:
        with pytest.raises(reader.BuildError, match="ends before it has an answer"):
            program.ask("a")
        with pytest.raises(reader.BuildError, match="reading another file of the tree has failed"):
            program.ask("b")
