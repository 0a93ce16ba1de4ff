# SPDX-License-Identifier: GPL-2.0-only
"""``show``: its whole text for some specs, within every width, and what a change of them shows."""

import os
import re
from pathlib import Path

import pytest

from tools import Golden, main

REPO = Path(__file__).parents[2]
FOREIGN = REPO / "tests" / "verify" / "succ_gate.yaml"
SPECS = [*sorted((REPO / "specs").glob("*.yaml")), FOREIGN]
SMALL = REPO / "tests" / "spec" / "cases" / "succ_minimal.yaml"
EXPECTED = Path(__file__).parent / "expected"


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPO)


def shown(
    spec: Path, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["show", os.path.relpath(spec)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_the_text_is_as_expected(
    spec: Path, golden: Golden, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    golden(EXPECTED / f"{spec.stem}.txt", shown(spec, 100, capsys, monkeypatch))


@pytest.mark.parametrize("width", [80, 133])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_no_line_is_wider_than_the_terminal(
    spec: Path, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = shown(spec, width, capsys, monkeypatch)
    assert max(map(len, text.splitlines())) <= width


def test_no_name_is_broken_where_it_is_wider_than_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = shown(REPO / "specs/xenhost.yaml", 30, capsys, monkeypatch)
    assert re.search(r"^ +xenhost_register\(XENHOST_DIRECT,$", text, re.M)


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """The second version of the interface with a change."""
    text = (REPO / "specs/xenhost.yaml").read_text()
    assert old in text
    spec = tmp_path / "changed.yaml"
    spec.write_text(text.replace(old, new))
    return spec


def test_a_registry_in_bss_loses_what_it_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = re.sub(r"(?m)^ +none: \{.*\}\n", "", (REPO / "specs/xenhost.yaml").read_text())
    spec = tmp_path / "changed.yaml"
    spec.write_text(text.replace("storage: ro_after_init", "storage: bss"))
    lines = shown(spec, 200, capsys, monkeypatch)
    assert "clear .bss [empties the slots, which lie in .bss]" in lines
    assert "promise BROKEN: default=direct:xh_hvm_ops remote=nested" in lines


def test_a_fallback_shows_its_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = "      pv.nested: {function: xh_no_vcpu_id, body: XEN_VCPU_ID_INVALID}\n"
    spec = changed(tmp_path, entry, "    fallback: 7\n")
    assert "or 7" in shown(spec, 200, capsys, monkeypatch)
    spec = changed(tmp_path, entry, "")
    assert re.search(r"^vcpu_id .* NULL", shown(spec, 200, capsys, monkeypatch), re.M)


def test_a_refused_spec_is_told_and_the_others_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("interface: 1\n")
    assert main(["show", str(wrong), str(SMALL)]) == 2
    printed = capsys.readouterr()
    assert "promise kept" in printed.out
    assert "wrong.yaml" in printed.err


def test_nothing_but_text_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b" not in shown(SMALL, 80, capsys, monkeypatch)
