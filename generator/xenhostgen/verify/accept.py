# SPDX-License-Identifier: GPL-2.0-only
"""The expected findings of a spec, rewritten to what a verification found.

The text is edited line by line: what is not about an entry that changes stays as it is, comments
included. Comments within an entry that goes, go with it.
"""

import json
import re
from itertools import pairwise

from xenhostgen.spec.model import Expected, Interface
from xenhostgen.verify.findings import Finding, Verdict, extent

_REASON = "Accepted as it is; replace this with the reason."
_FLOW = re.compile(r',\s*(?:shows|outcome):\s*(?:"(?:[^"\\]|\\.)*"|[^,}]*)')
_BLOCK = re.compile(r"\s+(?:shows|outcome):")


def accepted(spec: Interface, text: str, verdict: Verdict) -> str:
    """The spec's text with entries for exactly the findings that were made, with their extent."""
    lines, entries = text.split("\n"), list(spec.expected_findings)
    findings: dict[Expected, list[Finding]] = {}
    for finding, known in verdict.expected:
        findings.setdefault(known, []).append(finding)
    places = [*(_first(lines, entry) for entry in entries), _end(lines, entries)]
    section: list[str] = []
    for known, (first, end) in zip(entries, pairwise(places), strict=True):
        entry = [] if known in verdict.missing else lines[first:end]
        if known in findings:
            shows, outcome = extent(findings[known])
            if (shows, outcome) != (known.shows or 0, known.outcome or ""):
                entry = _extended(entry, shows, outcome)
        section += entry
    new = [finding for finding in verdict.unexpected if finding.rule != "expected-otherwise"]
    if new and not entries:
        section.append("expected_findings:")
    for finding in new:
        section += _entry(lines, entries, finding)
    return "\n".join([*lines[: places[0]], *section, *lines[places[-1] :]])


def _first(lines: list[str], entry: Expected) -> int:
    """The index of an entry's first line."""
    row = entry.at.line - 1
    while row and not lines[row].lstrip().startswith("- "):
        row -= 1
    return row


def _end(lines: list[str], entries: list[Expected]) -> int:
    """The index behind the last entry, or behind the text where there is none."""
    if not entries:
        return len(lines) - (lines[-1] == "")
    row = _first(lines, entries[-1])
    dash = lines[row].index("-")
    row += 1
    while row < len(lines) and lines[row][: dash + 1].isspace():
        row += 1
    return row


def _extended(lines: list[str], shows: int, outcome: str) -> list[str]:
    """An entry's lines with another extent."""
    quoted = json.dumps(outcome, ensure_ascii=False)
    if lines[0].lstrip("- ").startswith("{"):
        text = _FLOW.sub("", "\n".join(lines))
        added = f", shows: {shows}, outcome: {quoted}" if shows else ""
        return re.sub(r"(\brule: *[\w-]+)", lambda match: match[1] + added, text, count=1).split(
            "\n"
        )
    kept = [line for line in lines if not _BLOCK.match(line)]
    row = next(row for row, line in enumerate(kept) if re.match(r"[\s-]*rule:", line))
    indent = " " * kept[row].index("rule:")
    kept[row + 1 : row + 1] = _extent(indent, shows, quoted)
    return kept


def _extent(indent: str, shows: int, outcome: str) -> list[str]:
    return [f"{indent}shows: {shows}", f"{indent}outcome: {outcome}"] if shows else []


def _entry(lines: list[str], entries: list[Expected], finding: Finding) -> list[str]:
    """A new entry in block style, indented as the others are."""
    dash = lines[_first(lines, entries[-1])].index("-") if entries else 2
    indent = " " * (dash + 2)
    subject = json.dumps(finding.subject, ensure_ascii=False)
    outcome = json.dumps(finding.outcome, ensure_ascii=False)
    return [
        f"{' ' * dash}- rule: {finding.rule}",
        f"{indent}subject: {subject}",
        *_extent(indent, finding.count, outcome),
        f"{indent}reason: {_REASON}",
    ]
