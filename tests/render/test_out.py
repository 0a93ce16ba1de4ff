# SPDX-License-Identifier: GPL-2.0-only
"""What is committed in out/ is what the shipped specs render to, to the byte."""

from pathlib import Path

import pytest

from xenhostgen.api import load, render

REPO = Path(__file__).parents[2]
SPECS = sorted(path.relative_to(REPO) for path in REPO.glob("specs/*.yaml"))


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_out_is_fresh(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPO)
    folder = Path("out", spec.stem)
    files = [path for path in folder.rglob("*") if path.is_file()]
    committed = {str(path.relative_to(folder)): path.read_bytes().decode() for path in files}
    rendered = render(load(spec)).files
    assert committed == rendered, "run 'xenhostgen generate' and look at what changes"


def test_each_folder_in_out_has_its_spec() -> None:
    assert sorted(path.name for path in REPO.glob("out/*")) == sorted(path.stem for path in SPECS)
