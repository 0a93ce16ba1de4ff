# SPDX-License-Identifier: GPL-2.0-only
"""Tests use the public face or the command; of the rooms behind them, each its own alone."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from import_rules import allowed

TESTS = Path(__file__).parents[1]
# Files that reach into other rooms. This list only ever gets shorter.
REACHING = {
    "boot/test_suite.py",
    "kernel/test_kernel_trees.py",
    "kernel/test_level.py",
    "mutation/test_mutate.py",
    "patch/interfaces.py",
    "patch/posted.py",
    "patch/test_compare.py",
    "patch/test_lift.py",
    "proof/test_cbmc.py",
    "proof/test_frama_c.py",
    "verify/test_levels.py",
    "verify/test_patched_kernels.py",
    "verify/token_changes.py",
}


def imports(text: str) -> Iterator[str]:
    """The modules of xenhostgen that a text imports, or imports something from."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "xenhostgen":
            yield from (f"xenhostgen.{name.name}" for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def reaches(folder: str, text: str) -> list[str]:
    """What a test below a folder imports of rooms that aren't its own."""
    modules = [module for module in imports(text) if module.startswith("xenhostgen")]
    return [module for module in modules if not allowed(folder, module)]


def test_tests_import_the_public_face_and_their_own_room() -> None:
    reaching = {}
    for file in TESTS.glob("*/*.py"):
        path = file.relative_to(TESTS)
        if modules := reaches(path.parts[0], file.read_text()):
            reaching[str(path)] = modules
    new = {path: modules for path, modules in reaching.items() if path not in REACHING}
    assert not new, "use xenhostgen.api or the command; see ROOMS in tests/house/import_rules.py"
    assert not REACHING - reaching.keys(), "take out what no longer reaches into other rooms"


@pytest.mark.parametrize(
    ("line", "modules"),
    [
        ("from xenhostgen.api import load", []),
        ("from xenhostgen.spec.load import load", []),
        ("from xenhostgen import api", []),
        ("from xenhostgen.specs import load", ["xenhostgen.specs"]),
        ("from xenhostgen import cli", ["xenhostgen.cli"]),
        ("import xenhostgen.verify.run as run", ["xenhostgen.verify.run"]),
        ("def test():\n    from xenhostgen.render import files", ["xenhostgen.render"]),
    ],
)
def test_what_a_test_of_specs_may_import(line: str, modules: list[str]) -> None:
    assert reaches("spec", line) == modules
