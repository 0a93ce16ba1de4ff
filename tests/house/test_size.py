# SPDX-License-Identifier: GPL-2.0-only
"""The budget of size.toml and the limits of lines and functions, each shown to fail as well."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import size

PYTHON = sorted([*size.PACKAGE.rglob("*.py"), *(size.REPO / "tests").rglob("*.py")])
COMPLEXITY = ("--select=C901", "--config=lint.mccabe.max-complexity=10")


@pytest.fixture(scope="module")
def measured() -> dict[str, int]:
    return size.measure()


def test_tokens_are_within_the_budget(measured: dict[str, int]) -> None:
    over = [
        f"{room} holds {measured[room]} tokens, {measured[room] - limit} above its number"
        for room, limit in size.budget().items()
        if measured[room] > limit
    ]
    assert not over, "take out as much, or raise the number in tests/house/size.toml"


def test_every_room_has_a_budget(measured: dict[str, int]) -> None:
    rooms = measured.keys() - {"extensions"}
    assert rooms <= size.budget().keys(), "give it a number in tests/house/size.toml"


def test_lines_end_within_100_columns() -> None:
    assert not list(overlong_lines(PYTHON))


def overlong_lines(files: list[Path]) -> Iterator[str]:
    for file in files:
        for number in size.long_lines(file.read_text()):
            yield f"{file.relative_to(size.REPO)}:{number}"


def test_functions_are_at_most_40_lines_long() -> None:
    long = [
        f"{file.relative_to(size.REPO)}: {name} has {lines} lines"
        for file in size.PACKAGE.rglob("*.py")
        for name, lines in size.long_functions(file.read_text())
    ]
    assert not long


def ruff_complexity(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", *COMPLEXITY, path]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_no_function_is_too_complex() -> None:
    done = ruff_complexity(size.PACKAGE)
    assert done.returncode == 0, done.stdout


def test_a_complex_function_is_noticed(tmp_path: Path) -> None:
    branches = "".join(f"    if n == {number}:\n        return {number}\n" for number in range(11))
    (tmp_path / "branches.py").write_text(f"def branches(n):\n{branches}    return n\n")
    assert ruff_complexity(tmp_path / "branches.py").returncode == 1


def test_comments_docstrings_and_layout_are_no_tokens() -> None:
    plain = "def double(n):\n    return 2 * n\n"
    documented = (
        '"""A module."""\n\ndef double(n):\n    """Twice."""\n    # why\n    return 2 * n\n'
    )
    assert size.python_tokens(plain) == size.python_tokens(documented) == 10


def test_c_comments_are_no_tokens_and_a_string_is_one() -> None:
    assert size.c_tokens('/* a */ puts("/* b */ c"); // d\n{# e #}{{ name }}') == 10


def test_a_long_line_is_noticed() -> None:
    assert list(size.long_lines("x" * 100 + "\n" + "x" * 101 + "\n")) == [2]


def test_a_function_of_60_lines_is_noticed() -> None:
    body = "    n += 1\n" * 59
    assert list(size.long_functions(f"def count(n):\n{body}")) == [("count", 60)]
    assert not list(size.long_functions("def count(n):\n" + "    n += 1\n" * 39))
