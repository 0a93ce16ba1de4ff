# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of mutants, held against those that the spec accepts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from xenhostgen.spec.model import AcceptedMutant

Fate = Literal["killed", "survived", "equivalent", "stillborn"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One wrong version of one file: ``text`` in place of what stands from ``start`` to ``end``.

    The id names file, declaration, operator and a count among those: edits elsewhere leave it as it is.
    """

    id: str
    file: str
    operator: str
    line: int
    column: int
    start: int
    end: int
    text: str
    in_body: bool
    """Whether code was changed that is judged by running it."""

    def applied(self, source: str) -> str:
        """The file with its fault."""
        return source[: self.start] + self.text + source[self.end :]

    def diff(self, source: str) -> tuple[list[str], list[str]]:
        """The lines that differ, as they were and as they are."""
        pairs = zip(source.splitlines(), self.applied(source).splitlines(), strict=True)
        differing = [(old, new) for old, new in pairs if old != new]
        return [old for old, _ in differing], [new for _, new in differing]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant; ``rule`` and ``seen_by`` tell by which finding it was killed.

    ``equivalent``: it compiles to the same code. ``stillborn``: it doesn't compile.
    """

    mutant: Mutant
    fate: Fate
    rule: str = ""
    seen_by: str = ""


@dataclass(frozen=True)
class Score:
    """The mutants of one spec's C, in source order."""

    outcomes: tuple[Outcome, ...]
    accepted: tuple[AcceptedMutant, ...]
    seconds: float
    sources: dict[str, str]

    @cached_property
    def counts(self) -> Counter[Fate]:
        """How many mutants met each fate."""
        return Counter(outcome.fate for outcome in self.outcomes)

    @cached_property
    def survivors(self) -> list[Outcome]:
        """Mutants that no check sees and the spec doesn't accept."""
        return [one for one in self._survived() if one.mutant.id not in {ok.mutant for ok in self.accepted}]

    @cached_property
    def reviewed(self) -> list[tuple[Outcome, AcceptedMutant]]:
        """Mutants that no check sees, as the spec knows."""
        known = {ok.mutant: ok for ok in self.accepted}
        return [(one, known[one.mutant.id]) for one in self._survived() if one.mutant.id in known]

    @cached_property
    def stale(self) -> list[tuple[AcceptedMutant, str]]:
        """Accepted mutants that didn't survive, with what became of them."""
        fates = {one.mutant.id: one.fate for one in self.outcomes}
        fate = [(ok, fates.get(ok.mutant)) for ok in self.accepted]
        return [(ok, f"is {met}" if met else "doesn't exist") for ok, met in fate if met != "survived"]

    @property
    def percent(self) -> float:
        """How many of the mutants that are neither equivalent nor accepted were killed."""
        killed, left = self.counts["killed"], len(self.survivors)
        return 100 * killed / (killed + left) if killed + left else 100.0

    @property
    def passed(self) -> bool:
        """Whether every mutant was killed or accepted, and each accepted one still is a survivor."""
        return not self.survivors and not self.stale

    def _survived(self) -> Iterable[Outcome]:
        return (one for one in self.outcomes if one.fate == "survived")
