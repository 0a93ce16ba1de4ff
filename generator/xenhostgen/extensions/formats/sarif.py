# SPDX-License-Identifier: GPL-2.0-only
"""Findings as a SARIF 2.1.0 log, the format that code hosts and editors show beside the code."""

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib import metadata
from typing import Any
from urllib.parse import quote

from xenhostgen import __version__
from xenhostgen.extensions.formats.severity import severity
from xenhostgen.report.cases import Case, Report
from xenhostgen.sandbox.location import Location
from xenhostgen.spec.source import At
from xenhostgen.verify.catalogue import catalogue
from xenhostgen.verify.findings import Finding

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
Json = dict[str, Any]


def write(report: Report) -> str:
    """A log of one run; errors make the run a failed one.

    Expected findings are left out, or with ``report.with_expected`` there as suppressed ones.
    """
    results: list[Json] = []
    errors: list[Json] = []
    gaps: list[Json] = []
    for spec, case in _cases(report):
        finding = case.finding
        if finding and case.outcome == "error":
            error = _notification("error", finding.message, spec, finding.spec_at)
            errors.append(error | {"descriptor": {"id": finding.rule}})
        elif finding:
            results.append(_result(spec, case, finding))
        elif case.outcome == "skipped":
            text = f"{case.name} was not checked: {case.reason}"
            gaps.append(_notification("note", text, spec))
    invocation = {
        "executionSuccessful": not errors,
        "toolConfigurationNotifications": errors,
        "toolExecutionNotifications": gaps,
    }
    run = {
        "tool": {"driver": _driver(results)},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "invocations": [invocation],
        "properties": {"command": report.command, **report.properties},
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _cases(report: Report) -> Iterator[tuple[str, Case]]:
    """The cases that the log tells, each with its spec."""
    for spec, cases in report.suites.items():
        for case in cases:
            if report.with_expected or not case.is_expected:
                yield spec, case


def _driver(results: Iterable[Json]) -> Json:
    """The tool and the rules that its results name.

    A home page is told where the distribution that is installed names one.
    """
    rules = [_rule(name) for name in dict.fromkeys(result["ruleId"] for result in results)]
    driver = {"name": "xenhostgen", "version": __version__, "rules": rules}
    pages = metadata.metadata("xenhostgen").get_all("Project-URL") or []
    for label, _, page in (entry.partition(", ") for entry in pages):
        if label.lower() == "homepage":
            driver["informationUri"] = page
    return driver


def _notification(level: str, text: str, spec: str, at: At | None = None) -> Json:
    """What is told of a spec beside findings."""
    return {"level": level, "message": {"text": text}, "locations": [_location(spec, at)]}


def _rule(name: str) -> Json:
    """What a rule means; those of ``lint`` say it in each message."""
    if name not in catalogue():
        return {"id": name}
    rule = catalogue()[name]
    text = rule.explained()
    return {
        "id": name,
        "shortDescription": {"text": rule.meaning},
        "fullDescription": {"text": f"{rule.meaning} {rule.why}"},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(spec: str, case: Case, finding: Finding) -> Json:
    """A finding in the C with the spec's place beside it, or in the spec alone."""
    in_spec, where = _location(spec, finding.spec_at), finding.where
    identity = f"{spec}\n{finding.rule}\n{finding.subject}".encode("utf-8", "backslashreplace")
    suppression = {"kind": "external", "status": "accepted", "justification": case.reason}
    return {
        "ruleId": finding.rule,
        "level": severity(finding.rule),
        "message": {"text": finding.message},
        "locations": [_location(where.file, where) if where else in_spec],
        "relatedLocations": [{"id": 1, "message": {"text": "the spec"}, **in_spec}],
        "partialFingerprints": {"ruleAndSubject/v1": sha256(identity).hexdigest()[:16]},
        "suppressions": [suppression] if case.is_expected else [],
        "properties": {
            "subject": finding.subject,
            "counterexample": finding.counterexample,
            "seenBy": finding.seen_by,
        },
    }


def _location(path: str, at: At | Location | None) -> Json:
    scheme = "file://" if path.startswith("/") else ""
    uri = scheme + quote(path.encode("utf-8", "surrogateescape"))
    line, column = (at.line, at.column) if at else (1, 1)
    region = {"startLine": max(1, line), "startColumn": max(1, column)}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
