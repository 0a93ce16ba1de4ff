# SPDX-License-Identifier: GPL-2.0-only
"""Import with a kernel tree: what a patch says beyond the interface comes back to the byte."""

import re
import shutil
from pathlib import Path

import pytest
from interfaces import git

from tools import main
from xenhostgen.api import load, render
from xenhostgen.extensions.kernel_tree.carry import carry_path, read_carry

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "kernel"
DRIVER = "drivers/toy/gate_user.c"


def commit(tree: Path, subject: str) -> None:
    git(tree, "add", "-A", "-f")
    git(tree, "commit", "-q", "-m", f"toy: {subject}")


def edit(tree: Path, path: str, old: str, new: str) -> None:
    text = (tree / path).read_text()
    assert old in text
    (tree / path).write_text(text.replace(old, new, 1))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A kernel in three commits: as it was, with an interface, with more beside and in it."""
    tree = Path(shutil.copytree(TOY / "tree", tmp_path / "tree"))
    git(tree, "init", "-q")
    (tree / "drivers/toy").mkdir(parents=True)
    driver = "int use(void)\n{\n\treturn ask_it();\n}\n\nint tail(void)\n{\n\treturn 0;\n}\n"
    (tree / DRIVER).write_text(driver)
    (tree / "drivers/toy/old_name.c").write_text("int old;\n" * 20)
    commit(tree, "as it was")
    assert main(["apply", str(TOY / "gate.yaml"), "--tree", str(tree)]) == 0
    (tree / ".xenhostgen-gate.patch").unlink()
    commit(tree, "bring in the gate")
    edit(tree, DRIVER, "\treturn ask_it();\n", "\tif (gate_open())\n\t\treturn 1;\n")
    edit(tree, DRIVER, "\treturn 0;\n", "")
    edit(tree, "arch/toy/Kconfig", '\tbool "big"\n', '\tbool "bigger"')
    edit(
        tree, "include/toy/gate.h", "enum gate_type {\n", "#define GATE_MAX 3\n\nenum gate_type {\n"
    )
    git(tree, "mv", "drivers/toy/old_name.c", "drivers/toy/new_name.c")
    (tree / "drivers/toy/empty.h").touch()
    commit(tree, "use the gate")
    git(tree, "format-patch", "-q", "-o", str(tmp_path), "HEAD~2")
    return tree


def files(tree: Path) -> dict[str, bytes]:
    states = {
        str(path.relative_to(tree)): path.read_bytes() for path in tree.rglob("*") if path.is_file()
    }
    return {path: text for path, text in states.items() if not path.startswith(".")}


def imported(tree: Path, patches: list[str], revision: str, name: str, *options: str) -> Path:
    folder = tree.parent
    spec = folder / name
    paths = [str(path) for pattern in patches for path in sorted(folder.glob(pattern))]
    command = ["import", *paths, "--tree", f"{tree}@{revision}", "-o", str(spec), *options]
    assert main(command) == 0
    return spec


def test_a_patch_and_one_on_top_of_it_come_back(tree: Path, tmp_path: Path) -> None:
    first = imported(tree, ["0001-*"], "HEAD~2", "first.yaml")
    assert b"TOY_GATE" in read_carry(load(first))
    second = imported(tree, ["0002-*"], "HEAD~1", "second.yaml", "--onto", str(first))
    wanted = files(tree)
    git(tree, "checkout", "-q", "HEAD~2")
    assert main(["apply", str(second), "--tree", str(tree)]) == 0
    assert files(tree) == wanted
    assert main(["apply", str(second), "--tree", str(tree), "--revert"]) == 0
    assert git(tree, "status", "--porcelain") == b""


def test_both_at_once_are_the_same(tree: Path) -> None:
    spec = imported(tree, ["000*"], "HEAD~2", "both.yaml")
    wanted = files(tree)
    git(tree, "checkout", "-q", "HEAD~2")
    assert main(["patch", str(spec), "--tree", str(tree), "-o", str(tree.parent / "out")]) == 0
    mails = sorted(str(path) for path in (tree.parent / "out").glob("0*[1-9]-*"))
    git(tree, "am", "-q", *mails)
    assert files(tree) == wanted


def test_diff_and_verify_read_the_carry_patch(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = imported(tree, ["0001-*"], "HEAD~2", "first.yaml")
    (patch,) = tree.parent.glob("0001-*")
    capsys.readouterr()
    assert main(["diff", str(spec), str(patch)]) == 0
    command = ["diff", str(spec), str(patch), "--tree", str(tree), "--rev", "HEAD~2"]
    assert main(command) == 0
    assert "byte-identical 7/7 files" in capsys.readouterr().out
    carry = carry_path(spec)
    header = "include/toy/gate.h"
    first, two, *_ = render(load(spec)).files[header].split("\n")
    hunk = f"@@ -1,2 +1,3 @@\n {first}\n+int broken(\n {two}\n"
    carry.write_text(f"--- a/{header}\n+++ b/{header}\n{hunk}")
    assert main(["verify", str(spec), "--level", "parse", "--cc", "gcc"]) == 1
    carry.write_text(f"--- a/{header}\n+++ b/{header}\n@@ -1 +1,2 @@\n nothing\n+int a;\n")
    assert main(["verify", str(spec), "--level", "parse", "--cc", "gcc"]) == 2
    assert "first.carry.patch:3:1: doesn't fit: include/toy/gate.h:1" in capsys.readouterr().err


def test_a_patch_for_another_tree_is_refused(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (patch,) = tree.parent.glob("0002-*")
    spec = tree.parent / "x.yaml"
    assert main(["import", str(patch), "--tree", f"{tree}@HEAD~2", "-o", str(spec)]) == 2
    printed = capsys.readouterr().err
    assert "0002-toy-use-the-gate.patch:1:1: doesn't fit" in printed
    assert "name the revision that the patch is based on" in printed
    assert not spec.exists()


def test_a_patch_whose_tabs_became_blanks_is_refused_for_that(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (patch,) = tree.parent.glob("0002-*")
    patch.write_text(patch.read_text().replace("\t", " " * 8))
    words = ["import", str(patch), "--tree", f"{tree}@HEAD~1", "-o", str(tree.parent / "x.yaml")]
    assert main(words) == 2
    printed = capsys.readouterr().err
    assert "for its white space alone" in printed
    assert "tabs were lost on the way" in printed


def test_what_no_spec_can_say_is_shown_in_the_patch(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (patch,) = tree.parent.glob("0001-*")
    text = patch.read_text()
    value = re.search(r"^\+\tgate_\w+ = 0,$|^\+\tGATE_\w+ = 0,$", text, re.MULTILINE)
    assert value
    patch.write_text(text.replace(value[0], value[0].replace("0", "1")))
    spec = tree.parent / "x.yaml"
    for target in (spec, tree.parent / "history"):
        words = ["import", str(patch), "--tree", f"{tree}@HEAD~2", "-o", str(target)]
        assert main(words) == 2
        row = text[: text.index("+enum gate_type {")].count("\n") + 1
        wanted = f"{patch}:{row}:2: no spec can describe this interface: no type has the value 0"
        assert wanted in capsys.readouterr().err


@pytest.mark.parametrize("change", ["mode", "link"])
def test_what_no_content_can_say_is_refused(
    change: str, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if change == "mode":
        (tree / DRIVER).chmod(0o755)
    else:
        (tree / "drivers/toy/link.h").symlink_to("/etc/hostname")
    commit(tree, change)
    git(tree, "format-patch", "-q", "-1", "-o", str(tree.parent), "--start-number", "3")
    names = [str(path) for path in sorted(tree.parent.glob("000*"))]
    spec = tree.parent / "x.yaml"
    assert main(["import", *names, "--tree", f"{tree}@HEAD~3", "-o", str(spec)]) == 2
    mode, number = {"mode": ("mode change 100644 => 100755", 3), "link": ("create mode 120000", 3)}[
        change
    ]
    printed = capsys.readouterr().err
    assert f"000{number}-" in printed.split(":")[0]
    assert mode in printed
    assert not spec.exists()


def test_a_binary_file_is_carried_if_the_patch_holds_it(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "drivers/toy/blob").write_bytes(bytes(range(256)))
    commit(tree, "a blob")
    wanted, folder = files(tree), tree.parent / "history"
    git(tree, "format-patch", "-q", "-3", "-o", str(tree.parent))
    patches = sorted(str(path) for path in tree.parent.glob("000*"))
    spec = imported(tree, ["000*"], "HEAD~3", "all.yaml")
    assert main(["import", *patches, "--tree", f"{tree}@HEAD~3", "-o", str(folder)]) == 0
    mail = tree.parent / "mail"
    mail.write_bytes(git(tree, "format-patch", "-1", "--no-binary", "--stdout"))
    command = ["import", str(mail), "--tree", f"{tree}@HEAD~1"]
    assert main([*command, "-o", str(tree.parent / "x.yaml")]) == 2
    assert "whose content the patch doesn't hold" in capsys.readouterr().err
    git(tree, "checkout", "-q", "HEAD~3")
    for whole in (spec, folder / "03.yaml"):
        assert main(["apply", str(whole), "--tree", str(tree)]) == 0
        assert files(tree) == wanted
        assert main(["apply", str(whole), "--tree", str(tree), "--revert"]) == 0


def test_a_series_becomes_a_history_and_comes_back(tree: Path) -> None:
    trees = git(tree, "log", "--format=%T %an <%ae> %aI %s", "-2")
    folder, out = tree.parent / "history", tree.parent / "out"
    patches = [str(path) for path in sorted(tree.parent.glob("000*"), reverse=True)]
    command = ["import", *patches, "--tree", f"{tree}@HEAD~2", "-o", str(folder)]
    assert main(command) == 0
    names = [
        f"{number}.{kind}" for number in ("01", "02") for kind in ("carry.patch", "message", "yaml")
    ]
    assert sorted(path.name for path in folder.iterdir()) == names
    for spec in sorted(folder.glob("*.yaml")):
        load(spec)
    git(tree, "checkout", "-q", "HEAD~2")
    assert main(["patch", str(folder), "--tree", str(tree), "-o", str(out)]) == 0
    git(tree, "am", "-q", *(str(path) for path in sorted(out.iterdir())))
    assert git(tree, "log", "--format=%T %an <%ae> %aI %s", "-2") == trees


def test_a_series_with_a_patch_missing_is_refused(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(tree, "commit", "-q", "--allow-empty", "-m", "nothing")
    patch = next(tree.parent.glob("0002-*"))
    patch.write_text(patch.read_text().replace("[PATCH 2/2]", "[PATCH 3/3]"))
    names = [str(path) for path in tree.parent.glob("000*")]
    folder = tree.parent / "history"
    assert main(["import", *names, "--tree", f"{tree}@HEAD~3", "-o", str(folder)]) == 2
    assert "patch 2 of 3 is missing" in capsys.readouterr().err
    assert not folder.exists()
