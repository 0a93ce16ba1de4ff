# SPDX-License-Identifier: GPL-2.0-only
"""Where the tool keeps compiled templates: pipes don't stop it, links lead it nowhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import sampled
from xenhostgen.render.environment import environment

TEMPLATES = Path(__file__).parents[2] / "templates"
CASES = Path(__file__).parents[1] / "spec" / "cases"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the template sets without what was compiled of them."""
    leave_out = shutil.ignore_patterns("__pycache__")
    return Path(
        shutil.copytree(
            Path(__file__).parents[2] / "templates", tmp_path / "templates", ignore=leave_out
        )
    )


def test_pipes_in_place_of_compiled_templates(root: Path) -> None:
    environment("rfc", root).get_template("interface.h.j2")
    compiled = list((root / "__pycache__").iterdir())
    assert compiled
    for path in compiled:
        path.unlink()
        os.mkfifo(path)
    assert environment("rfc", root).get_template("interface.h.j2")


def test_nothing_is_written_through_a_link(root: Path, tmp_path: Path) -> None:
    for target in (tmp_path / "elsewhere", tmp_path / "missing"):
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        (root / "__pycache__").unlink(missing_ok=True)
        (root / "__pycache__").symlink_to(target)
        assert environment("rfc", root).get_template("interface.h.j2")
    assert not list((tmp_path / "elsewhere").iterdir())
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("encoding", sampled(["ascii", ""]))
@pytest.mark.parametrize(
    "words",
    sampled(
        [
            ["lint", "err_unseen_characters_in_docs.yaml"],
            ["generate", "--check", "-o", "missing", "succ_unicode_in_doc.yaml"],
            ["rules"],
            ["lint", "succ_unicode_in_doc.yaml"],
            ["explain", "succ_unicode_in_doc.yaml", "lib/widget.c:1"],
            ["verify", "succ_unicode_in_doc.yaml"],
            ["schema"],
        ],
        lambda words: next((word[:4] for word in words if word.endswith(".yaml")), ""),
    ),
    ids=" ".join,
)
def test_output_in_a_plain_locale(words: list[str], encoding: str) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    if encoding:
        plain["PYTHONIOENCODING"] = encoding
    command = [sys.executable, "-m", "xenhostgen", *words]
    ended = subprocess.run(
        command, cwd=CASES, env={**os.environ, **plain}, capture_output=True, check=False
    )
    output = ended.stdout + ended.stderr
    assert b"internal error" not in output and b"codec" not in output
    assert output and ended.returncode in (0, 1, 2)
