# SPDX-License-Identifier: GPL-2.0-only
"""``verify --accept`` writes what is found into the spec; ``--strict`` finds any drift."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tools import main, need, sampled, written
from xenhostgen.api import Expected, Finding, Interface, Refused, Verdict, load, load_text
from xenhostgen.verify.accept import accepted

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
    assert "    reason: known\n" in text
    known = {(entry.rule, entry.shows, entry.outcome) for entry in shipped}
    assert {
        (entry.rule, entry.shows, entry.outcome) for entry in load(spec).expected_findings
    } == known
    assert main(["verify", "--accept", str(spec), "--cc", "gcc"]) == 0
    assert capsys.readouterr().out == "nothing changes\n"
    assert spec.read_text() == text


BASE = (REPO / "tests/verify/succ_pair.yaml").read_text()
ONE = "rule: null-op, subject: a, reason: known"
TWO = "rule: null-op, subject: b, reason: 'known, #2'"
LAYOUTS = {
    "a dash alone": "expected_findings:\n  -\n    rule: null-op\n    subject: a\n"
    "    reason: known\n"
    "  -\n    {rule: null-op, subject: b, reason: 'known, #2'}\n",
    "no indentation": f"expected_findings:\n- {{{ONE}}}\n# between\n- {{{TWO}}}\n",
    "in brackets": f"expected_findings: [{{{ONE}}}, {{{TWO}}}]\n",
    "in brackets on lines": f"expected_findings: [\n  {{{ONE}}},\n  {{{TWO}}}\n]\n",
    "lines end as in DOS": f"expected_findings:\r\n  - {{{ONE}}}\r\n  - {{{TWO}}}\r\n",
}


@pytest.mark.parametrize("shown", [("a", "b"), ("a",), ("b",), (), ("a", "c")], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_accept_whatever_the_layout(layout: str, shown: tuple[str, ...]) -> None:
    head, _, tail = BASE.partition("\nkinds:")
    text = f"{head}\n{LAYOUTS[layout]}\n# about kinds\nkinds:{tail}"
    spec = load_text(text, "pair.yaml")
    findings = [Finding("null-op", subject, "", count=3, outcome="a: #1") for subject in shown]
    known = {str(entry.subject): entry for entry in spec.expected_findings}
    verdict = Verdict(
        tuple(
            (finding, known[finding.subject]) for finding in findings if finding.subject in known
        ),
        tuple(finding for finding in findings if finding.subject not in known),
        tuple(entry for subject, entry in known.items() if subject not in shown),
    )
    new = accepted(spec, text, verdict)
    assert f"\n# about kinds\nkinds:{tail}" in new
    assert new.startswith(head)
    entries: tuple[Expected, ...] = load_text(new, "pair.yaml").expected_findings
    assert {(entry.subject, entry.shows, entry.outcome) for entry in entries} == {
        (subject, 3, "a: #1") for subject in shown
    }
    reasons = {"a": "known", "b": "known, #2"}
    assert all(entry.reason == reasons.get(str(entry.subject), entry.reason) for entry in entries)


def test_accept_leaves_what_is_not_in_lines() -> None:
    text = json.dumps(yaml.load(BASE, yaml.CBaseLoader))
    verdict = Verdict(unexpected=(Finding("null-op", "a", ""),))
    with pytest.raises(Refused, match="edited where"):
        accepted(load_text(text, "pair.yaml"), text, verdict)


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
