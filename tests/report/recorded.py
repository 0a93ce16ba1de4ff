# SPDX-License-Identifier: GPL-2.0-only
"""Verdicts as if verification had made them: the RFC's, and one with odd text everywhere."""

from xenhostgen.api import At, Expected, Finding, Location, Proof, Run, Statistics, Text, Verdict
from xenhostgen.report.cases import Judged

HEADER = "include/xen/xenhost.h"
SOURCE = "arch/x86/xen/xenhost.c"
ODD = "a\x1b[31m \x00 \"q\" 'q' <b>&amp; ]]> # é \u2028 \ufffe \udcff\nnot ok 9 forged"


def known(finding: Finding, line: int, reason: str) -> tuple[Finding, Expected]:
    return finding, Expected(Text(finding.rule), Text(reason), origin=At(line, 5))


def rfc_v1() -> Judged:
    """Some of the faults of the RFC's first patch, all of them expected."""
    expected = (
        known(
            Finding(
                "own-table-unregistered",
                "xh_hvm_nested_ops",
                "xen_hvm_guest_init() never registers 'xh_hvm_nested_ops', which its file defines",
                Location("arch/x86/xen/enlighten_hvm.c", 15, 15),
                At(99, 34),
                seen_by="spec rules",
            ),
            201,
            "As posted, these guests define a nested table\nand never register it.\n",
        ),
        known(
            Finding(
                "dependency-not-enforced",
                "xh_remote",
                "xenhost_register(xenhost_r2, A): expected a BUG and no change; the C: success",
                Location(SOURCE, 31, 6),
                At(63, 7),
                ("xenhost_register(xenhost_r2, A)",),
                "exploration",
            ),
            191,
            "As posted, the check tests a pointer that is never NULL.",
        ),
        known(
            Finding(
                "compiler-warning",
                "for_each_xenhost -Wstrict-aliasing",
                "gcc: dereferencing type-punned pointer might break strict-aliasing rules",
                Location(HEADER, 71, 9),
                At(57, 3),
                seen_by="gcc",
            ),
            203,
            "As posted.",
        ),
    )
    missing = "frama-c (Debian: frama-c-base)"
    statistics = Statistics("prove", [Run("gcc", states=28)], Proof(missing=missing))
    return Judged("specs/rfc-v1.yaml", Verdict(expected, statistics=statistics), "out/rfc-v1")


def odd() -> Judged:
    """Unexpected and missing findings, odd text everywhere, C that can't run."""
    unexpected = (
        Finding(
            "declaration-differs",
            ODD,
            ODD,
            Location(f"ä b/{ODD}.c", 3, 0),
            At(1, 1),
            (ODD, ODD),
            ODD,
        ),
        Finding(
            "unparsable", HEADER, "before: =", Location(HEADER, 7, 1), At(4, 1), seen_by="parsing"
        ),
        Finding(
            "checkpatch",
            SOURCE,
            "NEW_TYPEDEFS: do not",
            Location(SOURCE, 9, 1),
            At(5, 1),
            seen_by="kernel",
        ),
    )
    expected = (known(Finding("null-op", ODD, ODD), 8, ODD),)
    missing = (
        Expected(
            Text("dependency-not-enforced"), Text("was there"), Text("xh_remote"), origin=At(12, 5)
        ),
    )
    statistics = Statistics("run", [Run("gcc")])
    return Judged(
        "specs/ödd #1.yaml", Verdict(expected, unexpected, missing, statistics), "/tmp/a tree"
    )
