# SPDX-License-Identifier: GPL-2.0-only
"""What tests of all rooms share: the command, a rendering on disk, programs that must be there."""

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from xenhostgen.api import Interface, render
from xenhostgen.cli import main

__all__ = ["Golden", "examples", "main", "need", "sampled", "written"]

Golden = Callable[[Path, str], None]
"""The fixture ``golden``: holds a text against a golden file."""

T = TypeVar("T")


def examples(few: int, many: int) -> int:
    """How many examples a slow property is tried on: many under XENHOSTGEN_THOROUGH=1."""
    return many if os.environ.get("XENHOSTGEN_THOROUGH") == "1" else few


def sampled(cases: Iterable[T], kind: Callable[[T], object] = lambda case: "") -> list[Any]:
    """Cases for ``parametrize``: the first of each kind always, the others where all are wanted.

    A tuple holds the values of several parameters.
    """
    params, kinds = [], set()
    for case in cases:
        marks = [pytest.mark.thorough] if kind(case) in kinds else []
        kinds.add(kind(case))
        params.append(pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=marks))
    return params


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
