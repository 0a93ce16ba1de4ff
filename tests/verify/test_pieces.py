# SPDX-License-Identifier: GPL-2.0-only
"""``lint`` says at its place what a compiler doesn't understand of a spec's C."""

from pathlib import Path

import pytest

from tools import main, need

SPEC = Path(__file__).parents[2] / "specs" / "xenhost.yaml"
# What stands in a right spec, what in a wrong one, what is marked, and what is said of it.
WRONG = {
    "a misspelt function": ("xen_vcpu_nr(cpu)", "xen_vcpu_nrs(cpu)", "xen_vcpu_nrs", "implicit"),
    "an unknown parameter": ("xen_vcpu_nr(cpu)", "xen_vcpu_nr(cpus)", "cpus", "undeclared"),
    "too few arguments": ("xen_vcpu_nr(cpu)", "xen_vcpu_nr()", "xen_vcpu_nr", "too few arguments"),
    "too many": ("xen_vcpu_nr(cpu)", "'xen_vcpu_nr(cpu, 1)'", "xen_vcpu_nr", "too many arguments"),
    "an unknown type": ("args: [int cpu]", "args: [cpumask_v cpu]", "cpumask_v", "unknown type"),
    "an unknown result": ("returns: u32", "returns: u23", "u23", "unknown type name"),
    "a declarator inside": (
        "returns: u32",
        "returns: int (*)(int)",
        ")(int)",
        "expected identifier",
    ),
    "a pointer for a number": ("xen_vcpu_nr(cpu)", "xh", "xh", "makes integer from pointer"),
    "a member that isn't there": ("xen_vcpu_nr(cpu)", "xh->kind", "->kind", "no member named"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_piece_is_refused(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need("gcc", "gcc")
    right, wrong, marked, message = WRONG[case]
    before, after = SPEC.read_text().split(right, 1)
    spec = tmp_path / "wrong.yaml"
    spec.write_text(before + wrong + after.replace(right, wrong))
    assert main(["lint", str(spec)]) == 2
    said = capsys.readouterr().err.splitlines()
    line = before.count("\n") + 1
    assert said[0].startswith(f"{spec}:{line}:")
    assert "[not-c]" in said[0] and message in said[0]
    assert said[1][said[2].index("^") :].startswith(marked)
