# SPDX-License-Identifier: GPL-2.0-only
"""What is said of booted guests: the matrix, and the same checks as JUnit."""

import io
from xml.etree import ElementTree as ET

from xenhostgen.extensions.boot.report import Check, show
from xenhostgen.verify.findings import Finding, Verdict

ODD = "a\x1b[31m \x00 <b>&amp; ]]> # \ufffe \udcff\nnot ok 9 forged"
CHECKS = (
    Check("pv", "kind", "ok", (), (), "pv.log"),
    Check("pv", "rules", "known", ("vacuous-guard: pv: accepted",), ("# rules: seen 7",), "pv.log"),
    Check("hvm", "kind", "ok", (), (), "hvm.log"),
    Check(
        "hvm",
        "rules",
        "FAIL",
        (f"boot-crash: {ODD}", "null-op: no"),
        ("BUG: unable", ODD),
        "hvm.log",
    ),
)
VERDICT = Verdict(
    unexpected=(Finding("boot-crash", "hvm", "hvm: gone"),), facts={"level": "boot", "seconds": 1}
)


def told(form: str) -> str:
    stream = io.StringIO()
    show("specs/a.yaml", CHECKS, VERDICT, form, stream)
    return stream.getvalue()


def test_junit() -> None:
    root = ET.fromstring(told("junit"))
    assert [(suite.get("name"), suite.get("failures"), suite.get("skipped")) for suite in root] == [
        ("pv", "0", "1"),
        ("hvm", "1", "0"),
    ]
    (failure,) = root.iter("failure")
    assert failure.get("type") == "boot-crash"
    assert (failure.text or "").split("\n")[1:3] == ["null-op: no", "BUG: unable"]
    (skipped,) = root.iter("skipped")
    assert skipped.get("message") == "known: vacuous-guard: pv: accepted"


def test_matrix() -> None:
    *_, head, pv, hvm = told("text").splitlines()
    assert head.split() == ["kind", "rules"]
    assert pv.split() == ["pv", "ok", "known"]
    assert hvm.split() == ["hvm", "ok", "FAIL"]
    assert "hvm, rules (hvm.log):\n    BUG: unable" in told("text")
