# SPDX-License-Identifier: GPL-2.0-only
"""A spec's paths and headers lead nowhere but below the folder that they belong to."""

from pathlib import Path

import pytest

from tools import main
from xenhostgen.api import Text, load
from xenhostgen.verify.harness import Harness
from xenhostgen.verify.store import Store

MINIMAL = Path(__file__).parents[1] / "spec" / "cases" / "succ_minimal.yaml"


@pytest.mark.parametrize("climb", ["..", "../..", "../../..", "../../../..", "absolute"])
def test_verify_writes_no_header_outside_its_folder(
    climb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    name = tmp_path / "canary.h" if climb == "absolute" else f"{climb}/canary.h"
    header = f"file: include/widget.h, includes: [<{name}>]"
    spec = tmp_path / "spec.yaml"
    spec.write_text(MINIMAL.read_text().replace("file: include/widget.h", header))
    assert main(["verify", str(spec)]) == 2
    assert list(tmp_path.rglob("canary.h")) == []


def test_overlay_refuses_a_header_that_lint_has_not_seen(tmp_path: Path) -> None:
    spec = load(MINIMAL)
    outside = tmp_path / "outside.h"
    wrong = spec.with_(source=spec.source.with_(includes=(Text(f"<{outside}>"),)))
    with pytest.raises(ValueError, match="leads out"):
        _ = Harness(wrong, tmp_path, tmp_path / "work", Store(wrong, tmp_path)).overlay
    assert not outside.exists()
