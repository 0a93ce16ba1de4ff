# SPDX-License-Identifier: GPL-2.0-only
"""Verdicts as KTAP version 1, the kernel's own form of test results: a subtest a spec, a result a check."""

from collections.abc import Iterator, Sequence

from xenhostgen.report.cases import Judged, cases, printable


def as_ktap(judged: Sequence[Judged]) -> Iterator[str]:
    """Lines; an expected finding is XFAIL with the spec's reason, and what a finding says stands above its result."""
    yield "KTAP version 1"
    yield f"1..{len(judged)}"
    for number, each in enumerate(judged, 1):
        made, spec = cases(each), printable(each.spec)
        yield from ("    KTAP version 1", f"    # Subtest: {spec}", f"    1..{len(made)}")
        for inner, case in enumerate(made, 1):
            yield from (f"    # {line}" for line in case.told(each.spec))
            directive = f" # {'XFAIL' if case.expected else 'SKIP'} {case.why}" if case.why else ""
            yield f"    {_result(case.failed, inner, case.name)}{directive}"
        yield _result(any(case.failed for case in made), number, spec)


def _result(failed: bool, number: int, name: str) -> str:
    """A result line; its name ends at the first '#', so there must be none in it."""
    return f"{'not ok' if failed else 'ok'} {number} {name.replace('#', 'U+0023')}"
