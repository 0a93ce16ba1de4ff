# SPDX-License-Identifier: GPL-2.0-only
"""Checks as workflow commands, by which a log of GitHub Actions becomes marks beside the code."""

from collections.abc import Iterator

from xenhostgen.extensions.formats.severity import severity
from xenhostgen.report.cases import Case, Report
from xenhostgen.sandbox.location import Location
from xenhostgen.spec.source import NOWHERE, At, printable

_SEVERITIES = {"error": "error", "warning": "warning", "note": "notice"}


def write(report: Report) -> str:
    """A command for each finding, each error, and each thing that wasn't checked.

    Expected findings are left out, or with ``report.with_expected`` told as notices.
    """
    return "".join(f"{line}\n" for line in _commands(report))


def _commands(report: Report) -> Iterator[str]:
    for spec, cases in report.suites.items():
        for case in cases:
            if case.failed:
                yield _command(_SEVERITIES[_severity(case)], spec, case)
            elif case.reason and (report.with_expected or not case.is_expected):
                yield _command("notice", spec, case)


def _severity(case: Case) -> str:
    return severity(case.finding.rule) if case.finding else "error"


def _command(command: str, spec: str, case: Case) -> str:
    """A command with the title that GitHub shows, and with a place, if there is one."""
    reasons = [f"{'known' if case.is_expected else 'not checked'}: {case.reason}"]
    text = "\n".join([*case.lines, *(reasons if case.reason else [])])
    properties = {**_place(spec, case), "title": case.name}
    written = ",".join(
        f"{name}={_escaped(printable(value), ':,')}" for name, value in properties.items()
    )
    return f"::{command} {written}::{_escaped(text)}"


def _place(spec: str, case: Case) -> dict[str, str]:
    """Where a finding is in the C or else in the spec; nothing for what has no file."""
    if case.finding is None:
        return {"file": spec}
    where, at = case.finding.where, case.finding.spec_at
    if where:
        return {"file": where.file, **_position(where)}
    if at == NOWHERE:
        return {}
    return {"file": spec, **_position(at)} if at else {"file": spec}


def _position(place: At | Location) -> dict[str, str]:
    """The line and the column, as far as they are known."""
    numbers = {"line": place.line, "col": place.column}
    return {name: str(number) for name, number in numbers.items() if number}


def _escaped(text: str, separators: str = "") -> str:
    """A text as the runner unescapes it; ``separators`` would end a property."""
    for mark in f"%\r\n{separators}":  # '%' first: it begins what the others become
        text = text.replace(mark, f"%{ord(mark):02X}")
    return text
