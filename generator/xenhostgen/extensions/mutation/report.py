# SPDX-License-Identifier: GPL-2.0-only
"""What ``mutate`` prints: mutants that no check sees, what killed the others, and the score."""

from collections import Counter
from typing import Any, TextIO

from xenhostgen.extensions.mutation.score import Outcome, Score
from xenhostgen.report.terminal import say, styled
from xenhostgen.spec.source import printable


def show(spec_path: str, score: Score, stream: TextIO) -> None:
    """The score of one spec, for a person."""
    for mutant in score.survivors:
        place = f"{mutant.file}:{mutant.line}:{mutant.column}"
        print(f"{place}: {styled('SURVIVED', 'red', stream)} {mutant.id}", file=stream)
        for line in (*mutant.diff(), f"change: {mutant.change}"):
            say(f"    {line}", stream)
    for acceptance, fate in score.stale:
        accepted = acceptance.accepted
        place = printable(f"{acceptance.path}:{accepted.at.line}:{accepted.at.column}", "?")
        message = f"accepted mutant {accepted.mutant}: no survivor matches ({fate})"
        print(f"{place}: {styled(message, 'red', stream)}", file=stream)
    checks = Counter(outcome.seen_by for outcome in score.outcomes if outcome.seen_by)
    killers = ", ".join(f"{check} {count}" for check, count in checks.most_common())
    say(f"{spec_path}: killed by {killers or 'none'}", stream)
    counts = score.counts
    summary = (
        f"{counts['killed']} killed, {len(score.survivors)} survived, "
        f"{len(score.accepted)} accepted with reasons; {counts['equivalent']} equivalent, "
        f"{counts['stillborn']} stillborn ({score.seconds} s)"
    )
    say(f"{spec_path}: mutation score {score.percent:.1f} %: {summary}", stream)


def as_json(spec_path: str, score: Score) -> dict[str, Any]:
    """The score and every mutant, for scripts."""
    reasons = {mutant.id: one.accepted.reason.strip() for one, mutant in score.accepted}
    return {
        "spec": spec_path,
        "score": score.percent,
        "passed": score.passed,
        "seconds": score.seconds,
        "stale": [
            {
                "mutant": acceptance.accepted.mutant,
                "fate": fate,
                "path": acceptance.path,
                "line": acceptance.accepted.at.line,
            }
            for acceptance, fate in score.stale
        ],
        "mutants": [
            _mutant(outcome) | {"accepted": reasons.get(outcome.mutant.id)}
            for outcome in score.outcomes
        ],
    }


def _mutant(outcome: Outcome) -> dict[str, Any]:
    mutant = outcome.mutant
    return {
        "id": mutant.id,
        "file": mutant.file,
        "line": mutant.line,
        "column": mutant.column,
        "fate": outcome.fate,
        "rule": outcome.rule,
        "seen_by": outcome.seen_by,
        "diff": mutant.diff(),
        "change": mutant.change,
    }
