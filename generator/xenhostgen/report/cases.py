# SPDX-License-Identifier: GPL-2.0-only
"""A verdict as a list of checks with outcomes: what JUnit, KTAP and SARIF are written from."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import PurePosixPath
from typing import NamedTuple

from xenhostgen.spec.model import Expected
from xenhostgen.spec.source import At, Problem, printable
from xenhostgen.verify.catalogue import catalogue
from xenhostgen.verify.findings import OF_PROVERS, Finding, Statistics, Verdict


class Judged(NamedTuple):
    """A spec's path, the verdict on its C, and the folder below which that C lies."""

    spec: str
    verdict: Verdict
    tree: str


class Case(NamedTuple):
    """One check with its outcome: one of "ok", "skipped", "failure" and "error".

    ``rule`` is the one that a finding breaks, ``lines`` are about that finding. A skipped case has
    a reason: why nobody looked for a finding or, if there are lines, why the finding is known.
    An error kept the spec from being judged.
    """

    name: str
    outcome: str = "ok"
    rule: str = ""
    lines: tuple[str, ...] = ()
    reason: str = ""
    finding: Finding | None = None

    @property
    def failed(self) -> bool:
        """Whether the outcome is a failure or an error."""
        return self.outcome in ("failure", "error")


def suites(judged: Iterable[Judged], problems: Iterable[Problem]) -> dict[str, list[Case]]:
    """The cases of each spec; a spec that couldn't be judged has a case for each problem."""
    by_spec = {verdict.spec: cases(verdict) for verdict in judged}
    for problem in problems:
        hint = f" (hint: {problem.hint})" if problem.hint else ""
        finding = Finding(problem.rule, "", problem.message + hint, spec_at=problem.at)
        lines = tuple(filter(None, (one_line(str(problem)), one_line(problem.hint))))
        case = Case(problem.rule, "error", problem.rule, lines, finding=finding)
        by_spec.setdefault(problem.path, []).append(case)
    return by_spec


def cases(judged: Judged) -> list[Case]:
    """A case for each finding and for each rule that was looked at, in the catalogue's order."""
    verdict = judged.verdict
    by_rule: dict[str, list[Case]] = {name: [] for name in catalogue()}
    for finding in (*verdict.unexpected, *map(_missing, verdict.missing)):
        by_rule[finding.rule].append(_case(judged, finding))
    for finding, expected in verdict.expected:
        case = _case(judged, finding)
        case = case._replace(outcome="skipped", reason=one_line(expected.reason))
        by_rule[finding.rule].append(case)
    readable = not (by_rule["file-missing"] or by_rule["unparsable"])
    obstacles = _obstacles(verdict.statistics, readable)
    for name, rule in catalogue().items():
        obstacle = obstacles.get(rule.level, obstacles.get(name))
        if not by_rule[name] and obstacle is not None:
            outcome = "skipped" if obstacle else "ok"
            by_rule[name].append(Case(name, outcome, reason=obstacle))
    return list(chain.from_iterable(by_rule.values()))


def missing_message(expected: Expected) -> str:
    """The message about an expected finding that is missing."""
    return (
        f"expected finding '{expected.rule}' was not made;"
        " remove it from expected_findings if the fault is gone"
    )


def spec_place(spec: str, at: At | None) -> str:
    """A place in the spec as errors name it; the spec's path where no place is known."""
    return f"{spec}:{at.line}:{at.column}" if at else spec


def evidence(spec: str, finding: Finding) -> Iterator[str]:
    """The spec's place beside a place in the C, and the calls that show a finding."""
    if finding.where:
        yield f"spec: {spec_place(spec, finding.spec_at)}"
    if finding.counterexample:
        yield f"replay: {'; '.join(finding.counterexample)}"


def one_line(text: str) -> str:
    """A text in one printable line, which no terminal, parser or XML reader stumbles over."""
    return printable(" ".join(text.split()))


def _missing(expected: Expected) -> Finding:
    subject = f"{expected.rule} {expected.subject or ''}".rstrip()
    message = missing_message(expected)
    return Finding("expected-not-found", subject, message, spec_at=expected.at)


def _case(judged: Judged, finding: Finding) -> Case:
    """A finding's case. Its file is below the judged tree; a kernel build names its own files."""
    place: object = spec_place(judged.spec, finding.spec_at)
    if finding.where:
        root = "" if finding.seen_by == "kernel" else judged.tree
        place = finding.where._replace(file=str(PurePosixPath(root, finding.where.file)))
        finding = replace(finding, where=place)
    lines = (f"{place}: {finding.message}", *evidence(judged.spec, finding))
    name = one_line(f"{finding.rule} {finding.subject}")
    return Case(name, "failure", finding.rule, tuple(map(one_line, lines)), finding=finding)


def _obstacles(statistics: Statistics, readable: bool) -> dict[str, str]:
    """Why the rules of each level that was asked for couldn't be checked; empty if they were."""
    obstacles = {"parse": "" if readable else "not every file can be read"}
    if statistics.level != "parse":
        ran = any(run.states for run in statistics.runs)
        obstacles["run"] = "" if ran else "the C can't be run"
    if statistics.kernel:
        obstacles["kernel"] = ""
    for rule in OF_PROVERS:
        if prover := statistics.prover(rule):
            obstacles[rule] = f"not installed: {prover.missing}" if prover.missing else ""
    return obstacles
