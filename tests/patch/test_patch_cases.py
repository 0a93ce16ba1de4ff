# SPDX-License-Identifier: GPL-2.0-only
"""Each `cases/succ_*.patch` and `err_*.patch` has what is read from it, or the error, beside it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import Golden
from xenhostgen.api import Refused
from xenhostgen.extensions.patches.diff import files_of
from xenhostgen.extensions.patches.hunks import PatchFile
from xenhostgen.extensions.patches.messages import Message, read_messages

CASES = Path(__file__).parent / "cases"


def told(message: Message) -> Iterator[str]:
    for name in ("title", "message_id"):
        if getattr(message, name):
            yield f"{name}: {getattr(message, name)!r}"
    for file in files_of(message):
        yield from file_told(file)


def file_told(file: PatchFile) -> Iterator[str]:
    flags = " binary" * file.binary + " collapsed" * file.collapsed
    yield f"{file.number}: {file.change} {file.path}{flags}, blobs {file.pre} -> {file.post}"
    for hunk in file.hunks:
        ranges = f"-{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count}"
        yield f"    {ranges} {hunk.section!r}"
        for line in hunk.lines:
            end = "" if line.newline else " (no newline)"
            yield f"        {line.number}: {line.kind} {line.text!r}{end}"


def outcome(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(path.parent)
    try:
        messages = read_messages([Path(path.name)])
        return "\n".join(line for message in messages for line in told(message)) + "\n"
    except Refused as refused:
        return "\n".join(problem.shown() for problem in refused.problems) + "\n"


@pytest.mark.parametrize("path", sorted(CASES.glob("*.patch")), ids=lambda path: path.stem)
def test_case(path: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    actual = outcome(path, monkeypatch)
    golden(path.with_suffix(".expected"), actual)
    is_error = actual.startswith(f"{path.name}:")
    assert is_error == path.name.startswith("err_")


def test_every_expectation_has_its_case() -> None:
    assert {p.stem for p in CASES.glob("*.expected")} == {p.stem for p in CASES.glob("*.patch")}


@pytest.mark.parametrize("name", [".", "none.patch", "pipe", "/dev/zero", "long"])
def test_unreadable_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("xenhostgen.extensions.patches.messages.SIZE_LIMIT", 1000)
    (tmp_path / "long").write_bytes(b"x" * 1001)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Refused) as caught:
        read_messages([tmp_path / name])
    assert [problem.rule for problem in caught.value.problems] == ["input-unreadable"]
