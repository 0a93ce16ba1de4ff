# SPDX-License-Identifier: GPL-2.0-only
"""The driver and the launcher are compiled once for all verifications."""

import os
from pathlib import Path

import pytest

from tools import need
from xenhostgen.api import load
from xenhostgen.verify.build import own_program
from xenhostgen.verify.store import Store

SPEC = Path(__file__).with_name("succ_gate.yaml")


@pytest.mark.parametrize("name", ["driver.o", "launcher"])
def test_a_program_of_ours_is_compiled_once_for_each_compiler(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("gcc", "gcc")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    calls, compiler = tmp_path / "calls", tmp_path / "cc"
    compiler.write_text(f'#!/bin/sh\necho >> {calls}\nexec gcc "$@"\n')
    compiler.chmod(0o755)
    programs = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        programs.append(own_program(name, str(compiler), Store(load(SPEC), folder)).read_bytes())
    assert programs[0] == programs[1]
    assert calls.read_text() == "\n"
    (kept,) = (tmp_path / "xenhostgen").glob(f"*-{name}")
    kept.write_bytes(b"")
    again = tmp_path / "again"
    again.mkdir()
    own = own_program(name, str(compiler), Store(load(SPEC), again))
    assert own.read_bytes() == kept.read_bytes() == programs[0]
    assert os.access(own, os.X_OK)
    unused = kept.with_name(f"0-{name}")
    unused.touch()
    for program in (unused, kept):
        os.utime(program, (0, 0))
    (tmp_path / "used").mkdir()
    own_program(name, str(compiler), Store(load(SPEC), tmp_path / "used"))
    calls.write_text("\n")
    compiler.write_text(compiler.read_text() + "# another version\n")
    own_program(name, str(compiler), Store(load(SPEC), tmp_path))
    assert calls.read_text() == "\n\n"
    assert kept.exists()
    assert not unused.exists(), "what hasn't been used for long goes with the next that is kept"
