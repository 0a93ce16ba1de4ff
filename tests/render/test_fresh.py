# SPDX-License-Identifier: GPL-2.0-only
"""A stamp is believed only while everything that it speaks of is as it was."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from xenhostgen.render import fresh, generate

TEMPLATES = Path(__file__).parents[2] / "templates"
MINIMAL = Path(__file__).parents[1] / "spec" / "cases" / "succ_minimal.yaml"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    return Path(shutil.copy(MINIMAL, tmp_path / "small.yaml"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "templates"
    shutil.copytree(TEMPLATES, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(generate, "template_root", lambda: copy)
    return copy


def made(spec: Path, out: Path) -> None:
    generate.generate(spec, out, check=False)


def test_nothing_to_do(spec: Path, out: Path, templates: Path) -> None:
    assert fresh.is_fresh(spec, out, templates) is None
    made(spec, out)
    assert fresh.is_fresh(spec, out, templates) == [
        "arch/small.c",
        "include/state.h",
        "include/widget.h",
        "lib/Makefile",
        "lib/widget.c",
    ]


CHANGES: list[Callable[[Path, Path, Path], object]] = [
    lambda spec, out, _: (out / "small/lib/widget.c").write_text("edited\n"),
    lambda spec, out, _: (out / "small/lib/widget.c").unlink(),
    lambda spec, out, _: (out / "small/lib/extra.c").write_text("extra\n"),
    lambda spec, out, _: (out / "small/lib/widget.c").rename(out / "small/lib/other.c"),
    lambda spec, out, _: shutil.rmtree(out / "small"),
    lambda spec, out, _: spec.write_text(spec.read_text() + "# one more line\n"),
    lambda spec, out, templates: (templates / "shared/more.j2").write_text("{# #}"),
    lambda spec, out, templates: (templates / "rfc/registry.c.j2").write_text("{# #}"),
    lambda spec, out, templates: (out / ".fresh/small.stamp").write_text("junk"),
    lambda spec, out, templates: (out / ".fresh/small.stamp").write_bytes(b"\xff\n\xff"),
    lambda spec, out, templates: (out / ".fresh/small.stamp").unlink(),
]


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_is_seen(
    spec: Path, out: Path, templates: Path, change: Callable[[Path, Path, Path], object]
) -> None:
    made(spec, out)
    change(spec, out, templates)
    assert fresh.is_fresh(spec, out, templates) is None


def test_a_link_to_the_same_text_is_seen(
    spec: Path, out: Path, templates: Path, tmp_path: Path
) -> None:
    made(spec, out)
    file = out / "small/lib/widget.c"
    file.rename(tmp_path / "elsewhere.c")
    file.symlink_to(tmp_path / "elsewhere.c")
    assert fresh.is_fresh(spec, out, templates) is None


def test_another_spec_of_the_same_name_is_seen(
    spec: Path, out: Path, templates: Path, tmp_path: Path
) -> None:
    made(spec, out)
    (tmp_path / "sub").mkdir()
    other = Path(shutil.copy(spec, tmp_path / "sub" / "small.yaml"))
    assert fresh.is_fresh(other, out, templates) is None


def test_git_ignores_the_state(spec: Path, out: Path, templates: Path) -> None:
    made(spec, out)
    assert (out / ".fresh/.gitignore").read_text() == "*\n"
