# SPDX-License-Identifier: GPL-2.0-only
"""The generated KUnit suites, compiled against the shim and run as programs of the host's."""

import subprocess
from pathlib import Path

import pytest

from tools import need
from xenhostgen.api import Interface, load, render
from xenhostgen.extensions.boot.guests import Boot
from xenhostgen.extensions.boot.judge import Outcome, judge_boot
from xenhostgen.extensions.boot.suite import Suite
from xenhostgen.verify.calls import Iterate
from xenhostgen.verify.harness import Harness
from xenhostgen.verify.store import Store

REPO = Path(__file__).parents[2]
STUB = Path(__file__).parent / "stub"
SPECS = [
    *sorted((REPO / "specs").glob("*.yaml")),
    *sorted((REPO / "tests/verify").glob("succ_*.yaml")),
]


def compiled(spec: Interface, folder: Path, old: str = "", new: str = "") -> Path:
    """The suite of the rules as a program; a text of the interface's C may be changed before."""
    need("gcc", "gcc")
    for path, text in render(spec).files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        assert path != spec.source.file or old in text
        (folder / path).write_text(
            text.replace(old, new) if path == spec.source.file and old else text
        )
    suite = Suite(spec)
    for path, text in suite.files().items():
        (folder / path).write_text(text)
    prefix = f"{suite.folder}/{spec.c.prefix}_kunit_"
    # The adapters beside the registry call kernel functions; nothing calls them here, so they go.
    flags = ["-std=gnu11", "-w", "-fno-common", "-ffunction-sections", "-Wl,--gc-sections"]
    flags += Harness(spec, folder, folder, Store(spec, folder)).flags
    command = ["gcc", *flags, f"-I{STUB}", f"{prefix}rules.c", STUB / "main.c", "-o", "suite"]
    subprocess.run(command, cwd=folder, check=True, timeout=20)
    return folder / "suite"


def ran(program: Path, number: str = "") -> str:
    """What the program writes, also if it crashes."""
    command = [program, *[number] * bool(number)]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout


def rules(spec: Interface, console: str, boot: Boot) -> list[Outcome]:
    """The checks that a console of the suite about the rules has, judged."""
    cells = judge_boot(Suite(spec), False, boot, console)
    return [cell for cell in cells if cell.check in ("rules", "iteration", "fatal")]


def found(cells: list[Outcome]) -> set[str]:
    return {finding.rule for cell in cells for finding in cell.findings}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_interface_has_a_suite_that_knows_each_call_in_each_state(path: Path) -> None:
    suite = Suite(load(path))
    assert len(suite.origins) > 2
    assert {row.before for row in suite.rows} == set(suite.origins)
    assert bool(suite.fatal) == (suite.spec.registry.misuse is None)
    for text in [*suite.files().values(), *suite.appendices().values()]:
        assert text.endswith("\n")


def test_version_2_passes_its_suite(tmp_path: Path) -> None:
    spec = load(REPO / "specs/xenhost.yaml")
    console = ran(compiled(spec, tmp_path))
    cells = rules(spec, console, Boot("pv-dom0"))
    assert [(cell.check, cell.findings) for cell in cells] == [("rules", []), ("iteration", [])]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("return -EBUSY;", "return 0;", "slot-overwritten"),
        ("xh->type = type;", "", "registration-wrong"),
        ("if (xh->type != type)", "if (0)", "unregister-wrong-type"),
        ("\t\treturn -ENODEV;", "\t\txh->type = type;", "dependency-not-enforced"),
    ],
)
def test_a_wrong_registry_fails_its_suite(tmp_path: Path, old: str, new: str, rule: str) -> None:
    spec = load(REPO / "specs/xenhost.yaml")
    cells = rules(spec, ran(compiled(spec, tmp_path, old, new)), Boot("pv-dom0"))
    assert rule in found(cells)
    assert all(cell.excerpt for cell in cells if cell.findings)


def test_the_rfc_fails_where_its_faults_are(tmp_path: Path) -> None:
    spec = load(REPO / "specs/rfc-v1.yaml")
    suite, program = Suite(spec), compiled(spec, tmp_path)
    assert found(rules(spec, ran(program), Boot("pv-dom0"))) == {"unregister-wrong-type"}
    seen = set[str]()
    for number in suite.fatal:
        row = suite.rows[number]
        cells = rules(spec, ran(program, str(number)), Boot("pv-dom0", fatal=number))
        assert bool(found(cells)) == (
            isinstance(row.call, Iterate) or row.outcome.rule in (3, 7)
        ), row
        seen |= found(cells)
    assert seen == {"dependency-not-enforced", "required-slot-emptied", "iterator-type-pun"}
