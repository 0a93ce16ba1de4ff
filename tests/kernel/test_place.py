# SPDX-License-Identifier: GPL-2.0-only
"""Placing into a small made-up kernel tree, edited by hand in many ways.

Each ``cases/*.edit`` is a diff of that tree: what somebody did to the kernel before. For
``succ_*`` the expectation beside it is the diff of the placement, for ``err_*`` the message. File
names say what
they prove. ``pytest --update`` rewrites the expectations.
"""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools import Golden, examples
from xenhostgen.api import Interface, Refused, load
from xenhostgen.extensions.kernel_tree.apply import apply, record, revert
from xenhostgen.extensions.kernel_tree.build import Scratch
from xenhostgen.extensions.kernel_tree.git import git
from xenhostgen.extensions.kernel_tree.kernels import Kernel
from xenhostgen.extensions.kernel_tree.patching import difference
from xenhostgen.extensions.kernel_tree.placing import (
    Placement,
    content,
    placed,
    placed_alone,
    placed_in,
)

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").glob("*.edit"))


@pytest.fixture(scope="module")
def spec() -> Interface:
    return load(HERE / "gate.yaml")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HERE / "tree", tmp_path / "tree"))


def contents(tree: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(tree)): path.read_bytes() for path in tree.rglob("*") if path.is_file()
    }


def said(caught: pytest.ExceptionInfo[Refused], tree: Path) -> str:
    return "".join(
        problem.shown().replace(f"{tree}/", "") + "\n" for problem in caught.value.problems
    )


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_case(case: Path, spec: Interface, tree: Path, golden: Golden) -> None:
    git(tree, "apply", "--whitespace=nowarn", str(case))
    before = contents(tree)
    if case.stem.startswith("succ_"):
        placement = placed(spec, tree)
        # What an edit leaves as it was is shown by the case without one.
        shown = diff(placement) if not placement.applied else "applied already\n"
        shown = shown if case.stem == "succ_plain" else edited_files(shown, case)
    else:
        with pytest.raises(Refused) as caught:
            placed(spec, tree)
        shown = said(caught, tree)
        assert all(problem.hint for problem in caught.value.problems), "an error says what to do"
    assert contents(tree) == before
    golden(case.with_suffix(".expected"), shown)


def diff(placement: Placement) -> str:
    return difference(placement.before, placement.after).decode()


def edited_files(shown: str, case: Path) -> str:
    edits = case.read_text()
    parts = ["diff --git " + part for part in shown.split("diff --git ")[1:]]
    return "".join(part for part in parts if part.split("\n")[0] in edits) or shown


def test_every_expectation_has_its_case() -> None:
    assert {path.with_suffix(".edit") for path in (HERE / "cases").glob("*.expected")} == set(CASES)


def squeezed(content: bytes | None) -> bytes | None:
    """A file without its blank lines."""
    return content and b"\n".join(line for line in content.split(b"\n") if line)


def test_apply_is_idempotent_and_revert_exact(spec: Interface, tree: Path) -> None:
    before = contents(tree)
    apply(spec, placed(spec, tree), tree)
    applied = contents(tree)
    again = placed(spec, tree)
    assert again.applied
    assert {path: squeezed(text) for path, text in again.before.items()} == {
        path: squeezed(before.get(path)) for path in again.after
    }
    assert set(applied) - set(before) == {
        spec.header.file,
        spec.source.file,
        record(spec, tree).name,
    }
    assert revert(spec, tree, dry_run=True)
    assert contents(tree) == applied
    revert(spec, tree)
    assert contents(tree) == before


def test_revert_keeps_edits_elsewhere(spec: Interface, tree: Path) -> None:
    apply(spec, placed(spec, tree), tree)
    small = tree / "arch/toy/small.c"
    small.write_text(small.read_text() + "\nint mine;\n")
    revert(spec, tree)
    assert small.read_text() == (HERE / "tree/arch/toy/small.c").read_text() + "\nint mine;\n"


def test_revert_refuses_edited_fragments(spec: Interface, tree: Path) -> None:
    apply(spec, placed(spec, tree), tree)
    for name, old, new in (
        ("arch/toy/small.c", "gate_near", "gate_far"),
        ("include/toy/gate.h", "gate_far,", ""),
    ):
        path = tree / name
        path.write_text(path.read_text().replace(old, new))
    before = contents(tree)
    with pytest.raises(Refused) as caught:
        revert(spec, tree)
    assert {problem.path.removeprefix(f"{tree}/") for problem in caught.value.problems} == {
        "arch/toy/small.c",
        "include/toy/gate.h",
    }
    assert contents(tree) == before


