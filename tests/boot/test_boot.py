# SPDX-License-Identifier: GPL-2.0-only
"""Real boots: version 2 as every kind of guest, the RFC, and faults that must be caught."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import need
from xenhostgen.api import load
from xenhostgen.extensions.boot.guests import GUESTS
from xenhostgen.extensions.boot.judge import judge_boot
from xenhostgen.extensions.boot.run import Lab
from xenhostgen.extensions.boot.suite import Suite
from xenhostgen.extensions.kernel_tree.placing import placed

pytestmark = pytest.mark.boot
REPO = Path(__file__).parents[2]
WORK = Path(os.environ.get("XENHOSTGEN_BOOT_WORK", REPO / ".cache/boot"))
KERNEL = "6.12"


@pytest.fixture(autouse=True)
def tools() -> None:
    for tool, package in {
        "qemu-system-x86_64": "qemu-system-x86",
        "flex": "flex",
        "bison": "bison",
    }.items():
        need(tool, package)


def booted(spec: str, *options: str) -> tuple[int, dict[str, dict[str, str]], dict[str, list[str]]]:
    """Exit status, matrix by guest and check, and rules of the findings: expected, others."""
    command = [
        sys.executable,
        "-m",
        "xenhostgen",
        "boot",
        f"specs/{spec}.yaml",
        "--work",
        str(WORK),
        "--format",
        "json",
    ]
    done = subprocess.run(
        [*command, *options], cwd=REPO, stdout=subprocess.PIPE, text=True, check=False
    )
    outcome = json.loads(done.stdout)
    matrix: dict[str, dict[str, str]] = {}
    for cell in outcome["matrix"]:
        matrix.setdefault(cell["guest"], {})[cell["check"]] = cell["status"]
    for guest, checks in matrix.items():
        print(
            f"{spec} as {guest}: "
            + ", ".join(f"{check} {status}" for check, status in checks.items())
        )
    rules: dict[str, list[str]] = {"expected": [], "other": []}
    for finding in outcome["findings"]:
        rules["expected" if finding["expected"] else "other"].append(finding["rule"])
    return done.returncode, matrix, rules


def test_version_2_is_as_the_model_says_in_every_kind_of_guest() -> None:
    status, matrix, rules = booted("xenhost")
    assert (status, rules) == (0, {"expected": [], "other": []})
    assert set(matrix) == set(GUESTS)
    always = {"kind", "registered", "entries", "wrappers", "rules", "walked", "iteration"}
    for guest, checks in matrix.items():
        assert set(checks) - {"override"} == always
        assert ("override" in checks) == GUESTS[guest].overridden
        assert set(checks.values()) == {"ok"}


def test_the_rfc_shows_its_faults() -> None:
    status, matrix, rules = booted("rfc-v1", "--guests", "pv-dom0,pvh-dom0")
    assert (status, rules["other"]) == (0, [])
    assert set(rules["expected"]) == {
        "registry-in-bss",
        "state-read-before-set",
        "unregister-wrong-type",
        "dependency-not-enforced",
        "required-slot-emptied",
        "iterator-type-pun",
    }
    assert matrix["pvh-dom0"]["registered"] == "known"
    assert matrix["pv-dom0"]["registered"] == "known"  # this kernel clears .bss for PV guests, too
    assert matrix["pv-dom0"]["override"] == "known"


@pytest.mark.parametrize(
    ("file", "old", "new", "guest", "rule"),
    [
        (
            "arch/x86/xen/xenhost.c",
            " __ro_after_init = {\n\t{ .ops = &xenhost_none_ops },\n"
            "\t{ .ops = &xenhost_none_ops },\n};\n",
            ";\n",
            "pvh-dom0",
            "registry-in-bss",
        ),
        (
            "arch/x86/xen/enlighten_pv.c",
            "\t.cpuid_base\t\t= xh_direct_cpuid_base,\n",
            "",
            "pv-dom0",
            "table-entry-wrong",
        ),
        ("arch/x86/xen/enlighten_pv.c", None, None, "pv-dom0", "boot-registration-missing"),
    ],
    ids=["registry in .bss", "entry missing", "registered too early"],
)
def test_a_fault_that_is_put_in_is_caught(
    file: str, old: str | None, new: str | None, guest: str, rule: str
) -> None:
    spec = load(REPO / "specs/xenhost.yaml")
    suite = Suite(spec)
    lab = Lab(WORK, KERNEL, False, lambda what: print(what, file=sys.stderr))
    text = placed(spec, WORK / f"linux-{KERNEL}").after[file].decode()
    if old is None:
        register = text[
            text.index("\txenhost_register(") : text.index("&xh_pv_nested_ops);")
            + len("&xh_pv_nested_ops);\n")
        ]
        landmark = "\txen_domain_type = XEN_PV_DOMAIN;\n"
        broken = text.replace(register, "").replace(landmark, register + landmark)
    else:
        broken = text.replace(old, new or "")
    assert broken != text
    consoles, in_bss = lab.boot(suite, [guest], {file: broken})
    rules = {
        finding.rule
        for guest, shown in consoles.items()
        for cell in judge_boot(suite, in_bss, guest, shown)
        for finding in cell.findings
    }
    assert rule in rules
