# SPDX-License-Identifier: GPL-2.0-only
"""Findings as a SARIF 2.1.0 log, the format that code hosts and editors show beside the code."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from xenhostgen import __version__
from xenhostgen.report.cases import Judged, file_of, found, printable
from xenhostgen.spec.model import Expected
from xenhostgen.spec.source import At, Problem
from xenhostgen.verify.catalogue import Rule, catalogue
from xenhostgen.verify.findings import Finding

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def as_sarif(judged: Sequence[Judged], problems: Sequence[Problem] = ()) -> dict[str, Any]:
    """All findings in one run; expected ones are suppressed with the spec's reason. Problems make it a failed run."""
    rules = catalogue()
    made = [(each, *pair) for each in judged for pair in found(each.verdict)]
    used = [
        _rule(rules[name])
        for name in dict.fromkeys(finding.rule for _, finding, _ in made)
        if name in rules
    ]
    driver = {"name": "xenhostgen", "version": __version__, "rules": used}
    results = [
        _result(each, finding, expected, rules.get(finding.rule))
        for each, finding, expected in made
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    if problems:
        told = list(map(_notification, problems))
        run["invocations"] = [
            {"executionSuccessful": False, "toolConfigurationNotifications": told}
        ]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _notification(problem: Problem) -> dict[str, Any]:
    """What kept a spec from being judged."""
    text = f"{problem.message} (hint: {problem.hint})" if problem.hint else problem.message
    where = [_location(problem.path, problem.at)]
    return {
        "descriptor": {"id": problem.rule},
        "level": "error",
        "message": {"text": text},
        "locations": where,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.meaning},
        "fullDescription": {"text": f"{rule.meaning} {rule.why}"},
        "help": {"text": rule.explained(), "markdown": rule.explained()},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(
    judged: Judged, finding: Finding, expected: Expected | None, rule: Rule | None
) -> dict[str, Any]:
    """A finding in the C with the spec's place beside it, or in the spec alone."""
    in_spec, where = _location(judged.spec, finding.spec_at or At(1, 1)), finding.where
    in_c = (
        _location(file_of(finding, judged.tree), At(where.line, where.column)) if where else in_spec
    )
    why = printable(expected.reason) if expected else ""
    identity = "\n".join([judged.spec, finding.rule, finding.subject]).encode(
        "utf-8", "backslashreplace"
    )
    more = {
        "subject": finding.subject,
        "counterexample": list(finding.counterexample),
        "seenBy": finding.seen_by,
    }
    return {
        "ruleId": finding.rule,
        "level": rule.severity if rule else "error",
        "message": {"text": finding.message},
        "locations": [in_c],
        "relatedLocations": [{"id": 1, "message": {"text": "the spec"}, **in_spec}],
        "partialFingerprints": {"ruleAndSubject/v1": sha256(identity).hexdigest()[:16]},
        "suppressions": [{"kind": "external", "status": "accepted", "justification": why}]
        if expected
        else [],
        "properties": more,
    }


def _location(path: str, at: At) -> dict[str, Any]:
    uri = ("file://" if path.startswith("/") else "") + quote(
        path.encode("utf-8", "surrogateescape")
    )
    region = {"startLine": max(1, at.line), "startColumn": max(1, at.column)}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
