# SPDX-License-Identifier: GPL-2.0-only
"""What ``boot`` says: the findings, and a matrix of guests and checks."""

import json
from collections.abc import Sequence
from typing import NamedTuple, TextIO

from xenhostgen.report import findings
from xenhostgen.report.cases import Case, Judged, one_line
from xenhostgen.report.junit import as_junit
from xenhostgen.report.terminal import say, styled
from xenhostgen.verify.findings import Verdict

_STYLES = {"FAIL": "red", "known": "yellow", "ok": "green", "-": "dim"}


class Check(NamedTuple):
    """One check of one boot; ``known``: it found only what the spec expects."""

    guest: str
    check: str
    status: str
    findings: tuple[str, ...]
    excerpt: tuple[str, ...]
    console: str


def show(
    spec_path: str, checks: Sequence[Check], verdict: Verdict, form: str, stream: TextIO
) -> None:
    """Findings and matrix as text with the console's lines where a check failed, as JSON, or as JUnit XML."""
    judged = Judged(spec_path, verdict, "")
    guests = {one.guest: [each for each in checks if each.guest == one.guest] for one in checks}
    if form == "json":
        told = findings.as_json(judged) | {"matrix": [check._asdict() for check in checks]}
        print(json.dumps(told, indent=2), file=stream)
        return
    if form == "junit":
        suites = {guest: [_case(check) for check in made] for guest, made in guests.items()}
        print(as_junit(f"xenhostgen boot {one_line(spec_path)}", suites), file=stream)
        return
    findings.show(judged, stream)
    for check in (check for check in checks if check.status == "FAIL"):
        for line in (
            f"{check.guest}, {check.check} ({check.console}):",
            *(f"    {line}" for line in check.excerpt),
        ):
            say(line, stream)
    names = list(dict.fromkeys(check.check for check in checks))
    print(f"{'':10}" + "".join(f"{name:>11}" for name in names), file=stream)
    for guest, made in guests.items():
        found = {(check.check, check.status) for check in made}
        row = [
            next((status for status in _STYLES if (name, status) in found), "-") for name in names
        ]
        print(
            f"{guest:10}" + "".join(styled(f"{s:>11}", _STYLES[s], stream) for s in row),
            file=stream,
        )


def _case(check: Check) -> Case:
    if check.status == "ok":
        return Case(check.check)
    told = tuple(map(one_line, (*check.findings, *check.excerpt)))
    known = "; ".join(told[: len(check.findings)]) if check.status == "known" else ""
    outcome = "skipped" if known else "failure"
    return Case(check.check, outcome, check.findings[0].partition(":")[0], told, known)