def test_a_file_that_has_an_adapters_name_already(tree: Path, tmp_path: Path) -> None:
    gate = (
        (HERE / "gate.yaml")
        .read_text()
        .replace("templates: rfc\ntypedefs: true\n", "templates: kernel\n")
    )
    gate = gate.replace("    place: {before: big_start}\n", "")
    keys = ("type", "occupied", "requires", "ops", "absent", "required")
    misuse = f"registry:\n  misuse: {{{', '.join(f'{key}: -EINVAL' for key in keys)}}}\n"
    ops = 'ops: {now: {tables: {small.direct: {function: small_now, body: ""}}}}\n'
    (tmp_path / "ops.yaml").write_text(gate.replace("registry:\n", misuse) + ops)
    spec = load(tmp_path / "ops.yaml")
    assert not placed(spec, tree).applied
    small = tree / "arch/toy/small.c"
    small.write_text(small.read_text() + "\nstatic int small_now;\n")
    with pytest.raises(Refused) as caught:
        placed(spec, tree)
    assert said(caught, tree).startswith("arch/toy/small.c:34:1: small_now is here, yet ")


def test_a_failed_write_leaves_every_file(spec: Interface, tree: Path) -> None:
    before = contents(tree)
    placement = placed(spec, tree)
    (tree / spec.header.file).mkdir()
    with pytest.raises(Refused, match="is a folder where a file must be"):
        apply(spec, placement, tree)
    (tree / spec.header.file).rmdir()
    assert contents(tree) == before


def test_hard_links_and_modes_stay(spec: Interface, tree: Path, tmp_path: Path) -> None:
    small, other = tree / "arch/toy/small.c", tmp_path / "other"
    small.chmod(0o640)
    other.hardlink_to(small)
    apply(spec, placed(spec, tree), tree)
    assert other.read_bytes() == (HERE / "tree/arch/toy/small.c").read_bytes()
    assert small.stat().st_mode & 0o777 == 0o640
    revert(spec, tree)
    assert small.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("path", ["arch/toy/small.c", "include/toy"])
def test_symbolic_links_are_refused(path: str, spec: Interface, tree: Path, tmp_path: Path) -> None:
    (tree / path).rename(tmp_path / "elsewhere")
    (tree / path).symlink_to(tmp_path / "elsewhere")
    before = contents(tmp_path)
    with pytest.raises(Refused, match=f"{path}.*is a link that leaves the tree"):
        apply(spec, placed(spec, tree), tree)
    assert contents(tmp_path) == before


def test_revert_goes_through_no_symbolic_link(spec: Interface, tree: Path, tmp_path: Path) -> None:
    apply(spec, placed(spec, tree), tree)
    (tree / "include/toy").rename(tmp_path / "elsewhere")
    (tree / "include/toy").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(
        Refused, match=r"include/toy/(gate|state)\.h.*is a symbolic link, or lies behind one"
    ):
        revert(spec, tree)


