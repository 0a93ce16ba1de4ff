# SPDX-License-Identifier: GPL-2.0-only
"""Levels come from extensions; where one is missing, the command says how to install it."""

import shutil
import sys
from pathlib import Path

import pytest

from tools import main, sampled
from xenhostgen import extension_points
from xenhostgen.api import Refused, load
from xenhostgen.verify.run import verify
from xenhostgen.verify.subject import Options

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


def without(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let some programs be not installed."""
    which = shutil.which
    names = missing.split()
    monkeypatch.setattr(shutil, "which", lambda name: None if name in names else which(name))


@pytest.mark.parametrize(
    ("level", "missing", "message"),
    [
        (
            "prove",
            "frama-c cbmc",
            "not installed: frama-c (Debian: frama-c-base why3 cvc4), nor cb",
        ),
        ("prove", "why3 cbmc", "not installed: why3 (Debian: frama-c-base why3 cvc4), nor cbmc"),
        ("kernel", "flex bison", "not installed: flex, bison"),
        ("kernel", "", "needs a kernel to build in"),
    ],
)
def test_a_level_that_lacks_something(
    level: str,
    missing: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    without(missing, monkeypatch)
    for form in ("text", "json", "sarif", "junit", "ktap"):
        assert main(["verify", SPEC, "--level", level, "--format", form]) == 2
        printed = "".join(capsys.readouterr())
        assert message in printed
        assert '"passed": true' not in printed
        assert "verified:" not in printed
    with pytest.raises(Refused):
        verify(load(Path(SPEC)), Options(level=level))


@pytest.mark.parametrize("form", sampled(["text", "json", "sarif", "junit", "ktap"]))
def test_what_has_no_part_in_a_verdict_is_told(
    form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without("sparse", monkeypatch)
    pair = str(Path(__file__).with_name("succ_pair.yaml"))
    assert main(["verify", pair, "--cc", "gcc", "--format", form]) == 0
    printed = capsys.readouterr().out
    assert "what sparse sees: not installed: sparse" in printed
    if form == "text":
        assert "verified, but for what was not checked: 0 of 0" in printed


def test_a_package_that_the_core_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xenhostgen.commands.verify", None)
    with pytest.raises(Refused) as refused:
        extension_points.module_of("xenhostgen", "commands.verify")
    assert refused.value.problems[0].hint == "pip install xenhostgen"
