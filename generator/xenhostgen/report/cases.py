# SPDX-License-Identifier: GPL-2.0-only
"""A verdict as a list of checks with their outcomes, which JUnit and KTAP show; SARIF shows its findings."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from xenhostgen.spec.model import Expected
from xenhostgen.spec.source import Problem
from xenhostgen.verify.catalogue import Rule, catalogue
from xenhostgen.verify.findings import Finding, Statistics, Verdict


class Judged(NamedTuple):
    """A verdict on a spec's C, the spec's path, and the folder below which the C lies."""

    spec: str
    verdict: Verdict
    tree: str


class Case(NamedTuple):
    """One check: the rule that a finding breaks if there is one, and what is told of it, in printable lines.

    ``why`` tells why what was found is ``known``, or why nobody looked for it. An ``error`` kept the spec from
    being judged.
    """

    name: str
    rule: str = ""
    told: tuple[str, ...] = ()
    known: bool = False
    why: str = ""
    error: bool = False

    @property
    def failed(self) -> bool:
        """Whether something was found that the spec doesn't expect."""
        return bool(self.rule) and not self.known


def found(verdict: Verdict) -> list[tuple[Finding, Expected | None]]:
    """All findings in the catalogue's order, expected ones with the expectation; one that wasn't made is one, too."""
    pairs: list[tuple[Finding, Expected | None]] = [
        (finding, None) for finding in verdict.unexpected
    ]
    for one in verdict.missing:
        subject = f"{one.rule} {one.subject or ''}".rstrip()
        pairs.append((Finding("expected-not-found", subject, not_made(one), spec_at=one.at), None))
    pairs += verdict.expected
    order = [*catalogue(), *(finding.rule for finding, _ in pairs)]
    return sorted(pairs, key=lambda pair: order.index(pair[0].rule))


def not_made(expected: Expected) -> str:
    """What is said of an expected finding that isn't there."""
    return f"expected finding '{expected.rule}' was not made; remove it from expected_findings if the fault is gone"


def file_of(finding: Finding, tree: str) -> str:
    """The path of the C file that a finding is in. What a kernel build complains of lies in that kernel's tree."""
    where = finding.where
    return (
        str(PurePosixPath("" if finding.seen_by == "kernel" else tree, where.file)) if where else ""
    )


def cases(judged: Judged) -> list[Case]:
    """A case for each finding, and for each rule that was looked for and isn't broken, in the catalogue's order."""
    rules, verdict = catalogue(), judged.verdict
    made: dict[str, list[Case]] = {name: [] for name in rules}
    for finding, expected in found(verdict):
        name, told = printable(f"{finding.rule} {finding.subject}"), tuple(_told(judged, finding))
        why = printable(expected.reason) if expected else ""
        made.setdefault(finding.rule, []).append(
            Case(name, finding.rule, told, expected is not None, why)
        )
    read = not (made["file-missing"] or made["unparsable"])
    for name, rule in rules.items():
        skipped = _skipped(rule, verdict.statistics, read)
        if not made[name] and skipped is not None:
            made[name].append(Case(name, why=skipped))
    return [case for each in made.values() for case in each]


def suites(judged: Iterable[Judged], problems: Iterable[Problem]) -> dict[str, list[Case]]:
    """The cases of each spec; those that couldn't be judged have one for each problem."""
    made = {each.spec: cases(each) for each in judged}
    for problem in problems:
        told = tuple(filter(None, (printable(str(problem)), printable(problem.hint))))
        made.setdefault(problem.path, []).append(Case(problem.rule, problem.rule, told, error=True))
    return made


def _told(judged: Judged, finding: Finding) -> Iterator[str]:
    """A finding with its places and counterexample, in lines."""
    at, where = finding.spec_at, finding.where
    place = f"{judged.spec}:{at.line}:{at.column}" if at else judged.spec
    in_c = f"{file_of(finding, judged.tree)}:{where.line}:{where.column}" if where else place
    yield printable(f"{in_c}: {finding.message}")
    if where:
        yield printable(f"spec: {place}")
    if finding.counterexample:
        yield printable(f"replay: {'; '.join(finding.counterexample)}")


def _skipped(rule: Rule, statistics: Statistics, read: bool) -> str | None:
    """Why a rule without a finding wasn't looked for; empty if it was, None if nobody asked for it."""
    if rule.level == "run" and statistics.level != "parse":
        return "" if any(run.states for run in statistics.runs) else "the C can't be run"
    if rule.level == "prove" and (prover := statistics.prover(rule.name)):
        return f"not installed: {prover.missing}" if prover.missing else ""
    if rule.level == "parse":
        return "" if read else "not every file can be read"
    return "" if rule.level == "kernel" and statistics.kernel else None


def printable(text: str) -> str:
    """A text in one line, with escapes for all that a terminal, a parser or XML may stumble over."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
