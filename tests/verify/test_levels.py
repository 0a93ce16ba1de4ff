# SPDX-License-Identifier: GPL-2.0-only
"""Levels come from extensions; where one is missing, the command says how to install it."""

import sys
from pathlib import Path

import pytest

from tools import main
from xenhostgen import extension_points
from xenhostgen.api import Refused

SPEC = str(Path(__file__).parents[2] / "specs/xenhost.yaml")


def test_all_levels_in_their_order() -> None:
    assert extension_points.levels() == ["parse", "run", "prove", "kernel", "boot"]


def test_a_level_without_its_extension(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(extension_points, "extensions", lambda: iter(()))
    assert main(["verify", SPEC, "--level", "kernel"]) == 2
    assert "pip install 'xenhostgen[kernel-tree]'" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["verify", SPEC, "--level", "flight"])
    assert ended.value.code == 2
    assert "invalid choice: 'flight'" in capsys.readouterr().err


def test_an_extension_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xenhostgen.extensions.proof.cbmc", None)
    with pytest.raises(Refused) as refused:
        list(extension_points.hooks("check prove"))
    assert refused.value.problems[0].hint == "pip install 'xenhostgen[proof]'"


def test_a_package_that_the_core_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xenhostgen.commands.verify", None)
    with pytest.raises(Refused) as refused:
        extension_points.module_of("xenhostgen", "commands.verify")
    assert refused.value.problems[0].hint == "pip install xenhostgen"
