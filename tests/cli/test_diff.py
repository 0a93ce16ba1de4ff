# SPDX-License-Identifier: GPL-2.0-only
"""``diff`` without a patch, and ``facts``. ``pytest --update`` rewrites the expectations."""

import json
import re
from pathlib import Path

import pytest

from tools import Golden, main

SPECS = Path(__file__).parents[2] / "specs"
CASES = Path(__file__).parent / "diff"
PATCH = Path(__file__).parents[1] / "patch" / "cases" / "succ_format_patch.patch"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with the spec, without its banner, and the facts of its patch."""
    (tmp_path / "specs" / "reference").mkdir(parents=True)
    spec = (SPECS / "rfc-v1.yaml").read_text()
    (tmp_path / "specs" / "rfc-v1.yaml").write_text(spec + "\nbanner: false\n")
    facts = Path("reference") / "rfc-v1-01.json"
    (tmp_path / "specs" / facts).write_bytes((SPECS / facts).read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "specs" / "rfc-v1.yaml"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def without_places(printed: str) -> str:
    return re.sub(r"rfc-v1\.yaml:\d+:\d+", "rfc-v1.yaml:LINE:COLUMN", printed)


def test_shipped_facts(folder: Path, golden: Golden, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "specs/rfc-v1.yaml"]) == 0
    golden(CASES / "succ_facts.expected", without_places(capsys.readouterr().out))
    edit(
        folder,
        "{line: <xen/xenhost.h>, place: {after: <xen/events.h>}}",
        "{line: <xen/xenhost.h>, place: {after: <xen/xen.h>}}",
    )
    edit(folder, "    - {name: invalid, value: 0}\n", "    - {name: invalid}\n")
    edit(
        folder,
        "    - symbols: [xenhosts]\n      doc: The iterator reads the array from modules.\n",
        "",
    )
    edit(
        folder,
        "  includes: [<linux/types.h>, <linux/bug.h>,",
        "  includes: [<linux/bug.h>, <linux/types.h>,",
    )
    assert main(["diff", "specs/rfc-v1.yaml"]) == 1
    golden(CASES / "err_facts.expected", without_places(capsys.readouterr().out))


def test_json_says_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder, "    - {name: invalid, value: 0}\n", "    - {name: invalid}\n")
    assert main(["diff", "specs/rfc-v1.yaml", "--format", "json"]) == 1
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["same"] is False
    assert outcome["verdict"] == "Code or place differ in 1 of 7 files."
    assert outcome["summary"]["code"] == {"equal": 6, "of": 7}
    assert outcome["summary"]["place"] == {"equal": 5, "of": 5}
    assert outcome["summary"]["bytes"] == {"equal": 0, "of": 2}
    (file,) = (file for file in outcome["files"] if not file["code"])
    assert (file["path"], file["place"], file["bytes"]) == ("include/xen/xenhost.h", None, False)
    assert {
        "aspect": "code",
        "message": "'xenhost_invalid ,' instead of other code",
        "line": 21,
        "column": 2,
    } in file["details"]


def test_errors_have_their_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.patch").write_text("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n")
    (folder / "specs" / "reference" / "rfc-v1-01.json").write_text("{}")
    for arguments, message in [
        (["diff", "specs/none.yaml"], "specs/none.yaml: "),
        (["diff", "specs/rfc-v1.yaml", "none.patch"], "none.patch: no such file"),
        (["diff", "specs/rfc-v1.yaml", "bad.patch"], "bad.patch:5:1: git can't read it: corrupt"),
        (
            ["diff", "specs/rfc-v1.yaml"],
            "specs/reference/rfc-v1-01.json:1:1: not the facts of a patch",
        ),
        (["facts", "bad.patch"], "bad.patch:5:1: git can't read it: corrupt"),
        (["facts", str(PATCH), "-o", "none/facts.json"], "none/facts.json"),
    ]:
        assert main(arguments) == 2
        output = capsys.readouterr()
        assert message in output.err
        assert not output.out
    (folder / "specs" / "reference" / "rfc-v1-01.json").unlink()
    assert main(["diff", "specs/rfc-v1.yaml"]) == 2
    assert re.search(
        r"rfc-v1\.yaml:\d+:12: the reference .* can't be read", capsys.readouterr().err
    )


def test_errors_are_json_if_the_outcome_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", "specs/rfc-v1.yaml", "none.patch", "--format", "json"]) == 2
    printed = capsys.readouterr()
    (problem,) = json.loads(printed.out)["problems"]
    assert problem["path"] == "none.patch"
    assert not printed.err


def test_facts_hold_no_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", str(PATCH)]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["patches"][0]["message_id"] == "20250304-gear-1@example.org"
    assert "before it stops" not in printed
    assert "hypervisor" not in (SPECS / "reference" / "rfc-v1-01.json").read_text()
    assert main(["facts", str(PATCH), "-o", "facts.json"]) == 0
    written = (folder / "facts.json").stat()
    assert (folder / "facts.json").read_text() == printed
    assert main(["facts", str(PATCH), "-o", "facts.json"]) == 0
    assert (folder / "facts.json").stat().st_mtime_ns == written.st_mtime_ns
