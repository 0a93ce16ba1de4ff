# SPDX-License-Identifier: GPL-2.0-only
"""A guest's console, read: the KTAP of its test cases, and its last words."""

import re
from typing import NamedTuple

# A message of the kernel's, behind the marks of Xen's and its own.
_MESSAGE = re.compile(r"^(?:\([^)]*\) )*\[ *\d+\.\d+\] (.*)$", re.M)
_RESULT = re.compile(r"^    (not )?ok \d+ (\w+)")
_SUBJECT = re.compile(r"\w+(?:\.\w+)?")


class CaseLog(NamedTuple):
    """The lines of a test case, and whether it passed or was skipped."""

    lines: tuple[str, ...]
    passed: bool = False

    def reports(self, word: str) -> list[list[str]]:
        """The words of what the case itself reports under a word, line by line."""
        matches = (re.match(rf"# \w+: {word} (.*)$", line) for line in self.lines)
        return [match[1].split() for match in matches if match]

    def failure(self) -> tuple[str, str]:
        """What the first failed expectation is about, and what KUnit says of it."""
        failed = (row for row, line in enumerate(self.lines) if "FAILED at" in line)
        row = next(failed, 0)
        message = [line for line in self.lines[row + 1 : row + 6] if not line.startswith("#")]
        subjects = filter(_SUBJECT.fullmatch, reversed(message))
        return next(subjects, "suite"), "; ".join(message)


class Transcript:
    """The finished test cases of a console by name, and in ``rest`` what came after them."""

    def __init__(self, console: str) -> None:
        self.cases: dict[str, CaseLog] = {}
        lines: list[str] = []
        for line in _MESSAGE.findall(console.replace("\r", "")):
            result = _RESULT.match(line)
            if result:
                self.cases[result[2]] = CaseLog(tuple(lines), passed=not result[1])
            if result or "# Subtest: " in line:
                lines = []
            else:
                lines.append(line.strip())
        self.rest = CaseLog(tuple(lines))
