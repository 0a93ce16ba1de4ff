# SPDX-License-Identifier: GPL-2.0-only
"""What ``boot`` says: the findings, and a matrix of guests and checks."""

import json
from collections.abc import Sequence
from typing import NamedTuple, TextIO
from xml.sax.saxutils import escape, quoteattr

from xenhostgen.report import findings
from xenhostgen.report.terminal import styled
from xenhostgen.verify.findings import Verdict

_STYLES = {"ok": "green", "known": "yellow", "FAIL": "red", "-": "dim"}


class Check(NamedTuple):
    """One check of one boot; ``known``: it found only what the spec expects."""

    guest: str
    check: str
    status: str
    findings: tuple[str, ...]
    excerpt: tuple[str, ...]
    console: str


def show(spec_path: str, checks: Sequence[Check], verdict: Verdict, form: str, stream: TextIO) -> None:
    """Findings and matrix as text with the console's lines where a check failed, as JSON, or as JUnit XML."""
    if form == "json":
        matrix = [check._asdict() for check in checks]
        print(json.dumps({**findings.as_json(spec_path, verdict), "matrix": matrix}, indent=2), file=stream)
        return
    if form == "junit":
        print(*_junit(spec_path, checks), sep="\n", file=stream)
        return
    findings.show(spec_path, verdict, stream)
    for check in (check for check in checks if check.status == "FAIL"):
        print(f"{check.guest}, {check.check} ({check.console}):", *check.excerpt, sep="\n    ", file=stream)
    names = list(dict.fromkeys(check.check for check in checks))
    print(f"{'':10}" + "".join(f"{name:>11}" for name in names), file=stream)
    for guest in dict.fromkeys(check.guest for check in checks):
        found = {(check.check, check.status) for check in checks if check.guest == guest}
        row = [next((s for s in ("FAIL", "known", "ok") if (name, s) in found), "-") for name in names]
        print(f"{guest:10}" + "".join(styled(f"{s:>11}", _STYLES[s], stream) for s in row), file=stream)


def _junit(spec_path: str, checks: Sequence[Check]) -> list[str]:
    failures = sum(check.status == "FAIL" for check in checks)
    lines = ['<?xml version="1.0" encoding="utf-8"?>']
    lines += [f'<testsuite name={quoteattr(spec_path)} tests="{len(checks)}" failures="{failures}">']
    for check in checks:
        lines.append(f"<testcase classname={quoteattr(check.guest)} name={quoteattr(check.check)}>")
        if check.status == "FAIL":
            said = "".join(c if c.isprintable() or c == "\n" else "?" for c in "\n".join(check.excerpt))
            lines.append(f"<failure message={quoteattr('; '.join(check.findings))}>{escape(said)}</failure>")
        lines.append("</testcase>")
    return [*lines, "</testsuite>"]
