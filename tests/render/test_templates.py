# SPDX-License-Identifier: GPL-2.0-only
"""A broken template is told by its file and line; bytecode never outlives its template."""

import os
import shutil
from pathlib import Path

import pytest

from xenhostgen.api import Interface, Refused, load, render
from xenhostgen.render.environment import environment
from xenhostgen.render.files import Renderer

TEMPLATES = Path(__file__).parents[2] / "templates"
MINIMAL = Path(__file__).parents[1] / "spec" / "cases" / "succ_minimal.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    copy = tmp_path / "templates"
    shutil.copytree(TEMPLATES, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture
def spec() -> Interface:
    return load(MINIMAL)


@pytest.mark.parametrize(
    "file", ["rfc/registry.c.j2", "rfc/fragments/tables.j2", "shared/guest.c.j2"]
)
@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("{% if %}", "Expected an expression"),
        ("{% for x in y %}", "tag"),
        ("{{ nobody_knows }}", "'nobody_knows' is undefined"),
        ("{{ 'x' | nofilter }}", "No filter named 'nofilter'"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ none.member }}", "has no attribute 'member'"),
        ("{% include 'absent.j2' %}", "absent.j2"),
        ("{{ 'x' | comment('deep') }}", "can't multiply"),
    ],
)
def test_told_by_file_and_line(
    root: Path, spec: Interface, file: str, broken: str, message: str
) -> None:
    path = root / file
    text = path.read_text()
    path.write_text(f"{broken}\n{text}")
    with pytest.raises(Refused) as caught:
        render(spec, root)
    (problem,) = caught.value.problems
    assert problem.path == str(path)
    assert message in problem.message
    if "for x" not in broken:  # an unclosed block is told where the file ends
        assert problem.at.line == 1


def test_what_is_not_utf8_is_named(root: Path, spec: Interface) -> None:
    (root / "shared/banner.j2").write_bytes(b"\xff")
    with pytest.raises(Refused, match=r"banner\.j2:1:1: not UTF-8"):
        render(spec, root)


def test_a_missing_template_is_named(root: Path, spec: Interface) -> None:
    (root / "rfc/registry.c.j2").unlink()
    with pytest.raises(Refused, match=r"registry\.c\.j2"):
        render(spec, root)


def test_an_edited_template_is_seen(root: Path, spec: Interface) -> None:
    render(spec, root)
    assert len(list((root / "__pycache__").glob("*.jinja"))) > 1
    path = root / "shared/fragments/include.j2"
    path.write_text(path.read_text().replace("#include", "#import"))
    assert "#import <widget.h>" in render(spec, root).files["arch/small.c"]


def test_damaged_bytecode_is_no_bytecode(root: Path, spec: Interface) -> None:
    before = render(spec, root).files
    for number, path in enumerate(sorted((root / "__pycache__").glob("*.jinja"))):
        whole = path.read_bytes()
        path.write_bytes([b"", b"junk", whole[: len(whole) // 2], whole[:20]][number % 4])
    path.unlink()
    os.mkfifo(path)
    renderer = Renderer(spec, root)
    renderer.environment = environment(spec.templates, root)  # one that has loaded nothing
    assert renderer.everything().files == before
