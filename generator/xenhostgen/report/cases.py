# SPDX-License-Identifier: GPL-2.0-only
"""A verdict as a list of checks with their outcomes: what JUnit, KTAP and SARIF have in common."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from xenhostgen.spec.model import Expected
from xenhostgen.verify.catalogue import Rule, catalogue
from xenhostgen.verify.findings import Finding, Verdict


class Judged(NamedTuple):
    """A verdict on a spec's C, the spec's path, and the folder below which the C lies."""

    spec: str
    verdict: Verdict
    tree: str


class Case(NamedTuple):
    """One check: a rule with a finding in a file, or without one.

    ``why`` tells why a finding is expected, or why nobody looked for one.
    """

    rule: str
    finding: Finding | None = None
    file: str = ""
    expected: Expected | None = None
    why: str = ""

    @property
    def name(self) -> str:
        """The rule, and the symbol that it is broken by."""
        return printable(f"{self.rule} {self.finding.subject}" if self.finding else self.rule)

    @property
    def failed(self) -> bool:
        """Whether there is a finding that the spec doesn't expect."""
        return self.finding is not None and self.expected is None

    def told(self, spec: str) -> Iterator[str]:
        """The finding with its places and counterexample, in lines of text."""
        if finding := self.finding:
            at, where = finding.spec_at, finding.where
            place = f"{spec}:{at.line}:{at.column}" if at else spec
            in_c = f"{self.file}:{where.line}:{where.column}" if where else place
            yield printable(f"{in_c}: {finding.message}")
            if in_c != place:
                yield printable(f"spec: {place}")
            if finding.counterexample:
                yield printable(f"replay: {'; '.join(finding.counterexample)}")


def cases(judged: Judged) -> list[Case]:
    """A case for each finding, and for each rule that was looked for and isn't broken, in the catalogue's order."""
    rules, verdict = catalogue(), judged.verdict
    pairs: list[tuple[Finding, Expected | None]] = [(finding, None) for finding in verdict.unexpected]
    for one in verdict.missing:
        message = f"expected finding '{one.rule}' was not made; remove it from expected_findings if the fault is gone"
        subject = f"{one.rule} {one.subject or ''}".rstrip()
        pairs.append((Finding("expected-not-found", subject, message, spec_at=one.at), None))
    found: dict[str, list[Case]] = {name: [] for name in rules}
    for finding, expected in [*pairs, *verdict.expected]:
        # What a kernel build complains of lies in that kernel's tree.
        tree = "" if finding.rule in rules and rules[finding.rule].level == "kernel" else judged.tree
        file = str(PurePosixPath(tree, finding.where.file)) if finding.where else ""
        why = printable(expected.reason) if expected else ""
        found.setdefault(finding.rule, []).append(Case(finding.rule, finding, file, expected, why))
    read = not (found["file-missing"] or found["unparsable"])
    for name, rule in rules.items():
        skipped = _skipped(rule, verdict.facts, read)
        if not found[name] and skipped is not None:
            found[name].append(Case(name, why=skipped))
    return [case for each in found.values() for case in each]


def _skipped(rule: Rule, facts: dict[str, Any], read: bool) -> str | None:
    """Why a rule without a finding wasn't looked for; empty if it was, None if nobody asked for it."""
    level = facts.get("level", "")
    if rule.level == "run" and level in ("run", "prove"):
        return "" if any(run["states"] for run in facts.get("runs", ())) else "the C can't be run"
    if rule.level == "prove" and "proof" in facts:
        missing = facts["proof"]["missing"]
        return f"not installed: {missing}" if missing else ""
    if rule.level == "parse" and level:
        return "" if read else "not every file can be read"
    return None


def printable(text: str) -> str:
    """A text in one line, with escapes for all that a terminal, a parser or XML may stumble over."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
