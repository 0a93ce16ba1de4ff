# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of mutants, held against those that the spec and its templates accept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from xenhostgen.csource.tokens import spaced
from xenhostgen.spec.model import AcceptedMutant

Fate = Literal["killed", "survived", "equivalent", "stillborn"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A wrong version of one file: ``text`` instead of ``original``.

    The id names file, declaration, operator and a count among those: edits elsewhere leave it as
    it is. ``in_body``: the fault is in code that runs.
    """

    id: str
    file: str
    line: int
    column: int
    in_body: bool
    original: str
    text: str

    def diff(self) -> list[str]:
        """The lines that differ, as they were and as they are."""
        lines = self._changed_lines()
        return [f"-{old}" for old, _ in lines] + [f"+{new}" for _, new in lines]

    @property
    def change(self) -> str:
        """The code of the lines that differ: ``before => after``."""
        sides = zip(*self._changed_lines(), strict=True)
        return " => ".join(spaced("\n".join(lines) + "\n") for lines in sides).strip()

    def _changed_lines(self) -> list[tuple[str, str]]:
        pairs = zip(self.original.split("\n"), self.text.split("\n"), strict=True)
        return [(old, new) for old, new in pairs if old != new]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant; ``rule`` and ``seen_by`` tell by which finding it was killed.

    ``equivalent``: it compiles to the same code. ``stillborn``: it doesn't compile.
    """

    mutant: Mutant
    fate: Fate
    rule: str = ""
    seen_by: str = ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Mutants that may survive, and the file that says so: a spec or one of its template set."""

    path: str
    accepted: AcceptedMutant
    by_templates: bool = False

    def covers(self, mutant: Mutant) -> bool:
        """Whether a mutant has the id and the change; of neighbours, either may be the first."""
        changes = [mutant.change]
        if ":reorder-" in mutant.id:
            changes.append(" => ".join(reversed(mutant.change.split(" => "))))
        pattern = (self.accepted.change or "*").replace("[", "[[]")  # a bracket of C's
        has_change = any(fnmatchcase(change, pattern) for change in changes)
        return has_change and fnmatchcase(mutant.id, self.accepted.mutant)


class Score:
    """The mutants of one spec's C, in source order, and how many of those that count were seen."""

    def __init__(
        self, outcomes: list[Outcome], acceptances: Sequence[Acceptance], seconds: float
    ) -> None:
        self.outcomes, self.seconds = outcomes, seconds
        self.counts: Counter[Fate] = Counter(outcome.fate for outcome in outcomes)
        self.accepted: list[tuple[Acceptance, Mutant]] = []
        self.stale: list[tuple[Acceptance, str]] = []
        for acceptance in acceptances:
            self._accept(acceptance)
        known = {mutant.id for _, mutant in self.accepted}
        self.survivors = [
            outcome.mutant
            for outcome in outcomes
            if outcome.fate == "survived" and outcome.mutant.id not in known
        ]

    def _accept(self, acceptance: Acceptance) -> None:
        covered = [outcome for outcome in self.outcomes if acceptance.covers(outcome.mutant)]
        survivors = [outcome.mutant for outcome in covered if outcome.fate == "survived"]
        self.accepted += [(acceptance, mutant) for mutant in survivors]
        fate = covered[0].fate if covered else "no such mutant"
        # What a template set accepts need not be in the C of each spec.
        if not survivors and (fate == "killed" or not acceptance.by_templates):
            self.stale.append((acceptance, fate))

    @property
    def percent(self) -> float:
        """How many of the mutants that are neither equivalent nor accepted were killed."""
        killed = self.counts["killed"]
        counted = killed + len(self.survivors)
        return 100 * killed / counted if counted else 100.0

    @property
    def passed(self) -> bool:
        """Whether every mutant was killed or accepted, and each accepted one still survives."""
        return not self.survivors and not self.stale
