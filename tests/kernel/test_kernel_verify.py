# SPDX-License-Identifier: GPL-2.0-only
"""Debian's kernel trees with the interface in them, as they are and with faults put in."""

from pathlib import Path
from typing import NamedTuple

import pytest

from xenhostgen.api import Interface, Verdict, load, verify
from xenhostgen.extensions.kernel_tree.placing import placed

ROOT = Path(__file__).parents[2]
TREES = sorted((ROOT / ".cache").glob("linux-source-*"))
PV, HVM, PVH = (f"arch/x86/xen/enlighten_{guest}.c" for guest in ("pv", "hvm", "pvh"))
PREDICATES = "include/xen/xen.h"
REGISTER = "\txenhost_register(XENHOST_DIRECT, &xh_pv_ops);\n"
TYPE = "\txen_domain_type = XEN_PV_DOMAIN;\n"
HVM_REGISTERS = "xenhost_register(XENHOST_DIRECT, &xh_hvm_ops)"
PV_TABLE = "struct xenhost_ops xh_pv_ops"

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not TREES, reason="no kernel tree; run: make kernel-source"),
    pytest.mark.parametrize("tree", TREES, ids=lambda path: path.name),
]


class Fault(NamedTuple):
    """A change of a file's text, the rule that it breaks, and words of the line to blame."""

    file: str
    old: str
    new: str
    rule: str
    line: str


FAULTS = {
    "before the state is set": Fault(PV, TYPE, REGISTER + TYPE, "step-order", REGISTER.strip()),
    "never registered": Fault(PV, REGISTER, "", "step-missing", "xen_start_kernel("),
    "wrong condition": Fault(
        HVM, "(!xen_pvh_domain())", "(xen_pvh_domain())", "step-missing", HVM_REGISTERS
    ),
    "condition of the kernel's": Fault(
        PV,
        REGISTER,
        f"\tif (early_boot_irqs_disabled)\n\t{REGISTER}",
        "uncompilable",
        "if (early_boot_irqs_disabled)",
    ),
    "in a function of the kernel's": Fault(
        PV,
        "\tpv_ops.cpu.load_gdt =",
        f"{REGISTER}\tpv_ops.cpu.load_gdt =",
        "step-unknown",
        REGISTER.strip(),
    ),
    "left before": Fault(
        PVH,
        "\txen_pvh = 1;\n",
        "\txen_pvh = 1;\n\tif (xen_pvh)\n\t\treturn;\n",
        "step-missing",
        "xen_pvh_init(",
    ),
    "swapped entry": Fault(
        PV, "= xh_direct_vcpu_id,", "= xh_no_vcpu_id,", "declaration-differs", PV_TABLE
    ),
    "const dropped": Fault(PV, f"const {PV_TABLE}", PV_TABLE, "declaration-differs", PV_TABLE),
    "state never set": Fault(
        HVM, "\txen_domain_type = XEN_HVM_DOMAIN;\n", "", "step-order", HVM_REGISTERS
    ),
    "other predicate": Fault(
        PREDICATES,
        "domain()\txen_initial_domain()",
        "domain()\txen_domain()",
        "declaration-differs",
        "xen_driver_domain()",
    ),
    "no semicolon": Fault(PV, "&xh_pv_ops);\n", "&xh_pv_ops)\n", "uncompilable", "&xh_pv_ops)"),
}


def patched(spec: Interface, tree: Path, copy: Path) -> Path:
    """The files that the interface adds to a kernel tree or changes there."""
    for path, file in placed(spec, tree).after.items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes(file)
    return copy


def judged(spec: Interface, tree: Path) -> Verdict:
    return verify(spec, tree=tree)


@pytest.mark.parametrize("name", ["xenhost", "rfc-v1"])
def test_is_judged_as_its_rendering_is(name: str, tree: Path, tmp_path: Path) -> None:
    spec = load(ROOT / f"specs/{name}.yaml")
    verdict = judged(spec, patched(spec, tree, tmp_path))
    assert verdict.passed, (verdict.unexpected, verdict.missing)
    assert len(verdict.statistics.drift or []) == 1, verdict.statistics.drift


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_finds_a_fault(fault: Fault, tree: Path, tmp_path: Path) -> None:
    spec = load(ROOT / "specs/xenhost.yaml")
    file = patched(spec, tree, tmp_path) / fault.file
    text = file.read_text()
    assert fault.old in text
    file.write_text(text.replace(fault.old, fault.new, 1))
    lines = file.read_text().splitlines()
    verdict = judged(spec, tmp_path)
    places = [finding.where for finding in verdict.unexpected if finding.rule == fault.rule]
    blamed = [lines[at.line - 1] for at in places if at and at.file == fault.file]
    assert any(fault.line in line for line in blamed), verdict.unexpected
