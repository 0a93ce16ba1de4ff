# SPDX-License-Identifier: GPL-2.0-only
"""The rules that keep the house habitable: who imports whom, which words stand where."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
GENERATOR = REPO / "generator" / "xenhostgen"
ROOMS_WITHOUT_DATA = ("spec", "render", "reference_model", "csource", "verify")
# Whole words; an underscore parts words, and the package's own name is none.
DATA_WORD = re.compile(r"(?<![a-z0-9])(xenhost|pv|hvm|pvh)(?![a-z0-9])", re.IGNORECASE)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
SOURCES = (".py", ".j2", ".c", ".h", ".yaml", ".toml")


def tracked(*folders: str) -> list[Path]:
    """Files under version control, as far as they are there."""
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=REPO, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no git repository")
    return [file for name in listed.stdout.splitlines() if (file := REPO / name).is_file()]


def run(*command: str) -> None:
    """Run a tool of this Python's; what it says is the failure."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def found(pattern: re.Pattern[str], file: Path) -> Iterator[str]:
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
        if pattern.search(re.sub("xenhostgen", "", line, flags=re.IGNORECASE)):
            yield f"{file.relative_to(REPO)}:{number}: {line.strip()}"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of the package in a folder, by the contracts of pyproject.toml."""
    linter = Path(sys.executable).parent / "lint-imports"
    command = [linter, "--no-cache", "--config", REPO / "pyproject.toml"]
    environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_imports() -> None:
    done = lint_imports(REPO / "generator")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "imports"),
    [
        ("verify/findings.py", "xenhostgen.extensions.proof"),
        ("reference_model/registry.py", "xenhostgen.render.style"),
        ("spec/load.py", "xenhostgen.verify.findings"),
    ],
)
def test_a_forbidden_import_is_noticed(tmp_path: Path, module: str, imports: str) -> None:
    package = shutil.copytree(GENERATOR, tmp_path / "xenhostgen")
    with (package / module).open("a") as file:
        file.write(f"import {imports}\n")
    importer = "xenhostgen." + module.removesuffix(".py").replace("/", ".")
    assert f"{importer} -> {imports} " in lint_imports(tmp_path).stdout


def test_ruff_check() -> None:
    run("ruff", "check", "--no-cache", "generator", "tests")


def test_ruff_format() -> None:
    run("ruff", "format", "--no-cache", "--check", "generator", "tests")


def test_mypy() -> None:
    run("mypy", "--strict", "-p", "xenhostgen")


def test_data_words_stand_in_specs_only() -> None:
    folders = ["templates", *(f"generator/xenhostgen/{room}" for room in ROOMS_WITHOUT_DATA)]
    lines = [line for file in tracked(*folders) for line in found(DATA_WORD, file)]
    assert not lines, "\n".join(lines)


@pytest.mark.parametrize(
    ("line", "is_data"),
    [
        ("xenhost_register", True),
        ("an HVM guest", True),
        ("xen_pvh", True),
        ("xenhostgen", False),
        ("pvalue", False),
    ],
)
def test_what_a_data_word_is(line: str, is_data: bool) -> None:
    assert bool(DATA_WORD.search(re.sub("xenhostgen", "", line))) is is_data


def test_nothing_is_unfinished() -> None:
    lines = [
        line
        for file in tracked("generator", "templates", "specs")
        for line in found(UNFINISHED, file)
    ]
    assert not lines, "\n".join(lines)


def test_only_commands_and_reports_print() -> None:
    may = {GENERATOR / "cli.py", GENERATOR / "__main__.py"}
    lines = [
        f"{file.relative_to(REPO)}:{node.lineno}"
        for file in GENERATOR.rglob("*.py")
        if file not in may
        and "commands" not in file.parts
        and file.stem != "report"
        and file.parent.name != "report"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert not lines, lines


def test_licence_lines() -> None:
    """Every source file says its licence; cases and golden files are data."""
    lacking = []
    for file in tracked("generator", "templates", "specs", "tests", "pyproject.toml", "Makefile"):
        data = {"cases", "trees", "declarations", "difference", "facts", "sources", "tree"} & set(
            file.parts
        )
        is_fragment = "fragments" in file.parts or "shared" in file.parts
        if file.suffix not in SOURCES or data or is_fragment:
            continue
        if "SPDX-License-Identifier" not in "".join(file.open(errors="replace").readlines()[:8]):
            lacking.append(str(file.relative_to(REPO)))
    assert not lacking, lacking


def public_things(module: ast.Module) -> Iterator[ast.Module | ast.ClassDef | ast.FunctionDef]:
    yield module
    for thing in module.body:
        if not isinstance(thing, (ast.FunctionDef, ast.ClassDef)) or thing.name.startswith("_"):
            continue
        if "overload" not in map(ast.unparse, thing.decorator_list):
            yield thing


def test_public_things_are_documented() -> None:
    bare = [
        f"{file.relative_to(REPO)}: {getattr(thing, 'name', 'module')}"
        for file in GENERATOR.rglob("*.py")
        for thing in public_things(ast.parse(file.read_text()))
        if not ast.get_docstring(thing)
    ]
    assert not bare, "\n".join(bare)


# How a value came about is no name for it.
NO_NAMES = set("found made told said asked given each mine one more".split())


def vague_names(source: str) -> set[str]:
    """The names of values in Python that say no more than how these came about."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                names.add(name)
            case ast.arg(arg=name):
                names.add(name)
    return names & NO_NAMES


def test_values_are_named_by_what_they_are() -> None:
    assert vague_names("def f(given): self.made = [each for each in given]") == {
        "given",
        "made",
        "each",
    }
    sources = [file for file in tracked("generator", "tests") if file.suffix == ".py"]
    vague = {str(file): vague_names(file.read_text()) for file in sources}
    assert not {file: names for file, names in vague.items() if names}
