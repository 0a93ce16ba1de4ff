# SPDX-License-Identifier: GPL-2.0-only
"""The shim compiles without a warning, BUG ends up in shim_bug, and exports can be found."""

import subprocess
from pathlib import Path

import pytest
from compilers import require

from xenhostgen.csource.preprocess import SHIM

SOURCES = Path(__file__).parent / "sources"
HEADERS = sorted(path.relative_to(SHIM) for path in SHIM.glob("*/*.h"))
FLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{SHIM}", f"-I{SOURCES / 'include'}"]


@pytest.mark.parametrize("cc", ["gcc", "clang"])
@pytest.mark.parametrize("optimise", ["-O0", "-O2"])
def test_generated_code_runs(cc: str, optimise: str, tmp_path: Path) -> None:
    program = tmp_path / "program"
    sources = [SOURCES / "succ_port.c", SOURCES / "driver.c"]
    sanitize = "-fsanitize=address,undefined"
    subprocess.run([require(cc), *FLAGS, optimise, sanitize, *sources, "-o", program], check=True)
    output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    exports = [
        "port_first EXPORT_SYMBOL",
        "port_register EXPORT_SYMBOL_GPL",
        "ports EXPORT_SYMBOL_GPL",
    ]
    assert sorted(output.splitlines()) == ["BUG at line 49", *exports]


@pytest.mark.parametrize("cc", ["gcc", "clang"])
def test_each_header_stands_alone(cc: str) -> None:
    for header in HEADERS:
        command = [require(cc), *FLAGS, "-fsyntax-only", "-xc", "-"]
        subprocess.run(command, input=f"#include <{header}>\n", text=True, check=True)


def test_sections_are_real(tmp_path: Path) -> None:
    """What is __read_mostly doesn't live in .bss, though it starts as zero."""
    assembly = tmp_path / "port.s"
    source = SOURCES / "succ_port.c"
    subprocess.run([require("gcc"), *FLAGS, "-S", source, "-o", assembly], check=True)
    text = assembly.read_text()
    for section in (".data..read_mostly", ".data..ro_after_init", ".init.text", "shim_exports"):
        assert f".section\t{section}" in text
