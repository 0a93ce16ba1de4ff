# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of mutants, held against those that the spec accepts."""

from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from xenhostgen.spec.model import AcceptedMutant

Fate = Literal["killed", "survived", "equivalent", "stillborn"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A wrong version of one file: ``text`` instead of ``original``; ``in_body``: of code that runs.

    The id names file, declaration, operator and a count among those: edits elsewhere leave it as it is.
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
        pairs = zip(self.original.splitlines(), self.text.splitlines(), strict=True)
        both = [(f"-{old}", f"+{new}") for old, new in pairs if old != new]
        return [old for old, _ in both] + [new for _, new in both]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant; ``rule`` and ``seen_by`` tell by which finding it was killed.

    ``equivalent``: it compiles to the same code. ``stillborn``: it doesn't compile.
    """

    mutant: Mutant
    fate: Fate
    rule: str = ""
    seen_by: str = ""


class Score:
    """The mutants of one spec's C, in source order, and how many of those that could be seen were."""

    def __init__(
        self, outcomes: list[Outcome], accepted: tuple[AcceptedMutant, ...], seconds: float
    ) -> None:
        self.outcomes = outcomes
        self.seconds = seconds
        self.counts: Counter[Fate] = Counter(one.fate for one in outcomes)
        survived = [one for one in outcomes if one.fate == "survived"]
        self.accepted = [
            (ok, one)
            for one in survived
            for ok in accepted
            if fnmatchcase(one.mutant.id, ok.mutant)
        ]
        known = {one.mutant.id for _, one in self.accepted}
        self.survivors = [one for one in survived if one.mutant.id not in known]
        fates: dict[str, Fate] = {one.mutant.id: one.fate for one in outcomes}
        met = {ok.mutant for ok, _ in self.accepted}
        self.stale = [
            (ok, fates.get(ok.mutant, "no such mutant")) for ok in accepted if ok.mutant not in met
        ]

    @property
    def percent(self) -> float:
        """How many of the mutants that are neither equivalent nor accepted were killed."""
        seen = self.counts["killed"]
        return 100 * seen / (seen + len(self.survivors)) if seen + len(self.survivors) else 100.0

    @property
    def passed(self) -> bool:
        """Whether every mutant was killed or accepted, and each accepted one still survives."""
        return not self.survivors and not self.stale
