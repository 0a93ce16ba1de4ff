# SPDX-License-Identifier: GPL-2.0-only
"""What ``mutate`` says: mutants that no check sees, which check killed the others, and the score."""

from collections import Counter
from typing import Any, TextIO

from xenhostgen.extensions.mutation.score import Score
from xenhostgen.report.terminal import say, styled
from xenhostgen.spec.source import printable


def show(spec_path: str, score: Score, stream: TextIO) -> None:
    """The score of one spec, for a person."""
    for one in score.survivors:
        place = f"{one.mutant.file}:{one.mutant.line}:{one.mutant.column}"
        print(f"{place}: {styled('SURVIVED', 'red', stream)} {one.mutant.id}", file=stream)
        for line in one.mutant.diff():
            say(f"    {line}", stream)
    for accepted, fate in score.stale:
        place = printable(f"{spec_path}:{accepted.at.line}:{accepted.at.column}", "?")
        said = f"no survivor matches ({fate})"
        print(
            f"{place}: {styled(f'accepted mutant {accepted.mutant}: {said}', 'red', stream)}",
            file=stream,
        )
    seen = Counter(one.seen_by for one in score.outcomes if one.seen_by)
    say(
        f"{spec_path}: killed by {', '.join(f'{by} {n}' for by, n in seen.most_common()) or 'none'}",
        stream,
    )
    counts = score.counts
    told = f"{counts['killed']} killed, {len(score.survivors)} survived, {len(score.accepted)} accepted with reasons"
    told += (
        f"; {counts['equivalent']} equivalent, {counts['stillborn']} stillborn ({score.seconds} s)"
    )
    say(f"{spec_path}: mutation score {score.percent:.1f} %: {told}", stream)


def as_json(spec_path: str, score: Score) -> dict[str, Any]:
    """The score and every mutant, for scripts."""
    reasons = {one.mutant.id: accepted.reason.strip() for accepted, one in score.accepted}
    mutants = [
        {
            "id": one.mutant.id,
            "file": one.mutant.file,
            "line": one.mutant.line,
            "column": one.mutant.column,
        }
        | {"fate": one.fate, "rule": one.rule, "seen_by": one.seen_by, "diff": one.mutant.diff()}
        | {"accepted": reasons.get(one.mutant.id)}
        for one in score.outcomes
    ]
    stale = [
        {"mutant": accepted.mutant, "fate": fate, "line": accepted.at.line}
        for accepted, fate in score.stale
    ]
    told = {
        "spec": spec_path,
        "score": score.percent,
        "passed": score.passed,
        "seconds": score.seconds,
    }
    return told | {"stale": stale, "mutants": mutants}