def test_revert_is_exact_whatever_git_is_told(
    spec: Interface, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings, attributes and environment of git change neither the diff nor line ends."""
    (tree / ".gitattributes").write_text("* text=auto eol=crlf\n")
    git(tree, "init", "-q")
    (tmp_path / "gitconfig").write_text("[diff]\n\tcontext = 0\n[core]\n\tautocrlf = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_DIFF_OPTS", "-u0")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    before = contents(tree)
    apply(spec, placed(spec, tree), tree)
    revert(spec, tree)
    assert contents(tree) == before


def test_revert_of_what_is_out_already(spec: Interface, tree: Path) -> None:
    before = contents(tree)
    apply(spec, placed(spec, tree), tree)
    kept = record(spec, tree).read_bytes()
    revert(spec, tree)
    record(spec, tree).write_bytes(kept)  # as after 'git checkout', which leaves it there
    assert revert(spec, tree, dry_run=True) == []
    assert record(spec, tree).exists()
    assert revert(spec, tree) == []
    assert contents(tree) == before


def test_a_carry_patch_that_fits_no_more_is_refused(spec: Interface, tree: Path) -> None:
    (tree / "arch/toy/Kconfig").write_text("config TOY_BIG\n\tdef_bool y\n")
    with pytest.raises(Refused) as caught:
        placed(spec, tree)
    (problem,) = caught.value.problems
    assert (problem.rule, problem.path) == ("carry-misfit", str(HERE / "gate.carry.patch"))
    assert problem.message == "doesn't fit: arch/toy/Kconfig:1"
    assert (problem.at.line, problem.excerpt) == (4, "@@ -1,2 +1,3 @@")


def test_a_tree_with_the_carry_patch_alone_is_refused(spec: Interface, tree: Path) -> None:
    git(tree, "apply", str(HERE / "gate.carry.patch"))
    with pytest.raises(Refused, match=r"carry\.patch:4:1: doesn't fit: arch/toy/Kconfig:1"):
        placed(spec, tree)


def test_a_tree_without_the_carry_patch_is_refused(spec: Interface, tree: Path) -> None:
    for path, text in placed_alone(spec, lambda path: content(tree, path), "tree").after.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(text or b"")
    with pytest.raises(Refused, match="and not what its carry patch adds"):
        placed(spec, tree)


def test_no_kernel_tree(spec: Interface, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not a kernel tree"):
        placed(spec, tmp_path)


def test_a_tree_with_a_build_of_its_own_is_not_built_in(tree: Path, tmp_path: Path) -> None:
    (tree / ".config").touch()
    with pytest.raises(Refused, match="holds a build of its own"):
        Scratch(tree, tmp_path / "work", ["arch/toy/gate.c"], Kernel("toy", ""))
    assert not (tmp_path / "work").exists()


@settings(max_examples=examples(20, 60), deadline=None)
@given(st.data())
def test_edits_by_chance_never_break_it(data: st.DataObject) -> None:
    """Whatever lines go or are doubled: it refuses, or what it placed counts as applied."""
    spec = load(HERE / "gate.yaml")
    files = {path: content.decode() for path, content in contents(HERE / "tree").items()}
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(files)))
        lines = files[path].splitlines(keepends=True)
        row = data.draw(st.integers(0, max(0, len(lines) - 1)))
        line = lines[row : row + 1]
        lines[row : row + 1] = data.draw(st.sampled_from(([], line * 2, ["\n", *line], ["{\n"])))
        files[path] = "".join(lines)
    try:
        placement = placed_in(
            spec, lambda path: files[path].encode() if path in files else None, "tree"
        )
    except Refused:
        return
    after = {path: content.encode() for path, content in files.items()}
    after |= placement.after
    assert not placement.applied
    assert placed_in(spec, after.get, "tree").applied


def test_what_is_edited_meanwhile_is_kept(spec: Interface, tree: Path) -> None:
    placement, file = placed(spec, tree), tree / "arch/toy/small.c"
    file.write_text("edited")
    with pytest.raises(Refused, match=r"small\.c: was edited meanwhile"):
        apply(spec, placement, tree)
    assert file.read_text() == "edited"
    assert not record(spec, tree).exists()


def test_what_is_edited_while_it_is_taken_out_is_kept(
    spec: Interface, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(spec, placed(spec, tree), tree)
    file = tree / "arch/toy/small.c"

    def edited(tree: Path, path: str) -> bytes | None:
        content_there = content(tree, path)
        if path == "arch/toy/small.c":
            file.write_text("edited")
        return content_there

    monkeypatch.setattr("xenhostgen.extensions.kernel_tree.apply.content", edited)
    with pytest.raises(Refused, match=r"small\.c: was edited meanwhile"):
        revert(spec, tree)
    assert file.read_text() == "edited"
    assert record(spec, tree).exists()


def test_a_file_with_the_line_ends_of_dos_keeps_them(spec: Interface, tree: Path) -> None:
    edited = ("arch/toy/small.c", "arch/toy/big.c", "include/toy/state.h", "arch/toy/Makefile")
    plain = placed(spec, tree).after
    for path in edited:
        (tree / path).write_bytes((tree / path).read_bytes().replace(b"\n", b"\r\n"))
    before = contents(tree)
    apply(spec, placed(spec, tree), tree)
    for path in edited:
        assert (tree / path).read_bytes() == (plain[path] or b"").replace(b"\n", b"\r\n")
    assert placed(spec, tree).applied
    revert(spec, tree)
    assert contents(tree) == before
