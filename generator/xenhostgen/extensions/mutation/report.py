# SPDX-License-Identifier: GPL-2.0-only
"""What ``mutate`` prints: mutants that no check sees, what killed the others, and the score."""

from collections import Counter
from typing import Any, TextIO

from xenhostgen.extensions.mutation.score import Score
from xenhostgen.report.terminal import say, styled
from xenhostgen.spec.source import printable

_FIELDS = ("id", "file", "line", "column", "fate", "rule", "seen_by", "change")


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
    checks = Counter(mutant.seen_by for mutant in score.mutants if mutant.seen_by)
    killers = ", ".join(f"{check} {count}" for check, count in checks.most_common())
    say(f"{spec_path}: killed by {killers or 'none'}", stream)
    counts = score.counts
    done = f"stopped after {len(score.mutants)} mutants, {score.left} are left; "
    summary = done if score.left else ""
    summary += (
        f"{counts['killed']} killed, {len(score.survivors)} survived, "
        f"{len(score.reasons)} accepted with reasons; {counts['equivalent']} equivalent, "
        f"{counts['stillborn']} stillborn ({score.seconds} s)"
    )
    say(f"{spec_path}: mutation score {score.percent:.1f} %: {summary}", stream)


def as_json(spec_path: str, score: Score) -> dict[str, Any]:
    """The score and every mutant, for scripts."""
    mutants = []
    for mutant in score.mutants:
        fields = {name: getattr(mutant, name) for name in _FIELDS}
        accepted = score.reasons.get(mutant.id)
        mutants.append(fields | {"diff": mutant.diff(), "accepted": accepted})
    stale = []
    for acceptance, fate in score.stale:
        name, line = acceptance.accepted.mutant, acceptance.accepted.at.line
        stale.append({"mutant": name, "fate": fate, "path": acceptance.path, "line": line})
    return {
        "spec": spec_path,
        "score": score.percent,
        "passed": score.passed,
        "left": score.left,
        "seconds": score.seconds,
        "stale": stale,
        "mutants": mutants,
    }
