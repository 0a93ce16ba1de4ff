# SPDX-License-Identifier: GPL-2.0-only
"""Comparing a stranger's file with the rendering takes bounded time."""

import time
from pathlib import Path

import pytest

from tools import sampled
from xenhostgen.api import load
from xenhostgen.verify.drift import drift
from xenhostgen.verify.subject import write_rendering

SPEC = Path(__file__).parents[2] / "specs/rfc-v1.yaml"


ADDITIONS = [";", "{", "}", "a ", "/*", '"', "#pragma x\n", "return 0;\n}\n"]


@pytest.mark.parametrize("addition", sampled(ADDITIONS, len))
def test_a_file_with_too_much_is_not_compared(addition: str, tmp_path: Path) -> None:
    spec = load(SPEC)
    file = write_rendering(spec, tmp_path) / spec.source.file
    file.write_text(file.read_text() + (addition * (1 << 20))[: 1 << 20])
    started = time.process_time()
    notes = drift(spec, tmp_path)
    assert time.process_time() - started < 3
    assert notes == [f"{spec.source.file}:1: too long to compare with the rendering"]


@pytest.mark.parametrize("addition", ["/* ", "a"])
def test_one_long_token_is_compared(addition: str, tmp_path: Path) -> None:
    spec = load(SPEC)
    file = write_rendering(spec, tmp_path) / spec.source.file
    file.write_text(file.read_text() + (addition * (1 << 20))[: 1 << 20])
    started = time.process_time()
    (note,) = drift(spec, tmp_path)
    assert time.process_time() - started < 5
    assert "extra" in note
