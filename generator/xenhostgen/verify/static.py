# SPDX-License-Identifier: GPL-2.0-only
"""What compilers and sparse complain of, without running anything.

Each file of the tree, and the glue that uses its macros and inline functions, is compiled with the
kernel's warnings and with those for strict aliasing at -O2, which the kernel switches off and other
users of a header may not. Complaints about the glue or about the kernel's own boot functions are
nobody's fault here.
"""

import re
import shutil
from collections.abc import Iterable, Iterator

from xenhostgen.sandbox.location import Location
from xenhostgen.sandbox.process import BuildError, Job, run_all
from xenhostgen.verify.build import write_glue
from xenhostgen.verify.declarations import Declarations
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import units
from xenhostgen.verify.subject import Subject

# The last ones are the kernel's usual exceptions: see its scripts/Makefile.extrawarn. A tab counts
# as one column, as everywhere here.
WARNINGS = (
    "-std=gnu11 -ftabstop=1 -O2 -Wall -Wextra -Wstrict-aliasing=2 -Wno-unused-parameter "
    "-Wno-missing-field-initializers -Wno-sign-compare -Wno-pointer-sign"
).split()
_COMPLAINT = re.compile(
    r"^(?:\./)?([^\s:]+):(\d+):(\d+): warning: (.*?)(?: \[(-W[\w=+-]+)\])?$", re.MULTILINE
)


class StaticChecks:
    """All complaints of compilers and sparse, one for each tool's rule and symbol."""

    level = "run"

    def run(self, subject: Subject) -> Iterable[Finding]:
        """Ask each tool about each file."""
        options = subject.options
        options.progress("static checks")
        flags = [*WARNINGS, "-o", str(subject.work / "static.o"), "-c"]
        tools = {compiler: [compiler, *flags] for compiler in options.compilers}
        if shutil.which("sparse"):
            tools["sparse"] = "sparse -std=gnu11 -ftabstop=1 -Wno-unknown-attribute".split()
        else:
            subject.statistics.left_out.append("what sparse sees: not installed: sparse")
        findings: dict[tuple[str, str], Finding] = {}
        for tool, command in tools.items():
            for finding in _findings(subject, tool, _output(subject, command)):
                findings.setdefault((finding.rule, finding.subject), finding)
        return findings.values()


def _output(subject: Subject, command: list[str]) -> str:
    """What a tool says of all files; nothing where one of them has errors."""
    command = [*command, *subject.harness.flags]
    sources = [*(f"./{file}" for file in units(subject.spec)), str(write_glue(subject.harness))]
    jobs = [
        Job([*command, file], subject.tree, merge_errors=True, view=subject.harness.view)
        for file in sources
    ]
    try:
        return "\n".join(run_all(jobs))
    except BuildError:
        return ""  # what doesn't compile has been told with its place


def _findings(subject: Subject, tool: str, output: str) -> Iterator[Finding]:
    declarations = subject.declarations
    boots = {guest.boot.function for guest in subject.spec.guests}
    rule = "sparse-warning" if tool == "sparse" else "compiler-warning"
    for file, line, column, text, flag in _COMPLAINT.findall(output):
        where = Location(file, int(line), int(column))
        named = re.search(r"symbol '(\w+)'", text)
        symbol = named[1] if named else _enclosing(declarations, where)
        if file in declarations.files and symbol not in boots:
            yield Finding(rule, f"{symbol} {flag}".strip(), f"{tool}: {text}", where, seen_by=tool)


def _enclosing(declarations: Declarations, where: Location) -> str:
    """The function, macro or variable in which a line stands."""
    facts = declarations.files.get(where.file, ())
    kinds = ("function", "variable", "macro")
    starts = [(fact.at.line, fact.name) for fact in facts if fact.kind in kinds]
    return max((start for start in starts if start[0] <= where.line), default=(0, where.file))[1]
