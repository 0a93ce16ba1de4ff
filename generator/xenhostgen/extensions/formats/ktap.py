# SPDX-License-Identifier: GPL-2.0-only
"""Checks as KTAP version 1, the kernel's own form of test results.

The kernel's kunit.py reads it whatever the paths and messages are: what would be markup in a line
of KTAP, or end it there, is written otherwise.
"""

from collections.abc import Iterator, Mapping, Sequence

from xenhostgen.report.cases import Case, Report, one_line

# Lines of a kernel's log behind which kunit.py reads no further.
_ENDS = ("List of all partitions:", "Kernel panic - not syncing: VFS:", "reboot: System halted")
_MARKUP = ("- ", "Subtest: ")  # at the beginning of a name, or of a diagnostic line


def write(report: Report) -> str:
    """A subtest a spec, a result a check.

    A finding's lines stand above its result. An expected one is XFAIL with the spec's reason.
    """
    return "".join(f"{_without_end(line)}\n" for line in _lines(report.suites))


def _lines(suites: Mapping[str, Sequence[Case]]) -> Iterator[str]:
    yield "KTAP version 1"
    yield f"1..{len(suites)}"
    for number, (spec, cases) in enumerate(suites.items(), 1):
        name = _name(spec)
        yield "    KTAP version 1"
        yield f"    # Subtest: {name}"
        yield f"    1..{len(cases)}"
        for inner, case in enumerate(cases, 1):
            yield from (f"    # {_plain(line)}" for line in case.lines)
            yield f"    {_result(case.failed, inner, _name(case.name))}{_directive(case)}"
        yield _result(any(case.failed for case in cases), number, name)


def _result(failed: bool, number: int, name: str) -> str:
    return f"{'not ok' if failed else 'ok'} {number} {name}"


def _directive(case: Case) -> str:
    if case.outcome != "skipped":
        return ""
    return f" # {'XFAIL' if case.lines else 'SKIP'} {_without_mark(case.reason)}"


def _name(text: str) -> str:
    """A name, the same in its header and in its result."""
    return _plain(_without_mark(one_line(text)))


def _plain(text: str) -> str:
    """A text that doesn't begin with markup; paths alone can."""
    return f"./{text}" if text.startswith(_MARKUP) else text


def _without_mark(text: str) -> str:
    """A result's text, which a '#' would end."""
    return text.replace("#", "U+0023")


def _without_end(line: str) -> str:
    for end in _ENDS:
        line = line.replace(end, end.replace(":", "U+003A"))
    return line
