# SPDX-License-Identifier: GPL-2.0-only
"""A verdict for a person: each finding with its places and counterexample; and for a script."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, TextIO

from xenhostgen.report.cases import Judged, evidence, missing_message, spec_place
from xenhostgen.report.terminal import say, styled
from xenhostgen.spec.source import printable
from xenhostgen.verify.catalogue import catalogue
from xenhostgen.verify.findings import Finding, Statistics, Verdict


def show(judged: Judged, stream: TextIO, brief: bool = False) -> None:
    """Print a verdict; ``brief`` names expected findings by their rules alone."""
    verdict = judged.verdict
    if brief and verdict.expected:
        counts = Counter(finding.rule for finding, _ in verdict.expected)
        rules = ", ".join(f"{rule} ({n})" if n > 1 else rule for rule, n in counts.items())
        say(f"{judged.spec}: expected and found: {rules}", stream)
    for finding, expectation in () if brief else verdict.expected:
        _show_finding(judged, finding, "expected", "dim", stream)
        say(f"    known: {' '.join(expectation.reason.split())}", stream)
    for finding in verdict.unexpected:
        _show_finding(judged, finding, "FOUND", "red", stream)
    for missing in verdict.missing:
        place = printable(spec_place(judged.spec, missing.at), "?")
        print(f"{place}: {styled(missing_message(missing), 'red', stream)}", file=stream)
    for note in verdict.statistics.drift or ():
        say(f"note: {note}", stream)
    for line in summary(verdict):
        say(f"{judged.spec}: {line}", stream)


def _show_finding(judged: Judged, finding: Finding, title: str, style: str, stream: TextIO) -> None:
    place = printable(str(finding.where or judged.spec), "?")
    message = printable(f"{finding.rule}: {finding.message}", "?")
    print(f"{place}: {styled(title, style, stream)} {message}", file=stream)
    for line in evidence(judged.spec, finding):
        say(f"    {line}", stream)


def summary(verdict: Verdict) -> Iterator[str]:
    """What was run, and the outcome."""
    statistics = verdict.statistics
    for run in statistics.runs:
        sanitizers = "+".join(run.sanitizers) or "no sanitizers"
        yield (
            f"{run.states} states, {run.transitions} transitions, {run.boots} boots,"
            f" {run.wrapper_calls} wrapper calls ({run.compiler}, {sanitizers})"
        )
    yield from _provers(statistics)
    if statistics.kernel:
        yield f"built in {statistics.kernel}"
    # What tools say of the text alone is counted apart from faults of behaviour.
    static = {rule.name for rule in catalogue().values() if rule.level == "static"}
    expectations = [expectation for _, expectation in verdict.expected]
    if complaints := sum(expectation.rule in static for expectation in expectations):
        yield f"{complaints} complaints of static checkers, as expected"
    met = len({id(one) for one in expectations if one.rule not in static})
    total = met + sum(missing.rule not in static for missing in verdict.missing)
    yield (
        f"{'verified' if verdict.passed else 'FAILED'}: {met} of {total} expected findings found,"
        f" {len(verdict.unexpected)} unexpected ({statistics.seconds} s)"
    )


def _provers(statistics: Statistics) -> Iterator[str]:
    if proof := statistics.proof:
        if proof.missing:
            yield f"nothing proved: not installed: {proof.missing}"
        else:
            yield f"{proof.proved} of {proof.goals} goals proved (Frama-C WP and EVA)"
    if cbmc := statistics.cbmc:
        if cbmc.missing:
            yield f"no second opinion on rules 1 to 8 and 11: missing is {cbmc.missing}"
        else:
            yield f"cbmc: {cbmc.holding} of {cbmc.assertions} assertions hold"


def as_json(judged: Judged) -> dict[str, Any]:
    """A verdict for scripts; a finding's ``expected`` holds the reason for it, or null."""
    spec, verdict, _ = judged
    findings = [
        _finding_json(spec, finding, expectation.reason.strip())
        for finding, expectation in verdict.expected
    ]
    findings += [_finding_json(spec, finding, None) for finding in verdict.unexpected]
    missing = [
        {"rule": expected.rule, "subject": expected.subject, **expected.at._asdict()}
        for expected in verdict.missing
    ]
    fields = {"spec": spec, "passed": verdict.passed, "findings": findings, "missing": missing}
    return fields | verdict.statistics.as_json()


def _finding_json(spec: str, finding: Finding, reason: str | None) -> dict[str, Any]:
    where, at = finding.where, finding.spec_at
    return {
        "rule": finding.rule,
        "subject": finding.subject,
        "message": finding.message,
        "expected": reason,
        "c": where._asdict() if where else None,
        "spec": {"file": spec, **at._asdict()} if at else None,
        "counterexample": finding.counterexample,
        "seen_by": finding.seen_by,
    }
