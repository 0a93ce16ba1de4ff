# SPDX-License-Identifier: GPL-2.0-only
"""Mutants, what becomes of them, and which of them may survive."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from xenhostgen.csource.tokens import spaced
from xenhostgen.spec.model import AcceptedMutant


@dataclass(frozen=True, slots=True)
class Mutant:
    """A wrong version of one file: ``text`` instead of ``original``.

    The id names file, declaration, operator and a count among those: edits elsewhere leave it as
    it is. ``in_body``: the fault is in code that runs. Once it is judged, its ``fate`` is
    ``killed``, by a finding of that ``rule``; ``survived``; ``equivalent``: it compiles to the same
    code; or ``stillborn``: it doesn't compile.
    """

    id: str
    file: str
    line: int
    column: int
    in_body: bool
    original: str
    text: str
    fate: str = ""
    rule: str = ""
    seen_by: str = ""

    def diff(self) -> list[str]:
        """The lines that differ, as they were and as they are."""
        before, after = self._changed_lines()
        return [f"-{line}" for line in before] + [f"+{line}" for line in after]

    @property
    def change(self) -> str:
        """The code of the lines that differ: ``before => after``."""
        sides = self._changed_lines()
        return " => ".join(spaced("\n".join(lines) + "\n") for lines in sides).strip()

    def _changed_lines(self) -> tuple[tuple[str, ...], ...]:
        pairs = zip(self.original.split("\n"), self.text.split("\n"), strict=True)
        return tuple(zip(*(pair for pair in pairs if pair[0] != pair[1]), strict=True))


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Mutants that may survive, and the file that says so: a spec, or its template set's.

    What a template set accepts need not be in every spec's C (``by_templates``). In a shipped
    spec's it must not be killed (``is_shipped``): that would refute its reason.
    """

    path: str
    accepted: AcceptedMutant
    by_templates: bool = False
    is_shipped: bool = True

    def covers(self, mutant: Mutant) -> bool:
        """Whether a mutant has the id and the change; reordered lines match both ways round."""
        if not fnmatchcase(mutant.id, self.accepted.mutant):
            return False
        changes = [mutant.change]
        if ":reorder-" in mutant.id:
            changes.append(" => ".join(reversed(mutant.change.split(" => "))))
        pattern = (self.accepted.change or "*").replace("[", "[[]")  # a bracket of C
        return any(fnmatchcase(change, pattern) for change in changes)


class Score:
    """The judged mutants of one spec's C, and how many of those that count were killed.

    ``left`` is the number of mutants that were not judged. Only a run that ``is_whole``, with all
    mutants of all files, can show that an acceptance is stale. ``reasons`` are those of accepted
    survivors, by id; ``stale`` holds acceptances that none survives by, each with what became of
    its first mutant.
    """

    def __init__(
        self,
        mutants: Sequence[Mutant],
        acceptances: Sequence[Acceptance],
        seconds: float,
        left: int = 0,
        is_whole: bool = True,
    ) -> None:
        self.mutants, self.seconds, self.left = mutants, seconds, left
        self.counts = Counter(mutant.fate for mutant in mutants)
        self.reasons: dict[str, str] = {}
        self.stale: list[tuple[Acceptance, str]] = []
        for acceptance in acceptances:
            covered = [mutant for mutant in mutants if acceptance.covers(mutant)]
            survivors = [mutant.id for mutant in covered if mutant.fate == "survived"]
            self.reasons |= dict.fromkeys(survivors, acceptance.accepted.reason.strip())
            fate = covered[0].fate if covered else "no such mutant"
            is_refuted = fate == "killed" and acceptance.is_shipped
            if is_whole and not survivors and (is_refuted or not acceptance.by_templates):
                self.stale.append((acceptance, fate))
        self.survivors = [
            mutant
            for mutant in mutants
            if mutant.fate == "survived" and mutant.id not in self.reasons
        ]

    @property
    def percent(self) -> float:
        """How many of the mutants that are neither equivalent nor accepted were killed."""
        killed = self.counts["killed"]
        counted = killed + len(self.survivors)
        return 100 * killed / counted if counted else 100.0

    @property
    def passed(self) -> bool:
        """Whether every mutant was killed or accepted, and each accepted one still survives."""
        return not (self.survivors or self.stale or self.left)
