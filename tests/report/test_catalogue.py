# SPDX-License-Identifier: GPL-2.0-only
"""The catalogue against the code that names findings, its document, and the specs that expect findings."""

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from xenhostgen import cli
from xenhostgen.verify.catalogue import catalogue

REPO = Path(__file__).parents[2]
GENERATOR = REPO / "generator" / "xenhostgen"
# What is called with a rule's name, first or after the boot that it is about.
MAKERS = {"verify": {"Finding", "Fault", "note", "finding"}, "extensions": {"Finding", "finding"}}
TABLES = {"rule", "_RULES", "_NOT_REFUSED"}  # variables that hold names of rules


def names(node: ast.expr | None) -> Iterator[str]:
    """What an expression may name, as regular expressions; nothing for what is decided elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.escape(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            re.escape(v.value) if isinstance(v, ast.Constant) else r"[a-z]+" for v in node.values
        )
    elif isinstance(node, ast.IfExp):
        yield from (*names(node.body), *names(node.orelse))
    elif isinstance(node, ast.Dict):
        yield from (name for value in node.values for name in names(value))


def named_in(node: ast.AST, makers: set[str]) -> Iterator[str]:
    if isinstance(node, ast.Call):
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called.lstrip("_") in makers and node.args:
            yield from list(names(node.args[0])) or names(
                node.args[1] if len(node.args) > 1 else None
            )
        yield from (
            name
            for keyword in node.keywords
            if keyword.arg == "rule"
            for name in names(keyword.value)
        )
    elif isinstance(node, ast.Assign) and any(
        isinstance(t, ast.Name) and t.id in TABLES for t in node.targets
    ):
        yield from names(node.value)
    elif isinstance(node, ast.FunctionDef) and node.name == "broken":
        yield from (
            name
            for each in ast.walk(node)
            if isinstance(each, ast.Return)
            for name in names(each.value)
        )
        inner = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
        yield from (
            name for each in inner if isinstance(each, ast.IfExp) for name in names(each.orelse)
        )


def named_in_code() -> set[str]:
    found = {
        name
        for room, makers in MAKERS.items()
        for file in (GENERATOR / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        for name in named_in(node, makers)
    }
    return {*found, "expected-not-found"}


def test_the_code_names_no_rule_that_the_catalogue_lacks() -> None:
    rules = catalogue()
    lacking = [
        name for name in named_in_code() if not any(re.fullmatch(name, rule) for rule in rules)
    ]
    assert not lacking


def test_the_catalogue_has_no_rule_that_the_code_does_not_name() -> None:
    found = named_in_code()
    unused = [rule for rule in catalogue() if not any(re.fullmatch(name, rule) for name in found)]
    assert not unused


def test_each_rule_speaks_in_sentences() -> None:
    for rule in catalogue().values():
        for text in (rule.meaning, rule.why, rule.mend):
            assert text[0].isupper() or text.startswith(("checkpatch", "sparse")), rule.name
            assert text.endswith("."), rule.name
            assert "\n" not in text, rule.name


def test_the_document_is_fresh(capsys: pytest.CaptureFixture[str], update: bool) -> None:
    assert cli.main(["rules", "--format", "markdown"]) == 0
    text, document = capsys.readouterr().out, REPO / "docs" / "rules.md"
    if update:
        document.write_text(text)
    assert document.read_text() == text


def test_one_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "vacuous-guard"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("vacuous-guard\n\nA host is accepted")
    assert "\n    BUG_ON(" in said
    assert cli.main(["rules", "vacous-guard"]) == 2
    assert "did you mean 'vacuous-guard'?" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["lint", "verify"])
def test_an_expectation_by_an_unknown_name(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "rfc.yaml"
    shutil.copytree(REPO / "specs" / "reference", tmp_path / "reference")
    spec.write_text(
        (REPO / "specs" / "rfc-v1.yaml")
        .read_text()
        .replace("rule: vacuous-guard", "rule: vacous-guard")
    )
    assert cli.main([command, str(spec)]) == 2
    said = capsys.readouterr().err
    assert re.search(
        r"rfc\.yaml:\d+:11: no finding is called 'vacous-guard' \[unknown-rule\]", said
    )
    assert "hint: did you mean 'vacuous-guard'?" in said
