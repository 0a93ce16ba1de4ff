# SPDX-License-Identifier: GPL-2.0-only
"""``verify --accept`` writes what is found into the spec; ``--strict`` finds any drift."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import main, need, sampled, written
from xenhostgen.api import Interface, load

REPO = Path(__file__).parents[2]
STALE = """\
  # a comment of its own
  - rule: misuse-misreported
    reason: gone since
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The RFC's first patch; what is expected of it has no extent, lacks an entry, and has one."""
    text = (REPO / "specs/rfc-v1.yaml").read_text()
    text = re.sub(r"    (?:shows|outcome): .*\n", "", text)
    text, count = re.subn(r"  - rule: required-slot-emptied\n    reason: .*\n", STALE, text)
    assert count == 1
    flow = "  - {rule: dependency-not-enforced, shows: 9, reason: known}  # in braces\n"
    text, count = re.subn(r"  - rule: dependency-not-enforced\n    reason: .*\n", flow, text)
    assert count == 1
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return path


def test_accept(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need("sparse", "sparse")
    assert main(["verify", str(spec), "--cc", "gcc"]) == 1
    printed = capsys.readouterr().out
    assert "FOUND expected-otherwise" in printed
    assert "\nmore: xenhostgen rules " in printed
    assert main(["verify", "--accept", str(spec), "--cc", "gcc"]) == 0
    diff = capsys.readouterr().out
    text = spec.read_text()
    assert "-  - rule: misuse-misreported" in diff
    assert "+  - rule: required-slot-emptied" in diff
    assert "reason: Accepted as it is; replace this with the reason." in text
    assert "# a comment of its own" in text
    shipped = load(REPO / "specs/rfc-v1.yaml").expected_findings
    (guard,) = (entry for entry in shipped if entry.rule == "dependency-not-enforced")
    extent = f'shows: {guard.shows}, outcome: "{guard.outcome}"'
    assert f"  - {{rule: dependency-not-enforced, {extent}, reason: known}}  # in braces\n" in text
    known = {(entry.rule, entry.shows, entry.outcome) for entry in shipped}
    assert {
        (entry.rule, entry.shows, entry.outcome) for entry in load(spec).expected_findings
    } == known
    assert main(["verify", "--accept", str(spec), "--cc", "gcc"]) == 0
    assert capsys.readouterr().out == "nothing changes\n"
    assert spec.read_text() == text


@pytest.mark.thorough
def test_accept_a_spec_that_expects_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (REPO / "specs/rfc-v1.yaml").read_text()
    path = tmp_path / "mine.yaml"
    path.write_text(text.partition("expected_findings:")[0])
    assert main(["verify", "--accept", str(path), "--cc", "gcc"]) == 0
    assert main(["verify", str(path), "--cc", "gcc"]) == 0


def test_accept_takes_no_tree(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(REPO / "specs/rfc-v1.yaml")
    for others in (["--tree", str(REPO / "out/rfc-v1")], ["--format", "json"]):
        assert main(["verify", "--accept", path, *others]) == 2
        assert "works on the spec's own rendering" in "".join(capsys.readouterr())


def test_strict_finds_nothing_in_the_rendering(
    tmp_path: Path, load_spec: Callable[[str], Interface]
) -> None:
    spec = load_spec("specs/xenhost.yaml")
    tree = str(written(spec, tmp_path / "tree"))
    options = ["--level", "parse", "--cc", "gcc", "--strict"]
    assert main(["verify", spec.path, "--tree", tree, *options]) == 0


@pytest.mark.parametrize(
    ("file", "change"),
    sampled(
        [
            ("arch/x86/xen/xenhost.c", ("if (!ops)", "if (ops == NULL)")),
            ("include/xen/xenhost.h", ("struct xenhost;\n", "struct xenhost;\nstruct other;\n")),
            ("arch/x86/xen/Makefile", ("+= xenhost.o", "+= xenhost.o other.o")),
        ]
    ),
)
def test_strict(
    file: str,
    change: tuple[str, str],
    tmp_path: Path,
    load_spec: Callable[[str], Interface],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, (old, new) = REPO / "specs/xenhost.yaml", change
    tree = written(load_spec("specs/xenhost.yaml"), tmp_path / "tree")
    arguments = ["verify", str(path), "--tree", str(tree), "--level", "parse", "--cc", "gcc"]
    text = (tree / file).read_text()
    assert old in text
    (tree / file).write_text(text.replace(old, new, 1))
    capsys.readouterr()
    assert main(arguments) == 0
    assert "note: " in capsys.readouterr().out
    assert main([*arguments, "--strict"]) == 1
    line = (text.partition(old)[0] + new.partition("\n")[0]).count("\n") + 1
    printed = capsys.readouterr().out
    assert re.search(rf"{file}:(?:{line}|{line + 1}):1: FOUND drift: ", printed), printed
