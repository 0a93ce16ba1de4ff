# SPDX-License-Identifier: GPL-2.0-only
"""Each ``cases/err_*`` is a spec with one fault, beside what ``lint`` says of it.

Most are changes of the smallest good spec: hunks without line numbers. ``cases/succ_*`` are good
specs, or changes that keep it good. File names say what they prove. ``pytest --update`` rewrites
the expectations.
"""

import ast
from pathlib import Path

import pytest

import xenhostgen.spec
from patching import spec_of_case
from tools import Golden
from xenhostgen.api import SpecError, load, render

NOTING = ("add", "lose", "stop", "refuse", "repeated")
CASES = Path(__file__).parent / "cases"


ERRONEOUS = sorted({*CASES.glob("err_*")} - {*CASES.glob("*.expected")})


@pytest.mark.parametrize("path", ERRONEOUS, ids=lambda path: path.stem)
def test_error(path: Path, golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path(f"{path.stem}.yaml")
    file.write_bytes(spec_of_case(path))
    with pytest.raises(SpecError) as caught:
        load(file)
    shown = "".join(problem.shown() + "\n" for problem in caught.value.problems)
    golden(path.with_suffix(".expected"), shown)
    for problem in caught.value.problems:
        assert problem.hint, "an error says what to do"


@pytest.mark.parametrize("path", sorted(CASES.glob("succ_*")), ids=lambda path: path.stem)
def test_success(path: Path, tmp_path: Path) -> None:
    spec = tmp_path / f"{path.stem}.yaml"
    spec.write_bytes(spec_of_case(path))
    assert render(load(spec)).files


def test_every_expectation_has_its_case() -> None:
    assert sorted(p.stem for p in CASES.glob("*.expected")) == [p.stem for p in ERRONEOUS]


def rules_in_code() -> set[str]:
    """The rule names in the code: first arguments of add, stop, …, and first parts of faults."""
    rules = set()
    for path in Path(xenhostgen.spec.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            first: ast.AST | None = None
            if isinstance(node, ast.Call) and node.args:
                called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                called = node.func.id if isinstance(node.func, ast.Name) else called
                first = node.args[0] if called in NOTING else None
            elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                first = node.value.elts[0] if len(node.value.elts) == 4 else None
            if isinstance(first, ast.Constant):
                rules.add(str(first.value))
    return rules


def test_every_rule_has_a_case() -> None:
    """Files of a kind that git can't hold are made in test_files.py."""
    in_test_files = {"no-such-file", "unreadable", "spec-name"}
    shown = " ".join(path.read_text() for path in CASES.glob("*.expected"))
    missing = {rule for rule in rules_in_code() if f"[{rule}]" not in shown}
    assert missing <= in_test_files, "put a spec with this fault into tests/spec/cases"
