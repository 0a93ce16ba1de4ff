# SPDX-License-Identifier: GPL-2.0-only
"""The catalogue against the code that names findings, its document, and specs that expect them."""

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

from tools import Golden, main
from xenhostgen.api import Finding, load
from xenhostgen.verify.catalogue import catalogue
from xenhostgen.verify.findings import judge

REPO = Path(__file__).parents[2]
GENERATOR = REPO / "generator" / "xenhostgen"
COMPUTED = ("-wrong", "-refused")  # what code appends to a name that it has at hand


def code_of(*rooms: str) -> Iterator[ast.AST]:
    for room in rooms:
        for file in (GENERATOR / room).rglob("*.py"):
            yield from ast.walk(ast.parse(file.read_text()))


def is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_the_code_names_no_rule_that_the_catalogue_lacks() -> None:
    """Whose name is computed is seen when it is held against the expectations."""
    named = {
        node.args[0].value
        for node in code_of("verify", "extensions")
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Finding"
        and is_text(node.args[0])
    }
    assert len(named) > 10
    assert named <= catalogue().keys(), "describe it in verify/rules.yaml"


def test_a_computed_name_that_the_catalogue_lacks() -> None:
    with pytest.raises(AssertionError, match="'dependency-enforced' is no rule of the catalogue"):
        judge(load(REPO / "specs/rfc-v1.yaml"), [Finding("dependency-enforced", "", "")], {})


def test_the_catalogue_has_no_rule_that_the_code_does_not_name() -> None:
    texts = {node.value for node in code_of("verify", "extensions", "report") if is_text(node)}
    computed = {text + end for text in texts for end in COMPUTED}
    assert catalogue().keys() <= texts | computed, "take it out of verify/rules.yaml"


def test_each_rule_speaks_in_sentences() -> None:
    for rule in catalogue().values():
        for text in (rule.meaning, rule.why, rule.mend):
            assert text[0].isupper() or text.startswith(("checkpatch", "sparse")), rule.name
            assert text.endswith("."), rule.name
            assert "\n" not in text, rule.name


def test_the_document_is_fresh(capsys: pytest.CaptureFixture[str], golden: Golden) -> None:
    assert main(["rules", "--format", "markdown"]) == 0
    golden(REPO / "docs" / "rules.md", capsys.readouterr().out)


def test_one_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "dependency-not-enforced"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("dependency-not-enforced\n\nA host is accepted")
    assert "\n    BUG_ON(" in printed
    assert main(["rules", "dependency-enforced"]) == 2
    assert "did you mean 'dependency-not-enforced'?" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["lint", "verify"])
def test_an_expectation_by_an_unknown_name(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "rfc.yaml"
    shutil.copytree(REPO / "specs" / "reference", tmp_path / "reference")
    spec.write_text(
        (REPO / "specs" / "rfc-v1.yaml")
        .read_text()
        .replace("rule: dependency-not-enforced", "rule: dependency-enforced")
    )
    assert main([command, str(spec)]) == 2
    printed = capsys.readouterr().err
    assert re.search(
        r"rfc\.yaml:\d+:11: no finding is called 'dependency-enforced' \[unknown-rule\]", printed
    )
    assert "hint: did you mean 'dependency-not-enforced'?" in printed
