# SPDX-License-Identifier: GPL-2.0-only
"""Each `cases/succ_*.patch` and `err_*.patch` has what is read from it, or the error, beside it.

XENHOSTGEN_UPDATE=1 rewrites the `.expected` files; look at their diff before committing it.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from xenhostgen.extensions.patches.diff import parse_diff
from xenhostgen.extensions.patches.errors import PatchError
from xenhostgen.extensions.patches.hunks import PatchFile
from xenhostgen.extensions.patches.mail import PatchMail, patches_in, read_patches

CASES = Path(__file__).parent / "cases"


def told(mail: PatchMail) -> Iterator[str]:
    for name in ("subject", "message_id"):
        if getattr(mail, name):
            yield f"{name}: {getattr(mail, name)!r}"
    for file in parse_diff(mail.diff, mail.announced_files):
        yield from file_told(file)


def file_told(file: PatchFile) -> Iterator[str]:
    flags = " binary" * file.binary + " collapsed" * file.collapsed
    yield f"{file.number}: {file.change} {file.path}{flags}, blobs {file.pre} -> {file.post}"
    for hunk in file.hunks:
        ranges = f"-{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count}"
        yield f"    {hunk.number}: {ranges} {hunk.section!r}"
        for line in hunk.lines:
            end = "" if line.newline else " (no newline)"
            yield f"        {line.number}: {line.kind} {line.text!r}{end}"


def outcome(path: Path) -> str:
    try:
        mails = patches_in(path.read_bytes(), path.name)
        return "\n".join(line for mail in mails for line in told(mail)) + "\n"
    except PatchError as error:
        return error.problem.shown() + "\n"


@pytest.mark.parametrize("path", sorted(CASES.glob("*.patch")), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    expected = path.with_suffix(".expected")
    found = outcome(path)
    if os.environ.get("XENHOSTGEN_UPDATE") == "1":
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")
    is_error = found.startswith(f"{path.name}:")
    assert is_error == path.name.startswith("err_")


def test_every_expectation_has_its_case() -> None:
    assert {p.stem for p in CASES.glob("*.expected")} == {p.stem for p in CASES.glob("*.patch")}


@pytest.mark.parametrize(
    ("name", "rule"), [(".", "input-directory"), ("none.patch", "input-unreadable")]
)
def test_unreadable_input(tmp_path: Path, name: str, rule: str) -> None:
    with pytest.raises(PatchError) as caught:
        read_patches(tmp_path / name)
    assert caught.value.problem.rule == rule


def test_endless_input_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xenhostgen.extensions.patches.mail.SIZE_LIMIT", 1000)
    (tmp_path / "long").write_bytes(bytes(1001))
    os.mkfifo(tmp_path / "pipe")
    rules = {"long": "input-too-large", "pipe": "input-unreadable", "/dev/zero": "input-unreadable"}
    for name, rule in rules.items():
        with pytest.raises(PatchError) as caught:
            read_patches(tmp_path / name)
        assert caught.value.problem.rule == rule
