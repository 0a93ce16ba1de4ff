# SPDX-License-Identifier: GPL-2.0-only
"""What isn't a readable spec file at all: each is refused with a reason, none is waited for."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from xenhostgen.api import SpecError, load
from xenhostgen.spec.yaml import MAX_BYTES


def nothing(_path: Path) -> None:
    pass


def huge(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (nothing, "no-such-file"),
        (Path.mkdir, "unreadable"),
        (os.mkfifo, "unreadable"),
        (huge, "unreadable"),
        (link_to_itself, "unreadable"),
    ],
)
def test_refused(tmp_path: Path, make: Callable[[Path], None], rule: str) -> None:
    path = tmp_path / "widget.yaml"
    make(path)
    with pytest.raises(SpecError) as caught:
        load(path)
    (problem,) = caught.value.problems
    assert problem.rule == rule
    assert problem.path == str(path)
    assert problem.hint


def test_a_name_with_nul_is_refused() -> None:
    with pytest.raises(SpecError) as caught:
        load(Path("a\0b.yaml"))
    assert caught.value.problems[0].rule == "unreadable"


def test_a_near_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "widget.yaml").write_text("")
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "wigdet.yaml")
    assert "did you mean 'widget.yaml'?" in caught.value.problems[0].hint


@pytest.mark.parametrize(
    "name",
    ["....yaml", "..yaml", ".fresh.yaml", "a\nb.yaml", "*.yaml", "a\udcff.yaml", "d*/s.yaml"],
)
def test_a_name_that_breaks_out_is_refused(tmp_path: Path, name: str) -> None:
    """Out of its folder in OUT, or out of the comment that names it."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text((Path(__file__).parent / "cases/succ_minimal.yaml").read_text())
    with pytest.raises(SpecError) as caught:
        load(path)
    assert caught.value.problems[0].rule == "spec-name"
