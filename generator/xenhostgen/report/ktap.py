# SPDX-License-Identifier: GPL-2.0-only
"""Checks as KTAP version 1, the kernel's own form of test results: a subtest a spec, a result a check."""

from collections.abc import Iterator, Mapping, Sequence

from xenhostgen.report.cases import Case, printable


def as_ktap(suites: Mapping[str, Sequence[Case]]) -> Iterator[str]:
    """Lines; an expected finding is XFAIL with the spec's reason, and what a finding says stands above its result."""
    yield "KTAP version 1"
    yield f"1..{len(suites)}"
    for number, (name, cases) in enumerate(suites.items(), 1):
        yield from (
            "    KTAP version 1",
            f"    # Subtest: {printable(name)}",
            f"    1..{len(cases)}",
        )
        for inner, case in enumerate(cases, 1):
            yield from (f"    # {line}" for line in case.told)
            directive = (
                f" # {'XFAIL' if case.known else 'SKIP'} {_escaped(case.why)}" if case.why else ""
            )
            yield f"    {_result(case.failed, inner, case.name)}{directive}"
        yield _result(any(case.failed for case in cases), number, printable(name))


def _result(failed: bool, number: int, name: str) -> str:
    return f"{'not ok' if failed else 'ok'} {number} {_escaped(name)}"


def _escaped(text: str) -> str:
    """A result's text, which a '#' would end."""
    return text.replace("#", "U+0023")
