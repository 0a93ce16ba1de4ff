# SPDX-License-Identifier: GPL-2.0-only
"""Checks as KTAP version 1, the kernel's own form of test results."""

from collections.abc import Iterator, Mapping, Sequence

from xenhostgen.report.cases import Case, Report, one_line


def write(report: Report) -> str:
    """A subtest a spec, a result a check.

    A finding's lines stand above its result. An expected one is XFAIL with the spec's reason.
    """
    return "".join(f"{line}\n" for line in _lines(report.suites))


def _lines(suites: Mapping[str, Sequence[Case]]) -> Iterator[str]:
    yield "KTAP version 1"
    yield f"1..{len(suites)}"
    for number, (spec, cases) in enumerate(suites.items(), 1):
        name = one_line(spec)
        yield "    KTAP version 1"
        yield f"    # Subtest: {name}"
        yield f"    1..{len(cases)}"
        for inner, case in enumerate(cases, 1):
            yield from (f"    # {line}" for line in case.lines)
            yield f"    {_result(case.failed, inner, case.name)}{_directive(case)}"
        yield _result(any(case.failed for case in cases), number, name)


def _result(failed: bool, number: int, name: str) -> str:
    return f"{'not ok' if failed else 'ok'} {number} {_escaped(name)}"


def _directive(case: Case) -> str:
    if case.outcome != "skipped":
        return ""
    return f" # {'XFAIL' if case.lines else 'SKIP'} {_escaped(case.reason)}"


def _escaped(text: str) -> str:
    """A result's text, which a '#' would end."""
    return text.replace("#", "U+0023")
