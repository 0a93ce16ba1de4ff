# SPDX-License-Identifier: GPL-2.0-only
"""What tests of all rooms share: the command, a rendering on disk, programs that must be there."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from xenhostgen.api import Interface, render
from xenhostgen.cli import main

__all__ = ["Golden", "main", "need", "written"]

Golden = Callable[[Path, str], None]
"""The fixture ``golden``: holds a text against a golden file."""


def written(spec: Interface, folder: Path) -> Path:
    """A folder, laid out like the kernel's, with what a spec renders to."""
    for path, text in render(spec).files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def need(tool: str, package: str) -> None:
    """Skip the test without a tool, naming its package; fail under XENHOSTGEN_REQUIRE_TOOLS=1."""
    if shutil.which(tool):
        return
    message = f"'{tool}' is not installed (Debian: {package})"
    if os.environ.get("XENHOSTGEN_REQUIRE_TOOLS") == "1":
        pytest.fail(message)
    pytest.skip(message)
