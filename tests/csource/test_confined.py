# SPDX-License-Identifier: GPL-2.0-only
"""Programs that read strangers' files: what they see, and that their answers are checked."""

import subprocess
from pathlib import Path
from typing import Any, cast

import pytest

from tools import need
from xenhostgen.csource.confined import read_contents, read_facts, read_unit
from xenhostgen.csource.objects import read_contents as contents
from xenhostgen.sandbox.process import BuildError
from xenhostgen.sandbox.reader import Reader, reader


class Liar:
    """Answers all questions with one thing."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def ask(self, *question: object) -> Any:
        return self.answer


def compiled(folder: Path) -> Path:
    target = folder / "a.o"
    command = ["gcc", "-x", "c", "-c", "-", "-o", str(target)]
    subprocess.run(command, input=b"int canary;", check=True)
    return target


FACT = ["macro", "A", ["a.c", 1, 1], "", []]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        "text",
        [FACT[:4]],
        [[1, *FACT[1:]]],
        [[*FACT[:2], ["a.c", "1", 1], *FACT[3:]]],
        [[*FACT[:4], "words"]],
        [[[]], {"a": 1}],
    ],
)
def test_answers_are_checked(answer: Any) -> None:
    liar = cast("Reader", Liar(answer))
    with pytest.raises(BuildError, match="can't be read"):
        read_facts("", Path("a.c"), liar)
    with pytest.raises(BuildError, match="can't be read"):
        read_unit(Path("a.o"), liar)
    with pytest.raises(BuildError, match="can't be read"):
        read_contents(Path("a.o"), liar)


def test_only_a_library_shows_what_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug of ours is no fault of the file's."""
    text = tmp_path / "a.o"
    text.write_text("no object file")
    with pytest.raises(BuildError, match="can't be read"):
        read_contents(text, None)
    monkeypatch.setattr("xenhostgen.csource.objects.Contents", "no class")
    target = compiled(tmp_path)
    with pytest.raises(TypeError):
        read_contents(target, None)


def test_facts_come_back_as_they_are() -> None:
    need("bwrap", "bubblewrap")
    c = "static const int a[2];\nvoid f(int b)\n{\n\tint c;\n\tb = 1;\n}\n"
    question = (f'# 0 "a.c"\n# 1 "a.c"\n#include <x.h>\n{c}', Path("a.c"))
    with reader() as program:
        assert read_facts(*question, program) == read_facts(*question, None) != ()


@pytest.mark.parametrize("sees", [False, True])
def test_only_its_folders_are_seen(*, sees: bool, tmp_path: Path) -> None:
    need("bwrap", "bubblewrap")
    target = compiled(tmp_path)
    with reader([tmp_path] * sees) as program:
        assert ("canary" in f"{program.ask(contents, target)}") == sees
