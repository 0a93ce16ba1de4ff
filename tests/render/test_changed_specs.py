# SPDX-License-Identifier: GPL-2.0-only
"""Each ``cases/*.diff`` changes a shipped spec; beside it is how the rendering changes then.

File names say what they prove. ``pytest --update`` rewrites the expectations.
"""

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest

from patching import base_of_case, spec_of_case
from tools import Golden
from xenhostgen.api import load_text, render

CASES = sorted((Path(__file__).parent / "cases").glob("*.diff"))


def differences(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    """The changed files, without line numbers, which changes of the spec elsewhere would move."""
    for path, text in after.items():
        old, new = before.get(path, ""), text
        lines = unified_diff(old.splitlines(), new.splitlines(), path, path, lineterm="", n=2)
        yield from ("@@" if line.startswith("@@ ") else line for line in lines)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_case(case: Path, golden: Golden) -> None:
    base = base_of_case(case)
    before, after = (
        render(load_text(text, str(base))).files
        for text in (base.read_text(), spec_of_case(case).decode())
    )
    golden(case.with_suffix(".expected"), "\n".join([*differences(before, after), ""]))


def test_every_expectation_has_its_case() -> None:
    cases = Path(__file__).parent / "cases"
    assert {path.with_suffix(".diff") for path in cases.glob("*.expected")} <= set(CASES)
