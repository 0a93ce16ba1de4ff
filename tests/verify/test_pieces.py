# SPDX-License-Identifier: GPL-2.0-only
"""``lint`` says at its place what a compiler doesn't understand of a spec's C."""

from pathlib import Path

import pytest

from tools import main, need

CALL, ARGUMENT, RESULT = "widget_bus_read(reg)", "[unsigned int reg]", "returns: int\n"
# What stands in a right spec, what in a wrong one, what is marked, and what is said of it.
WRONG = {
    "a misspelt function": (CALL, "widget_bus_raed(reg)", "widget_bus_raed", "did you mean"),
    "an unknown function": (CALL, "other(reg)", "other", "implicit declaration"),
    "an unknown parameter": (CALL, "widget_bus_read(register_)", "register_", "undeclared"),
    "too few arguments": (CALL, "widget_bus_read()", "widget_bus_read", "too few arguments"),
    "too many": (CALL, "'widget_bus_read(reg, 1)'", "widget_bus_read", "too many arguments"),
    "an unknown type": (ARGUMENT, "[cpumask_v reg]", "cpumask_v", "unknown type name"),
    "an undeclared structure": (ARGUMENT, "[struct cpu *reg]", "", "'struct cpu' is not declared"),
    "an undeclared union": (ARGUMENT, "[unsigned int reg, union u **a]", "", "'union u' is not"),
    "an undeclared enum": (ARGUMENT, "[enum e *reg]", "", "'enum e' is not declared"),
    "an undeclared result": (RESULT, "returns: struct s\n", "struct s", "'struct s' is not"),
    "an undeclared value": (ARGUMENT, "[enum e reg]", "", "'enum e' is not declared"),
    "in a function's type": (
        ARGUMENT,
        "['int (*reg)(struct cpu *)']",
        "cpu *)",
        "'struct cpu' is not",
    ),
    "an unknown result": (RESULT, "returns: u23\n", "u23", "unknown type name"),
    "a declarator inside": (RESULT, "returns: int (*)(int)\n", ")(int)", "expected identifier"),
    "a pointer for a number": (CALL, "xh", "xh", "makes integer from pointer"),
    "a member that isn't there": (CALL, "xh->kind", "->kind", "no member named"),
    "half an expression": (CALL, "reg +", "", "expected expression"),
}


def wrong_spec(case: str, folder: Path) -> tuple[Path, int]:
    """A spec that is wrong in one line, and the number of that."""
    right, wrong, *_ = WRONG[case]
    spec = folder / "wrong.yaml"
    assert main(["init", "widget", "-o", str(spec)]) == 0
    before, after = spec.read_text().split(right, 1)
    spec.write_text(before + wrong + after)
    return spec, before.count("\n") + 1


@pytest.mark.parametrize("case", WRONG)
def test_a_piece_is_refused(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need("gcc", "gcc")
    spec, line = wrong_spec(case, tmp_path)
    capsys.readouterr()
    assert main(["lint", str(spec)]) == 2
    printed = capsys.readouterr().err
    first, shown, caret, *_ = printed.splitlines()
    assert first.startswith(f"{spec}:{line}:")
    assert "[not-c]" in first
    _, _, marked, message = WRONG[case]
    assert message in printed
    assert shown[caret.index("^") :].startswith(marked)


def test_what_only_the_kernel_declares_is_left_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("gcc", "gcc")
    for case, status in (("an unknown type", 0), ("a misspelt function", 2)):
        (tmp_path / case).mkdir()
        spec, _ = wrong_spec(case, tmp_path / case)
        text = spec.read_text()
        spec.write_text(text.replace("[<linux/types.h>]", "[<linux/types.h>, <linux/elsewhere.h>]"))
        assert main(["lint", str(spec)]) == status, case
    unchecked = "OK, but its pieces of C weren't checked: only the kernel knows what"
    assert f"{unchecked} linux/elsewhere.h declare" in capsys.readouterr().out


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_verify_says_it_too(
    compiler: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need(compiler, compiler)
    spec, line = wrong_spec("an undeclared union", tmp_path)
    spec.write_text(spec.read_text().replace("body: widget_bus_read(reg)", "body: '0'"))
    capsys.readouterr()
    assert main(["verify", str(spec), "--cc", compiler]) == 2
    assert capsys.readouterr().err.startswith(f"{spec}:{line}:")


def test_a_trees_header_is_no_fault_of_the_spec(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("gcc", "gcc")
    need("bwrap", "bubblewrap")
    spec = tmp_path / "widget.yaml"
    assert main(["init", "widget", "-o", str(spec)]) == 0
    text = spec.read_text()
    assert "context: [" in text
    spec.write_text(text.replace("context: [", "context: [<linux/more.h>, "))
    assert main(["generate", str(spec), "-o", str(tmp_path / "out")]) == 0
    tree = tmp_path / "out" / "widget"
    (tree / "include/linux/more.h").write_text("void zip(struct zap *z);\n")
    (header,) = tree.rglob("widget.h")
    read = "static inline int widget_read(struct widget *xh, unsigned int reg"
    assert read in header.read_text()
    header.write_text(header.read_text().replace(read, f"{read}, int more"))
    capsys.readouterr()
    assert main(["verify", str(spec), "--tree", str(tree), "--cc", "gcc"]) == 1
    assert "FOUND uncompilable" in "".join(capsys.readouterr())
