# SPDX-License-Identifier: GPL-2.0-only
"""What ``verify`` says: each finding with its places and counterexample, then the verdict."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, TextIO

from xenhostgen.report.cases import not_made
from xenhostgen.report.terminal import say, styled
from xenhostgen.spec.source import printable
from xenhostgen.verify.catalogue import catalogue
from xenhostgen.verify.findings import Finding, Verdict


def show(spec_path: str, verdict: Verdict, stream: TextIO, brief: bool = False) -> None:
    """The verdict on one spec, for a person; ``brief``: expected findings by their rules alone."""
    if brief and verdict.expected:
        rules = Counter(finding.rule for finding, _ in verdict.expected)
        told = [rule if count == 1 else f"{rule} ({count})" for rule, count in rules.items()]
        say(f"{spec_path}: expected and found: {', '.join(told)}", stream)
    for finding, expectation in () if brief else verdict.expected:
        _show_finding(spec_path, finding, "expected", "dim", stream)
        say(f"    known: {' '.join(expectation.reason.split())}", stream)
    for finding in verdict.unexpected:
        _show_finding(spec_path, finding, "FOUND", "red", stream)
    for missing in verdict.missing:
        place = printable(f"{spec_path}:{missing.at.line}:{missing.at.column}", "?")
        print(f"{place}: {styled(not_made(missing), 'red', stream)}", file=stream)
    for note in verdict.statistics.drift or ():
        say(f"note: {note}", stream)
    for line in summary(verdict):
        say(f"{spec_path}: {line}", stream)


def _show_finding(spec_path: str, finding: Finding, title: str, style: str, stream: TextIO) -> None:
    place = printable(str(finding.where or spec_path), "?")
    said = printable(f"{finding.rule}: {finding.message}", "?")
    print(f"{place}: {styled(title, style, stream)} {said}", file=stream)
    if finding.spec_at and finding.where:
        say(f"    spec: {spec_path}:{finding.spec_at.line}:{finding.spec_at.column}", stream)
    if finding.counterexample:
        say(f"    replay: {'; '.join(finding.counterexample)}", stream)


def summary(verdict: Verdict) -> Iterator[str]:
    """What was run, and the outcome."""
    statistics = verdict.statistics
    for run in statistics.runs:
        sanitizers = "+".join(run.sanitizers) or "no sanitizers"
        ran = f"{run.states} states, {run.transitions} transitions, {run.boots} boots"
        yield f"{ran}, {run.wrapper_calls} wrapper calls ({run.compiler}, {sanitizers})"
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
    if statistics.kernel:
        yield f"built in {statistics.kernel}"
    # What tools say of the text alone is told apart from faults of behaviour.
    tools = [rule.name for rule in catalogue().values() if rule.level == "static"]
    if static := sum(finding.rule in tools for finding, _ in verdict.expected):
        yield f"{static} complaints of static checkers, as expected"
    met = len(
        {id(expectation) for _, expectation in verdict.expected if expectation.rule not in tools}
    )
    total = met + sum(one.rule not in tools for one in verdict.missing)
    found = f"{met} of {total} expected findings found, {len(verdict.unexpected)} unexpected"
    yield f"{'verified' if verdict.passed else 'FAILED'}: {found} ({statistics.seconds} s)"


def as_json(spec_path: str, verdict: Verdict) -> dict[str, Any]:
    """The verdict for scripts; a finding's ``expected`` holds the reason why it stands, or null."""
    found = [(finding, one.reason.strip()) for finding, one in verdict.expected]
    missing = [
        {"rule": one.rule, "subject": one.subject, **one.at._asdict()} for one in verdict.missing
    ]
    findings = [
        {
            "rule": one.rule,
            "subject": one.subject,
            "message": one.message,
            "expected": reason or None,
        }
        | {"c": one.where._asdict() if one.where else None}
        | {"spec": {"file": spec_path, **one.spec_at._asdict()} if one.spec_at else None}
        | {"counterexample": list(one.counterexample), "seen_by": one.seen_by}
        for one, reason in [*found, *((finding, "") for finding in verdict.unexpected)]
    ]
    told = {"spec": spec_path, "passed": verdict.passed, "findings": findings, "missing": missing}
    return told | verdict.statistics.as_json()
