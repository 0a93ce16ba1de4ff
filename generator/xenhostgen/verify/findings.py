# SPDX-License-Identifier: GPL-2.0-only
"""What a verification finds: typed findings, and how they are held against the expected ones."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from xenhostgen.spec.model import Expected, Interface
from xenhostgen.spec.source import At
from xenhostgen.verify.catalogue import catalogue


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a C file, its path relative to the judged tree's root."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: its rule, the symbol it is about, where it is in the C and in the spec.

    ``counterexample`` is the shortest sequence of calls that shows it, one call an item, as
    ``verify --replay`` takes them; empty for faults that are seen without running anything.
    """

    rule: str
    subject: str
    message: str
    where: Where | None = None
    spec_at: At | None = None
    counterexample: tuple[str, ...] = ()
    seen_by: str = ""


# Under which name the facts tell of the prover that a rule comes from.
PROVERS = {"unproved": "proof", "refuted": "cbmc"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Findings held against the spec's expectations."""

    expected: tuple[tuple[Finding, Expected], ...] = ()
    unexpected: tuple[Finding, ...] = ()
    missing: tuple[Expected, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether exactly the expected findings were made."""
        return not self.unexpected and not self.missing


def judge(spec: Interface, findings: Iterable[Finding], facts: dict[str, Any]) -> Verdict:
    """Sort findings into expected and not; an expectation that no finding meets is missing."""
    expected: list[tuple[Finding, Expected]] = []
    unexpected: list[Finding] = []
    for finding in findings:
        assert finding.rule in catalogue(), f"'{finding.rule}' is no rule of the catalogue"
        named = (one for one in spec.expected_findings if one.rule == finding.rule)
        match = next((one for one in named if one.subject in (None, finding.subject)), None)
        if match is None:
            unexpected.append(finding)
        else:
            expected.append((finding, match))
    met = {match for _, match in expected}
    missing = tuple(
        one for one in spec.expected_findings if one not in met and _looked_for(one, facts)
    )
    return Verdict(tuple(expected), tuple(unexpected), missing, facts)


def _looked_for(expected: Expected, facts: dict[str, Any]) -> bool:
    """Whether this verification could have made an expected finding at all; a boot isn't held to make any."""
    level = rule.level if (rule := catalogue().get(expected.rule)) else ""
    if facts.get("level") in ("parse", "boot") or level == "boot":
        return False
    if level == "kernel":
        return "kernel" in facts
    if level == "prove":
        prover = facts.get(PROVERS[expected.rule])
        return prover is not None and not prover["missing"]
    if expected.rule == "compiler-warning":  # not every compiler has the warnings of every other
        return len(facts.get("runs", ())) != 1 or "gcc" in facts["runs"][0]["compiler"]
    return expected.rule != "sparse-warning" or shutil.which("sparse") is not None
