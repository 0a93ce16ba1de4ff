# SPDX-License-Identifier: GPL-2.0-only
"""What ``boot`` says: the findings, and a matrix of guests and checks."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from xenhostgen.extensions.boot.judge import Outcome
from xenhostgen.extensions.formats import junit
from xenhostgen.report import findings
from xenhostgen.report.cases import Case, Judged, Report, one_line
from xenhostgen.report.terminal import say, styled
from xenhostgen.verify.findings import Verdict

# The worst first.
_STYLES = {"FAIL": "red", "known": "yellow", "ok": "green", "-": "dim"}


def show(
    spec_path: str,
    outcomes: Sequence[Outcome],
    verdict: Verdict,
    consoles: Path,
    *,
    form: str,
    stream: TextIO,
) -> None:
    """Print findings and matrix as text, as JSON or as JUnit XML; ``consoles``: their folder."""
    judged = Judged(spec_path, verdict, "")
    guests: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        guests.setdefault(outcome.boot.guest, []).append(outcome)
    if form == "json":
        matrix = [_as_json(outcome, consoles) for outcome in outcomes]
        verdict_json = findings.as_json(judged)
        print(json.dumps(verdict_json | {"matrix": matrix}, indent=2), file=stream)
    elif form == "junit":
        suites = {guest: list(map(_case, row)) for guest, row in guests.items()}
        print(junit.write(Report(f"boot {spec_path}", suites)), end="", file=stream)
    else:
        findings.show(judged, stream)
        for shown in (_as_json(outcome, consoles) for outcome in outcomes):
            if shown["status"] == "FAIL":
                say(f"{shown['guest']}, {shown['check']} ({shown['console']}):", stream)
                for line in shown["excerpt"]:
                    say(f"    {line}", stream)
        _show_matrix(guests, stream)


def _as_json(outcome: Outcome, consoles: Path) -> dict[str, Any]:
    return {
        "guest": outcome.boot.guest,
        "check": outcome.check,
        "status": outcome.status,
        "findings": outcome.messages,
        "excerpt": outcome.excerpt,
        "console": f"{consoles}/{outcome.boot.name}.log",
    }


def _case(outcome: Outcome) -> Case:
    if outcome.status == "ok":
        return Case(outcome.check)
    messages = tuple(map(one_line, outcome.messages))
    lines = (*messages, *map(one_line, outcome.excerpt))
    result = "skipped" if outcome.status == "known" else "failure"
    return Case(outcome.check, result, lines, "; ".join(messages), outcome.findings[0])


def _show_matrix(guests: Mapping[str, Sequence[Outcome]], stream: TextIO) -> None:
    """A line a guest, a column a check; of several boots of a guest the worst status shows."""
    checks = dict.fromkeys(outcome.check for row in guests.values() for outcome in row)
    print(f"{'':10}" + "".join(f"{check:>11}" for check in checks), file=stream)
    for guest, row in guests.items():
        line = f"{guest:10}"
        for check in checks:
            statuses = [outcome.status for outcome in row if outcome.check == check]
            worst = min([*statuses, "-"], key=list(_STYLES).index)
            line += styled(f"{worst:>11}", _STYLES[worst], stream)
        print(line, file=stream)
