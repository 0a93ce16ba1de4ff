# SPDX-License-Identifier: GPL-2.0-only
"""Version 2 in Debian's kernel trees: placed, sent, taken by git, built at every step.

``make kernel-source`` gets the trees; ``make test-kernel`` runs this.
"""

import subprocess
from pathlib import Path

import pytest

from xenhostgen.api import Finding, Interface, load
from xenhostgen.extensions.kernel_tree.build import CONFIG, Scratch, build
from xenhostgen.extensions.kernel_tree.git import git
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
    made = series(spec, placement.before, placement.after, tree, Letter())
    (tmp_path / "mails").mkdir()
    for name, text in made.items():
        (tmp_path / "mails" / name).write_bytes(text)
    return sorted((tmp_path / "mails").iterdir())


def built(spec: Interface, tree: Path, work: Path = WORK) -> list[Finding]:
    placement = placed(spec, tree)
    return build(spec, placement, Scratch(tree, work, placement.after))


def test_builds_without_a_new_word(spec: Interface, tree: Path) -> None:
    assert built(spec, tree) == []


def test_finds_the_faults_of_the_first_patch(tree: Path) -> None:
    spec = load(ROOT / "specs/rfc-v1.yaml")
    found = {finding.rule for finding in built(spec, tree)}
    assert found == {"build", "checkpatch", "registry-in-bss"}
    assert found <= {expected.rule for expected in spec.expected_findings}


def test_finds_a_fault_put_in(spec: Interface, tree: Path, tmp_path: Path) -> None:
    text = (ROOT / "specs/xenhost.yaml").read_text()
    broken = tmp_path / "xenhost.yaml"
    broken.write_text(text.replace("  declares: [struct page]\n", ""))
    assert any("struct page" in finding.message for finding in built(load(broken), tree))


def test_what_is_applied_already_is_built_without_and_with_it(tree: Path, tmp_path: Path) -> None:
    spec = load(ROOT / "specs/rfc-v1.yaml")
    files = placed(spec, tree).after
    patched = Scratch(tree, tmp_path, files)
    patched.fill(files)
    assert placed(spec, patched.source).applied
    assert built(spec, patched.source, tmp_path / "work") == built(spec, tree)


def test_builds_at_every_step(
    spec: Interface, placement: Placement, tree: Path, tmp_path: Path
) -> None:
    scratch = Scratch(tree, tmp_path, placement.after)
    scratch.configure(CONFIG.read_text())
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
        given={"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"},
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
        "--ignore=FILE_PATH_CHANGES",
    ]
    for mail in written[1:]:
        done = subprocess.run([*command, mail], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, ""), mail.name


def test_maintainers_are_addressed(written: list[Path]) -> None:
    assert "\nTo: " in written[0].read_text()
    assert "\nCc: " in written[0].read_text()
