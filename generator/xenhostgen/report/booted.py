# SPDX-License-Identifier: GPL-2.0-only
"""What ``boot`` says: the findings, and a matrix of guests and checks."""

from collections.abc import Sequence
from typing import Any, TextIO, TypedDict
from xml.sax.saxutils import escape, quoteattr

from xenhostgen.report.findings import as_json, show
from xenhostgen.report.terminal import styled
from xenhostgen.verify.findings import Verdict

STATUSES = {"ok": "green", "known": "yellow", "FAIL": "red"}  # from good to bad, each with its style


class Check(TypedDict):
    """One check of one guest. ``known``: it found only what the spec expects."""

    guest: str
    check: str
    status: str
    findings: list[str]
    excerpt: list[str]
    console: str


def show_matrix(spec_path: str, checks: Sequence[Check], verdict: Verdict, stream: TextIO) -> None:
    """Findings and matrix for a person, with what the console showed where a check failed."""
    show(spec_path, verdict, stream)
    for check in (check for check in checks if check["status"] == "FAIL"):
        print(f"{check['guest']}, {check['check']} ({check['console']}):", *check["excerpt"], sep="\n    ", file=stream)
    names = list(dict.fromkeys(check["check"] for check in checks))
    print(f"{'':10}" + "".join(f"{name:>11}" for name in names), file=stream)
    for guest in dict.fromkeys(check["guest"] for check in checks):
        row = {check["check"]: check["status"] for check in checks if check["guest"] == guest}
        shown = [styled(f"{row.get(name, '-'):>11}", STATUSES.get(row.get(name, ""), "dim"), stream) for name in names]
        print(f"{guest:10}{''.join(shown)}", file=stream)


def matrix_json(spec_path: str, checks: Sequence[Check], verdict: Verdict) -> dict[str, Any]:
    """Findings and matrix for scripts."""
    return {**as_json(spec_path, verdict), "matrix": checks}


def junit(spec_path: str, checks: Sequence[Check]) -> str:
    """The matrix as JUnit XML: a test case per guest and check."""
    failures = sum(check["status"] == "FAIL" for check in checks)
    lines = [f'<testsuite name={quoteattr(spec_path)} tests="{len(checks)}" failures="{failures}">']
    for check in checks:
        lines.append(f"<testcase classname={quoteattr(check['guest'])} name={quoteattr(check['check'])}>")
        if check["status"] == "FAIL":
            said = "".join(c if c.isprintable() or c == "\n" else "?" for c in "\n".join(check["excerpt"]))
            lines.append(f"<failure message={quoteattr('; '.join(check['findings']))}>{escape(said)}</failure>")
        lines.append("</testcase>")
    return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', *lines, "</testsuite>"])
