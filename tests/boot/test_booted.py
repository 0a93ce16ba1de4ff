# SPDX-License-Identifier: GPL-2.0-only
"""What is said of booted guests: the matrix, and the same checks as JUnit."""

import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

from xenhostgen.api import Finding, Statistics, Verdict
from xenhostgen.extensions.boot.guests import Boot
from xenhostgen.extensions.boot.judge import Outcome
from xenhostgen.extensions.boot.report import show

ODD = "a\x1b[31m \x00 <b>&amp; ]]> # \ufffe \udcff\nnot ok 9 forged"
GUARD = Finding("dependency-not-enforced", "xenhost_register", "pv: accepted")
CRASHES = (Finding("boot-crash", "hvm", ODD), Finding("null-op", "hvm", "no"))
OUTCOMES = (
    Outcome(Boot("pv"), "kind"),
    Outcome(Boot("pv"), "rules", "known", [GUARD], ["# rules: seen 7"]),
    Outcome(Boot("hvm"), "kind"),
    Outcome(Boot("hvm"), "rules", "FAIL", CRASHES, ["BUG: unable", ODD]),
    Outcome(Boot("hvm", answer=True), "rules"),
)
VERDICT = Verdict(
    unexpected=(Finding("boot-crash", "hvm", "hvm: gone"),),
    statistics=Statistics("boot", seconds=1),
)


def told(form: str) -> str:
    stream = io.StringIO()
    show("specs/a.yaml", OUTCOMES, VERDICT, Path("logs"), form=form, stream=stream)
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
    assert skipped.get("message") == "dependency-not-enforced: pv: accepted"


def test_matrix() -> None:
    *_, head, pv, hvm = told("text").splitlines()
    assert head.split() == ["kind", "rules"]
    assert pv.split() == ["pv", "ok", "known"]
    assert hvm.split() == ["hvm", "ok", "FAIL"]
    assert "hvm, rules (logs/hvm.log):\n    BUG: unable" in told("text")


def test_json() -> None:
    matrix = json.loads(told("json"))["matrix"]
    assert [cell["status"] for cell in matrix] == ["ok", "known", "ok", "FAIL", "ok"]
    assert matrix[1] == {
        "guest": "pv",
        "check": "rules",
        "status": "known",
        "findings": ["dependency-not-enforced: pv: accepted"],
        "excerpt": ["# rules: seen 7"],
        "console": "logs/pv.log",
    }
