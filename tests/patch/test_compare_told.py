# SPDX-License-Identifier: GPL-2.0-only
"""What ``diff`` prints of patches. ``pytest --update`` rewrites the expectations."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from posted import BREAKS, PVH, SPEC, Tree, kernel, posted, without_fragments

from tools import Golden, main

TOLD = Path(__file__).parent / "told"
FAULTS = (
    *(
        "enumerators swapped",
        "enumerator's value",
        "export dropped",
        "includes reordered",
        "predicate changed",
    ),
    *(
        "other object",
        "a comment",
        "registration moved",
        "include moved",
        "tables after another function",
    ),
)


def faulty() -> tuple[Tree, Tree]:
    """Most breaks at once, a file too many and one too few."""
    before, after = kernel()
    for name in FAULTS:
        path, edit, aspect, _ = BREAKS[name]
        after[path] = edit(after[path])
        if aspect == "place":
            before[path] = without_fragments(path, after[path])
    after["Documentation/hosts.rst"] = "Hosts\n=====\n"
    del before[PVH], after[PVH]
    return before, after


@pytest.mark.parametrize(("name", "trees"), [("succ_whole", kernel), ("err_faulty", faulty)])
def test_told(
    name: str,
    trees: Callable[[], tuple[Tree, Tree]],
    *,
    tmp_path: Path,
    golden: Golden,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.yaml").write_text(SPEC.read_text() + "\nbanner: false\n")
    Path("tree").mkdir()
    Path("x.patch").write_bytes(posted(Path("tree"), *trees()))
    status = main(["diff", "my.yaml", "x.patch"])
    printed = capsys.readouterr()
    assert (status, printed.err) == (0 if name.startswith("succ_") else 1, "")
    out = re.sub(r"my\.yaml:\d+:\d+", "my.yaml:LINE:COLUMN", printed.out)
    golden(TOLD / f"{name}.expected", out)

    Path("reference").mkdir()
    main(["facts", "x.patch", "-o", "reference/rfc-v1-01.json"])
    assert main(["diff", "my.yaml"]) == status
    assert capsys.readouterr().out.splitlines()[-2:] == printed.out.splitlines()[-2:]


@pytest.mark.parametrize("row", [0, 900_000_000])
def test_what_is_carried_is_no_difference_wherever_it_stands(
    row: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (TOLD.parent / "lift" / "succ_raw_in_kernel_files.patch").read_text()
    patch, spec = tmp_path / "x.patch", tmp_path / "x.yaml"
    patch.write_text(text.replace("@@ -14,6 +31,12 @@", f"@@ -{row + 14},6 +{row + 31},12 @@"))
    assert main(["import", str(patch), "-o", str(spec)]) == 0
    capsys.readouterr()
    assert main(["diff", str(spec), str(patch)]) == 0
    assert "Nothing differs." in capsys.readouterr().out
