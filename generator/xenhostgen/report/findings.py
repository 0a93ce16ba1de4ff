# SPDX-License-Identifier: GPL-2.0-only
"""A verdict for a person: each finding with its places and counterexample; and for a script."""

from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from xenhostgen.report.cases import Judged, cases
from xenhostgen.report.terminal import say, styled
from xenhostgen.spec.model import Expected
from xenhostgen.verify.findings import Finding, Verdict


def show(judged: Judged, stream: TextIO, brief: bool = False) -> None:
    """Print a verdict; ``brief`` names expected findings by their rules alone."""
    verdict = judged.verdict
    if brief and verdict.expected:
        rules = dict.fromkeys(finding.rule for finding, _ in verdict.expected)
        say(f"{judged.spec}: expected and found: {', '.join(rules)}", stream)
    shown = [case for case in cases(judged) if case.failed or (case.finding and not brief)]
    for case in sorted(shown, key=lambda case: case.failed):
        first, *others = case.lines
        place, _, message = first.partition(": ")
        title = styled("FOUND", "red", stream) if case.failed else styled("expected", "dim", stream)
        rule = case.name.partition(" ")[0]
        print(f"{place}: {title} {rule}: {message}", file=stream)
        others += [f"known: {case.reason}"] * (not case.failed)
        for line in others:
            print(f"    {line}", file=stream)
    for note in verdict.statistics.drift or ():
        say(f"note: {note}", stream)
    for line in summary(verdict):
        say(f"{judged.spec}: {line}", stream)


def show_rules(failed: Iterable[Judged], stream: TextIO) -> None:
    """Print where the rules are explained by which specs fail."""
    findings = [finding for judged in failed for finding in judged.verdict.unexpected]
    rules = list(dict.fromkeys(finding.rule for finding in findings))
    if rules:
        others = f"; also: {', '.join(rules[1:])}" if rules[1:] else ""
        say(f"more: xenhostgen rules {rules[0]}{others}", stream)


def summary(verdict: Verdict) -> Iterator[str]:
    """What was run, and the outcome."""
    statistics = verdict.statistics
    for run in statistics.runs:
        sanitizers = "+".join(run.sanitizers) or "no sanitizers"
        configuration = f", {run.configuration}" if run.configuration else ""
        yield (
            f"{run.states} states, {run.transitions} transitions, {run.boots} boots,"
            f" {run.wrapper_calls} wrapper calls ({run.compiler}, {sanitizers}{configuration})"
        )
    for prover, proof in {"Frama-C": statistics.proof, "cbmc": statistics.cbmc}.items():
        if proof and proof.missing:
            yield f"nothing proved by {prover}: not installed: {proof.missing}"
        elif proof:
            yield f"{proof.proved} of {proof.goals} goals proved by {prover}"
    if statistics.drift and statistics.cbmc and statistics.cbmc.holds:
        yield (
            "as the rendering, by cbmc, for all values: registering, unregistering, iterating, and"
            " wrappers; boot code isn't compared so"
        )
    for left_out in statistics.left_out:
        yield f"not checked: {left_out}"
    if statistics.kernel:
        yield f"built in {statistics.kernel}"
    # What tools say of the text alone is no fault of behaviour.
    expected = {known for _, known in verdict.expected if not known.rule.endswith("-warning")}
    met, total = len(expected), len(expected) + len(verdict.missing)
    outcome = "verified" if verdict.passed else "FAILED"
    if verdict.passed and statistics.gaps():
        outcome += ", but for what was not checked"
    yield (
        f"{outcome}: {met} of {total} expected findings found,"
        f" {len(verdict.unexpected)} unexpected ({statistics.seconds} s)"
    )


def as_json(judged: Judged) -> dict[str, Any]:
    """A verdict for scripts; a finding's ``expected`` holds the reason for it, or null."""
    spec, verdict, _ = judged
    findings = [_finding_json(spec, *pair) for pair in verdict.expected]
    findings += [_finding_json(spec, finding) for finding in verdict.unexpected]
    missing = [
        {"rule": expected.rule, "subject": expected.subject, **expected.at._asdict()}
        for expected in verdict.missing
    ]
    fields = {"spec": spec, "passed": verdict.passed, "findings": findings, "missing": missing}
    fields["not_checked"] = verdict.statistics.gaps()
    return fields | verdict.statistics.as_json()


def _finding_json(spec: str, finding: Finding, known: Expected | None = None) -> dict[str, Any]:
    where, at = finding.where, finding.spec_at
    return {
        "rule": finding.rule,
        "subject": finding.subject,
        "message": finding.message,
        "expected": known.reason.strip() if known else None,
        "c": where._asdict() if where else None,
        "spec": {"file": spec, **at._asdict()} if at else None,
        "counterexample": finding.counterexample,
        "seen_by": finding.seen_by,
    }
