# SPDX-License-Identifier: GPL-2.0-only
"""KTAP, the kernel's test results, as it stands on a console among everything else."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# Xen's and the kernel's marks before a message.
_LINE = re.compile(r"^(?:\([^)]*\) )*\[ *\d+\.\d+\] (.*)$")
_RESULT = re.compile(r"^( *)(not )?ok \d+ (?:- )?(\w+)(.*)$")
_SUBTEST = re.compile(r"^ +# Subtest: (\w+)$")


@dataclass(frozen=True, slots=True)
class Case:
    """The result of one test case, with the lines it wrote. ``ok`` is None if it was skipped."""

    suite: str
    name: str
    ok: bool | None
    lines: tuple[str, ...]

    def said(self, word: str) -> list[list[str]]:
        """The words of the case's own lines that begin with a word, without that."""
        found = (re.search(rf"# {self.name}: {word} (.*)$", line) for line in self.lines)
        return [each[1].split() for each in found if each]


def messages(console: str) -> list[str]:
    """The kernel's messages on a console, without times."""
    found = (_LINE.match(line) for line in console.replace("\r", "").split("\n"))
    return [each[1] for each in found if each]


def cases(lines: Iterable[str]) -> list[Case]:
    """The test cases that came to an end."""
    made: list[Case] = []
    suite = ""
    kept: list[str] = []
    for line in lines:
        if subtest := _SUBTEST.match(line):
            suite, kept = subtest[1], []
        elif (result := _RESULT.match(line)) and suite:
            if not result[1]:
                suite = ""
            else:
                ok = None if "# SKIP" in result[4] else not result[2]
                made.append(Case(suite, result[3], ok, tuple(kept)))
            kept = []
        else:
            kept.append(line)
    return made


def unfinished(lines: Iterable[str]) -> tuple[str, ...]:
    """What was written after the last result: the end of a guest that didn't get through its tests."""
    kept: list[str] = []
    for line in lines:
        kept = [] if _RESULT.match(line) else [*kept, line]
    return tuple(kept)
