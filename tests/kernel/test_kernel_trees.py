# SPDX-License-Identifier: GPL-2.0-only
"""Version 2 in Debian's kernel trees: placed, sent, taken by git, built at every step.

``make kernel-source`` gets the trees; ``make test-kernel`` runs this.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import need
from xenhostgen.api import Finding, Interface, Location, load
from xenhostgen.extensions.kernel_tree.apply import apply
from xenhostgen.extensions.kernel_tree.build import Scratch, build
from xenhostgen.extensions.kernel_tree.git import git
from xenhostgen.extensions.kernel_tree.kernels import kernels
from xenhostgen.extensions.kernel_tree.placing import Placement, placed
from xenhostgen.extensions.patches.series import Letter, concerns, series

ROOT = Path(__file__).parents[2]
TREES = sorted((ROOT / ".cache").glob("linux-source-*"))
WORK = ROOT / ".cache/kernel"

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not TREES, reason="no kernel tree; run: make kernel-source"),
    pytest.mark.parametrize("tree", TREES, ids=lambda path: path.name),
]


@pytest.fixture(scope="module")
def spec() -> Interface:
    return load(ROOT / "specs/xenhost.yaml")


@pytest.fixture
def placement(spec: Interface, tree: Path) -> Placement:
    return placed(spec, tree)


@pytest.fixture
def written(
    spec: Interface,
    placement: Placement,
    tree: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> list[Path]:
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Ann Other")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "ann@example.org")
    mails = series(spec, placement.before, placement.after, tree, Letter())
    (tmp_path / "mails").mkdir()
    for name, text in mails.items():
        (tmp_path / "mails" / name).write_bytes(text)
    return sorted((tmp_path / "mails").iterdir())


KERNELS = {kernel.name: kernel for kernel in kernels()}


def built(spec: Interface, tree: Path, *names: str, work: Path = WORK) -> list[Finding]:
    """What is found in kernels of the table."""
    return built_of(spec, placed(spec, tree), tree, *names, work=work)


def built_of(
    spec: Interface, placement: Placement, tree: Path, *names: str, work: Path = WORK
) -> list[Finding]:
    scratches = [Scratch(tree, work, placement.after, KERNELS[name]) for name in names]
    return build(spec, placement, scratches)


def test_builds_wherever_it_may_be_configured(spec: Interface, tree: Path) -> None:
    need("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu")
    assert built(spec, tree, *KERNELS) == []


def test_finds_what_kernels_without_pv_guests_lack(
    spec: Interface, placement: Placement, tree: Path
) -> None:
    """The kernel declares the function for all guests, and defines it for PV guests."""
    source = spec.source.file
    text = placement.after[source] or b""
    unguarded = text.replace(b"xen_vcpu_info_reset(cpu)", b"xen_build_mfn_list_list()")
    placement.after[source] = unguarded
    findings = built_of(spec, placement, tree, "pv", "pvh")
    line = unguarded[: unguarded.index(b"xen_build_mfn")].count(b"\n") + 1
    assert [(finding.message, finding.where) for finding in findings] == [
        ("error: undefined reference to 'xen_build_mfn_list_list' (pvh)", Location(source, line))
    ]


def test_finds_what_is_built_for_a_kernel_without_part_in_it(
    spec: Interface, placement: Placement, tree: Path
) -> None:
    need("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu")
    makefile = (tree / "arch/arm64/xen/Makefile").read_bytes()
    placement.after["arch/arm64/xen/Makefile"] = makefile + b"obj-y += stray.o\n"
    placement.after["arch/arm64/xen/stray.c"] = b"static int xh_stray __used;\n"
    messages = {finding.message for finding in built_of(spec, placement, tree, "arm64")}
    assert "error: adds xh_stray to a kernel in which it has no part" in messages


def test_finds_the_faults_of_the_first_patch(tree: Path) -> None:
    spec = load(ROOT / "specs/rfc-v1.yaml")
    rules = {finding.rule for finding in built(spec, tree, "all")}
    assert rules == {"build", "checkpatch", "registry-in-bss"}
    assert rules <= {expected.rule for expected in spec.expected_findings}


def test_finds_a_fault_put_in(spec: Interface, tree: Path, tmp_path: Path) -> None:
    text = (ROOT / "specs/xenhost.yaml").read_text()
    broken = tmp_path / "xenhost.yaml"
    broken.write_text(text.replace("body: xen_vcpu_nr(cpu)", "body: xen_vcpu_nr(xh)"))
    assert any("xen_vcpu_nr" in finding.message for finding in built(load(broken), tree, "all"))


def test_what_is_applied_already_is_built_without_and_with_it(tree: Path, tmp_path: Path) -> None:
    spec = load(ROOT / "specs/rfc-v1.yaml")
    patched = shutil.copytree(tree, tmp_path / "tree", symlinks=True, copy_function=os.link)
    apply(spec, placed(spec, tree), patched)  # new files in place of links to the tree's
    assert placed(spec, patched).applied
    again = built(spec, patched, "all", work=tmp_path / "work")
    assert again == built(spec, tree, "all")


def test_builds_at_every_step(
    spec: Interface, placement: Placement, tree: Path, tmp_path: Path
) -> None:
    scratch = Scratch(tree, tmp_path, placement.after, KERNELS["all"])
    scratch.configure()
    files: dict[str, bytes] = {}
    for paths in concerns(spec).values():
        files |= {path: placement.after[path] for path in paths}
        scratch.fill(files)
        done = scratch.make(f"{Path(spec.source.file).parent}/")
        assert (done.status, done.text) == (0, ""), paths


def test_git_am_takes_it(placement: Placement, written: list[Path], tmp_path: Path) -> None:
    clean = tmp_path / "clean"
    for path, before in placement.before.items():
        (clean / path).parent.mkdir(parents=True, exist_ok=True)
        if before is not None:
            (clean / path).write_bytes(before)
    git(clean, "init", "-q")
    git(clean, "add", "-A")
    git(
        clean,
        "commit",
        "-q",
        "-m",
        "base",
        variables={"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"},
    )
    git(clean, "am", "-q", *map(str, written[1:]))
    for path, after in placement.after.items():
        assert (clean / path).read_bytes() == after


def test_checkpatch_is_silent_on_each_mail(written: list[Path], tree: Path) -> None:
    command = [
        "perl",
        tree / "scripts/checkpatch.pl",
        f"--root={tree}",
        "--strict",
        "-q",
        "--ignore=FILE_PATH_CHANGES,MACRO_ARG_REUSE",
    ]
    for mail in written[1:]:
        done = subprocess.run([*command, mail], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, ""), mail.name


def test_maintainers_are_addressed(written: list[Path]) -> None:
    assert "\nTo: " in written[0].read_text()
    assert "\nCc: " in written[0].read_text()
