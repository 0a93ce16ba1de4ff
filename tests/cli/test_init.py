# SPDX-License-Identifier: GPL-2.0-only
"""``init`` writes a spec that every other command takes as it is."""

from pathlib import Path

import pytest

from tools import main, need, sampled
from xenhostgen.api import load

SETS = [start.parent.name for start in Path(__file__).parents[2].glob("templates/*/start.yaml.j2")]


@pytest.mark.parametrize("templates", SETS)
@pytest.mark.parametrize("prefix", sampled(["widget", "a", "x9_long_name_of_an_interface"]))
def test_the_spec_is_right(templates: str, prefix: str, tmp_path: Path) -> None:
    need("gcc", "gcc")
    spec = tmp_path / "start.yaml"
    assert main(["init", prefix, "--set", templates, "-o", str(spec)]) == 0
    assert main(["lint", str(spec)]) == 0
    assert main(["generate", str(spec), "-o", str(tmp_path / "out")]) == 0
    compilers = [] if prefix == "widget" else ["--cc", "gcc"]
    assert main(["verify", str(spec), *compilers]) == 0
    assert load(spec).interface == prefix


@pytest.mark.parametrize("prefix", ["", "9x", "Widget", "a-b", "x;y", "../x", "ä"])
def test_a_prefix_that_is_no_name(prefix: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", prefix]) == 2
    assert "must be a name of small letters" in capsys.readouterr().err


def test_a_prefix_that_is_a_keyword(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "for"]) == 2
    assert "'for' is a keyword of C" in capsys.readouterr().err


def test_a_spec_that_is_there_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "mine.yaml"
    spec.write_text("mine")
    assert main(["init", "widget", "-o", str(spec)]) == 2
    assert f"{spec}: is there already" in capsys.readouterr().err
    assert spec.read_text() == "mine"


def started(tmp_path: Path, old: str, new: str) -> str:
    """A spec to start from, changed in one place."""
    spec = tmp_path / "start.yaml"
    assert main(["init", "widget", "-o", str(spec)]) == 0
    text = spec.read_text()
    assert text.count(old) == 1
    spec.write_text(text.replace(old, new))
    return str(spec)


@pytest.mark.thorough
def test_without_a_storage_the_array_lies_in_data(tmp_path: Path) -> None:
    need("gcc", "gcc")
    assert main(["verify", started(tmp_path, "  storage: ro_after_init\n", "")]) == 0
