# SPDX-License-Identifier: GPL-2.0-only
"""The expected findings of a spec, rewritten to what a verification found.

An entry that changes is written anew, and with it a list in brackets; all other lines stay as they
are, comments included.
"""

import re
from itertools import pairwise
from textwrap import indent

import yaml

from xenhostgen.spec.load import load_text
from xenhostgen.spec.model import Expected, Interface
from xenhostgen.spec.source import Problems, SpecError, refusal
from xenhostgen.spec.yaml import parse
from xenhostgen.verify.findings import Verdict, extent

_KEY = "expected_findings"
_REASON = "Accepted as it is; replace this with the reason."


def accepted(spec: Interface, text: str, verdict: Verdict) -> str:
    """The spec's text with entries for exactly the findings that were made, with their extent.

    Raises ``Refused`` where its keys aren't laid out in lines, as those of JSON aren't.
    """
    lines, entries = text.split("\n"), spec.expected_findings
    first, end = _section(text, lines)
    starts = [_dash(lines, entry, first) for entry in entries]
    in_lines = first not in starts
    heading = lines[first : starts[0]] if entries and in_lines else [f"{_KEY}:"]
    dash = lines[starts[0]].index("-") if entries and in_lines else 2
    section: list[str] = []
    for known, (start, stop) in zip(entries, pairwise([*starts, end]), strict=True):
        behind, now = _behind(lines, start, stop), (known.shows or 0, known.outcome or "")
        findings = [finding for finding, other in verdict.expected if other is known]
        shown = extent(findings) if findings else now
        if known not in verdict.missing:
            is_kept = in_lines and shown == now
            section += lines[start:behind] if is_kept else _entry(dash, known, *shown)
        section += lines[behind:stop] if in_lines else []
    for finding in verdict.unexpected:
        if finding.rule != "expected-otherwise":
            new = Expected(rule=finding.rule, subject=finding.subject, reason=_REASON)
            section += _entry(dash, new, *extent([finding]))
    if not _behind(section, 0, len(section)):
        heading = []
    new_text = "\n".join([*lines[:first], *heading, *section, *lines[end:]])
    try:
        load_text(new_text, spec.path)
    except SpecError:
        message = f"can't be edited where '{_KEY}' is due"
        raise refusal("accept", message, spec.path, "write each key in a line of its own") from None
    return new_text


def _section(text: str, lines: list[str]) -> tuple[int, int]:
    """The index of the line with the key, and that behind its value."""
    rows: dict[str, int] = {key: key.line - 1 for key in parse(text, Problems("", text)) or ()}
    bottom = len(lines) - (lines[-1] == "")
    first = rows.get(_KEY, bottom)
    following = min((row for row in rows.values() if row > first), default=bottom)
    return first, _behind(lines, first, following)


def _behind(lines: list[str], first: int, end: int) -> int:
    """The index behind the last line that is neither empty nor a comment."""
    while end > first and re.match(r"\s*(#|$)", lines[end - 1]):
        end -= 1
    return end


def _dash(lines: list[str], entry: Expected, first: int) -> int:
    """The index of the line with an entry's dash; ``first`` where it has none."""
    row = entry.at.line - 1
    while row > first and not re.match(r"\s*-(\s|$)", lines[row]):
        row -= 1
    return row


def _entry(dash: int, known: Expected, shows: int, outcome: str) -> list[str]:
    """The lines of an entry with an extent; its dash stands behind some blanks."""
    values = {"rule": str(known.rule), "subject": str(known.subject or ""), "shows": shows}
    values |= {"outcome": outcome, "reason": str(known.reason)}
    entry = {key: value for key, value in values.items() if value}
    written = yaml.safe_dump([entry], sort_keys=False, allow_unicode=True, width=1 << 30)
    return indent(written, " " * dash).splitlines()
