# SPDX-License-Identifier: GPL-2.0-only
"""Expected findings, accepted mutants, and the messages of a series."""

from collections.abc import Iterator

from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Fault, Nearest, repeated


def expected(spec: Interface) -> Iterator[Fault]:
    """An expected finding is listed once, with a reason."""
    listed: set[tuple[str, str | None]] = set()
    for finding in spec.expected_findings:
        if (finding.rule, finding.subject) in listed:
            message = f"'{finding.rule}' is expected twice"
            hint = "remove one, or give each its subject"
            yield "duplicate-expectation", message, finding.rule, hint
        listed.add((finding.rule, finding.subject))
        if not finding.reason.strip():
            message = f"'{finding.rule}' is expected without a reason"
            yield "no-reason", message, finding.rule, "say why the fault remains"


def accepted(spec: Interface) -> Iterator[Fault]:
    """A mutant is accepted once, with a reason."""
    whole = [mutant.mutant for mutant in spec.accepted_mutants if not mutant.change]
    yield from repeated("duplicate-mutant", whole, "'{name}' is accepted twice", "remove one")
    for mutant in spec.accepted_mutants:
        if not mutant.reason.strip():
            message = f"'{mutant.mutant}' is accepted without a reason"
            yield "no-reason", message, mutant.mutant, "say why nothing can tell it apart"


def messages(spec: Interface) -> Iterator[Fault]:
    """Each message is for a part that the series has."""
    if not spec.series:
        return
    parts = ["cover", "interface", "predicates", *(guest.name for guest in spec.guests)]
    for message in spec.series.messages:
        part = message.part
        if part not in parts:
            yield "unknown-part", f"'{part}' is no part of the series", part, Nearest(part, parts)
