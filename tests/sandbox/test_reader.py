# SPDX-License-Identifier: GPL-2.0-only
"""The programs that read a stranger's files: what they import."""

from pathlib import Path

import pytest

from tools import need
from xenhostgen.sandbox import reader

PROGRAM = "from xenhostgen.sandbox.reader import serve; serve(lambda *words: words)"


def test_packages_of_the_user_are_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    need("bwrap", "bubblewrap")
    (tmp_path / "of_the_user.py").write_text(PROGRAM)
    with reader.Reader("of_the_user", [tmp_path]) as program, pytest.raises(reader.BuildError):
        program.ask("a")
    monkeypatch.setattr(reader, "_SITES", (*reader._SITES, tmp_path))
    with reader.Reader("of_the_user") as program:
        assert program.ask("a", "b") == ["a", "b"]
