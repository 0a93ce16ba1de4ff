# SPDX-License-Identifier: GPL-2.0-only
"""A verdict as a list of checks with outcomes: what all forms but JSON are written from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import PurePosixPath
from typing import NamedTuple

from xenhostgen.spec.model import Expected
from xenhostgen.spec.source import Problem, printable
from xenhostgen.verify.catalogue import catalogue
from xenhostgen.verify.findings import Finding, Verdict


class Judged(NamedTuple):
    """A spec's path, the verdict on its C, and the folder below which that C lies."""

    spec: str
    verdict: Verdict
    tree: str


class Case(NamedTuple):
    """One check with its outcome: one of "ok", "skipped", "failure" and "error".

    ``lines`` are about the finding that was made, the first one begins with its place. A skipped
    case has a reason: why nobody looked for a finding or, if there is one, why it is known. An
    error kept the spec from being judged.
    """

    name: str
    outcome: str = "ok"
    lines: tuple[str, ...] = ()
    reason: str = ""
    finding: Finding | None = None

    @property
    def failed(self) -> bool:
        """Whether the outcome is a failure or an error."""
        return self.outcome in ("failure", "error")

    @property
    def is_expected(self) -> bool:
        """Whether it is a finding that the spec lists."""
        return self.outcome == "skipped" and self.finding is not None


class Report(NamedTuple):
    """What a command has checked, for the formats that extensions bring.

    ``suites`` are the cases of each spec, ``properties`` say with what it was checked.
    """

    command: str
    suites: Mapping[str, Sequence[Case]]
    properties: Mapping[str, str] = {}
    with_expected: bool = False


def problem_suites(problems: Iterable[Problem], outcome: str = "error") -> dict[str, list[Case]]:
    """The cases of each spec that couldn't be used: one for each problem."""
    by_spec: dict[str, list[Case]] = {}
    for problem in problems:
        message, lines = problem.message, [one_line(str(problem))]
        if problem.hint:
            message += f" (hint: {problem.hint})"
            lines.append(one_line(f"hint: {problem.hint}"))
        finding = Finding(problem.rule, "", message, spec_at=problem.at)
        case = Case(problem.rule, outcome, tuple(lines), finding=finding)
        by_spec.setdefault(problem.path, []).append(case)
    return by_spec


def cases(judged: Judged) -> list[Case]:
    """A case for each finding and for each rule that was looked at, in the catalogue's order."""
    verdict = judged.verdict
    by_rule: dict[str, list[Case]] = {name: [] for name in catalogue()}
    for finding in (*verdict.unexpected, *map(_missing, verdict.missing)):
        by_rule[finding.rule].append(_case(judged, finding))
    for finding, expected in verdict.expected:
        by_rule[finding.rule].append(_case(judged, finding, expected))
    readable = not (by_rule["file-missing"] or by_rule["unparsable"])
    for name, rule in catalogue().items():
        obstacle = verdict.statistics.obstacle(name)
        if rule.level == "parse" and not readable:
            obstacle = "not every file can be read"
        if obstacle is not None and rule.level != "static" and not by_rule[name]:
            outcome = "skipped" if obstacle else "ok"
            by_rule[name].append(Case(name, outcome, reason=obstacle))
    left_out = verdict.statistics.left_out
    skipped = [Case("not-checked", "skipped", reason=one_line(text)) for text in left_out]
    return [*chain.from_iterable(by_rule.values()), *skipped]


def one_line(text: str) -> str:
    """A text in one printable line, which no terminal, parser or XML reader stumbles over."""
    return printable(" ".join(text.split()))


def _missing(expected: Expected) -> Finding:
    subject = f"{expected.rule} {expected.subject or ''}".rstrip()
    message = f"expected finding '{expected.rule}' was not made; remove it from expected_findings"
    message += " if the fault is gone"
    return Finding("expected-not-found", subject, message, spec_at=expected.at)


def _case(judged: Judged, finding: Finding, expected: Expected | None = None) -> Case:
    """A finding's case, with the spec's place beside one in the C, and the calls that show it.

    Its file is below the judged tree; a kernel build names its own files.
    """
    at, where = finding.spec_at, finding.where
    place = f"{judged.spec}:{at.line}:{at.column}" if at else judged.spec
    lines = [f"{place}: {finding.message}"]
    if where:
        root = "" if finding.seen_by == "kernel" else judged.tree
        where = where._replace(file=str(PurePosixPath(root, where.file)))
        finding = replace(finding, where=where)
        lines = [f"{where}: {finding.message}", f"spec: {place}"]
    if finding.counterexample:
        lines.append(f"replay: {'; '.join(finding.counterexample)}")
    shown, name = tuple(map(one_line, lines)), one_line(f"{finding.rule} {finding.subject}")
    if expected:
        return Case(name, "skipped", shown, one_line(expected.reason), finding)
    return Case(name, "failure", shown, finding=finding)
