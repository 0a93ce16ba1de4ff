# SPDX-License-Identifier: GPL-2.0-only
"""The hooks that repositories with specs run before a commit, as pre-commit would run them."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from tools import main

HOOKS = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())


def statuses(folder: Path) -> dict[str, int]:
    """The exit status of each hook, given the files that it asks for."""
    paths = [str(path.relative_to(folder)) for path in folder.rglob("*.*")]
    ended = {}
    for hook in HOOKS:
        program, *arguments = shlex.split(hook["entry"])
        assert program == "xenhostgen"
        wanted = [path for path in paths if re.search(hook["files"], path)]
        assert wanted
        names = wanted if hook.get("pass_filenames", True) else []
        ended[hook["id"]] = main([*arguments, *names])
    return ended


def test_the_hooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("specs").mkdir()
    assert main(["init", "widget", "-o", "specs/widget.yaml"]) == 0
    assert main(["generate"]) == 0
    assert statuses(tmp_path) == {"xenhostgen-lint": 0, "xenhostgen-generate": 0}
    spec = Path("specs/widget.yaml")
    spec.write_text(spec.read_text().replace("near", "close"))
    assert statuses(tmp_path) == {"xenhostgen-lint": 0, "xenhostgen-generate": 1}
    spec.write_text(spec.read_text() + "unknown: 1\n")
    assert statuses(tmp_path) == {"xenhostgen-lint": 2, "xenhostgen-generate": 2}
