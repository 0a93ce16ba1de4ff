# SPDX-License-Identifier: GPL-2.0-only
"""What a verification finds: typed findings, and how they are held against the expected ones."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import zip_longest
from typing import Any

from xenhostgen.sandbox.location import Location
from xenhostgen.spec.model import Expected, Interface
from xenhostgen.spec.source import At
from xenhostgen.verify.catalogue import catalogue


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: its rule, the symbol it is about, where it is in the C and in the spec.

    The file of ``where`` is relative to the judged tree's root. ``counterexample`` is the shortest
    sequence of calls that shows the fault, one call an item, as ``verify --replay`` takes them;
    empty for faults that are seen without running anything.
    """

    rule: str
    subject: str
    message: str
    where: Location | None = None
    spec_at: At | None = None
    counterexample: tuple[str, ...] = ()
    seen_by: str = ""
    count: int = 0
    """How many transitions, boots or calls show it; 0 if none has run."""
    outcome: str = ""
    """What the C did at the end of the counterexample, in words."""
    function: str = ""
    """The function that is wrong, if it is another than the last call's."""


@dataclass(frozen=True, slots=True)
class Run:
    """What was run of the C as one compiler makes it."""

    compiler: str
    sanitizers: tuple[str, ...] = ()
    states: int = 0
    transitions: int = 0
    boots: int = 0
    wrapper_calls: int = 0
    undefined_calls: int = 0
    """Calls of wrappers that weren't made, as what the spec's C does for them is undefined."""
    configuration: str = field(default="", kw_only=True)
    """The kernel's options that were turned, in words."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How many of a prover's goals were proved; ``missing`` names what isn't installed."""

    proved: int = 0
    goals: int = 0
    missing: str = ""

    @property
    def holds(self) -> bool:
        """Whether all was proved."""
        return 0 < self.goals == self.proved


# The rules of what Frama-C and cbmc find.
OF_PROVERS = ("unproved", "refuted")


@dataclass(slots=True)
class Statistics:
    """What was done to reach a verdict; None for what was not.

    ``left_out`` says what of the C, or which tool, had no part in it. ``kernel`` names the kernel
    in which the interface was built. ``drift`` lists what a given tree says otherwise than the
    rendering; where that itself is judged it is None.
    """

    level: str = "run"
    runs: list[Run] = field(default_factory=list)
    proof: Proof | None = None
    cbmc: Proof | None = None
    kernel: str | None = None
    drift: list[str] | None = None
    left_out: list[str] = field(default_factory=list)
    seconds: float | None = None
    strict: bool | None = None

    def gaps(self) -> list[str]:
        """What was not checked, though the level includes it."""
        provers = {"Frama-C": self.proof, "cbmc": self.cbmc}
        missing = {name: proof.missing for name, proof in provers.items() if proof}
        lines = [
            f"proof by {name}: not installed: {tool}" for name, tool in missing.items() if tool
        ]
        return [*lines, *self.left_out]

    def obstacle(self, name: str) -> str | None:
        """Why findings of a rule couldn't be made; empty if they could, None if nobody looked."""
        level = catalogue()[name].level if name in catalogue() else "parse"
        if level == "prove":
            prover = self.proof if name == "unproved" else self.cbmc
            if prover and prover.missing:
                return f"not installed: {prover.missing}"
            return "" if prover else None
        if level == "strict" and not self.strict:
            return None
        if level in ("boot", "expectation") or (level == "kernel" and not self.kernel):
            return None
        if level in ("run", "static") and self.level == "parse":
            return None
        ran = level not in ("run", "static") or any(run.states for run in self.runs)
        return "" if ran else "the C can't be run"

    def as_json(self) -> dict[str, Any]:
        """The statistics for scripts, without what was not done."""
        done = {name: value for name, value in asdict(self).items() if value is not None}
        del done["left_out"]  # it is a part of ``gaps``
        if not self.runs:
            del done["runs"]
        return done


@dataclass(frozen=True, slots=True)
class Verdict:
    """Findings held against the spec's expectations."""

    expected: tuple[tuple[Finding, Expected], ...] = ()
    unexpected: tuple[Finding, ...] = ()
    missing: tuple[Expected, ...] = ()
    statistics: Statistics = field(default_factory=Statistics)

    @property
    def passed(self) -> bool:
        """Whether exactly the expected findings were made."""
        return not self.unexpected and not self.missing


def judge(spec: Interface, findings: Iterable[Finding], statistics: Statistics) -> Verdict:
    """Sort findings into expected and not; an expectation that no finding meets is missing."""
    expected: list[tuple[Finding, Expected]] = []
    unexpected: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        assert finding.rule in catalogue(), f"'{finding.rule}' is no rule of the catalogue"
        for known in spec.expected_findings:
            if known.rule == finding.rule and known.subject in (None, finding.subject):
                expected.append((finding, known))
                break
        else:
            unexpected.setdefault((finding.rule, finding.subject), finding)
    otherwise = filter(None, (_otherwise(known, expected) for known in spec.expected_findings))
    failing = (*unexpected.values(), *otherwise)
    expected = list(
        {(known, finding.subject): (finding, known) for finding, known in expected[::-1]}.values()
    )
    met = {known for _, known in expected}
    others = [known for known in spec.expected_findings if known not in met]
    missing = tuple(known for known in others if _is_sought(known.rule, statistics))
    return Verdict(tuple(expected[::-1]), failing, missing, statistics)


def extent(findings: Sequence[Finding]) -> tuple[int, str]:
    """How many calls show findings of one rule, and the outcome of the first."""
    return sum(finding.count for finding in findings), findings[0].outcome


def _otherwise(known: Expected, expected: Iterable[tuple[Finding, Expected]]) -> Finding | None:
    """A finding where an expected one shows in more or fewer calls, or in another way."""
    by_subject: dict[str, list[Finding]] = {}
    for finding, other in expected:
        if other is known and finding.count:
            by_subject.setdefault(finding.subject, []).append(finding)
    if known.shows is None or not by_subject:
        return None
    # One that is made otherwise in another run is there once more.
    runs = list(zip_longest(*by_subject.values()))
    for run in runs if len(by_subject) == 1 else runs[:1]:
        shows, outcome = extent(run)
        if (shows, outcome) != (known.shows, known.outcome or ""):
            message = (
                f"{run[0].message}; {shows} calls show it, and the first ends with '{outcome}'"
            )
            message += f"; expected are {known.shows} and '{known.outcome or ''}'"
            subject = f"{known.rule} {known.subject or ''}".rstrip()
            shown = replace(run[0], rule="expected-otherwise", subject=subject, spec_at=known.at)
            return replace(shown, message=message)
    return None


def _is_sought(rule: str, statistics: Statistics) -> bool:
    """Whether this verification must make an expected finding; a boot isn't held to make any."""
    compilers = [run.compiler for run in statistics.runs]
    if rule == "compiler-warning" and not any("gcc" in compiler for compiler in compilers):
        return False  # not every compiler has the warnings of every other
    if statistics.level == "boot" or (rule == "sparse-warning" and not shutil.which("sparse")):
        return False
    return statistics.obstacle(rule) == ""
