# SPDX-License-Identifier: GPL-2.0-only
"""What compilers and sparse complain of, without running anything.

Each file of the tree, and the glue that uses its macros and inline functions, is compiled with the kernel's
warnings and with those for strict aliasing at -O2, which the kernel switches off and other users of a header
may not. Complaints about the glue or about the kernel's own boot functions are nobody's fault here.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from xenhostgen.sandbox.process import BuildError, Job, run_all
from xenhostgen.spec.model import Interface
from xenhostgen.spec.template_sets import template_root
from xenhostgen.verify.facts import Read
from xenhostgen.verify.findings import Finding, Where
from xenhostgen.verify.harness import glue_source, include_flags, laid_out, units

WARNINGS = (
    *("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wstrict-aliasing=2"),
    # The kernel's usual exceptions: see its scripts/Makefile.extrawarn.
    *(
        "-Wno-unused-parameter",
        "-Wno-missing-field-initializers",
        "-Wno-sign-compare",
        "-Wno-pointer-sign",
    ),
)
_COMPLAINT = re.compile(
    r"^(?:\./)?([^\s:]+):(\d+):(\d+): warning: (.*?)(?: \[(-W[\w=+-]+)\])?$", re.MULTILINE
)


def complaints(
    spec: Interface, tree: Path, work: Path, compilers: Sequence[str], read: Read
) -> list[Finding]:
    """All complaints, one for each tool's rule and symbol."""
    laid_out({"glue.c": glue_source(spec)}, work)
    flags = [*include_flags(spec, tree, work), f"-I{template_root() / 'harness'}"]
    tools = [(cc, [cc, *WARNINGS, *flags, "-o", str(work / "static.o"), "-c"]) for cc in compilers]
    if shutil.which("sparse"):
        tools.append(("sparse", ["sparse", "-std=gnu11", "-Wno-unknown-attribute", *flags]))
    sources = [*(f"./{file}" for file in units(spec)), str(work / "glue.c")]
    found: dict[tuple[str, str], Finding] = {}
    for tool, command in tools:
        jobs = [Job([*command, source], tree, merge_errors=True) for source in sources]
        try:
            said = "\n".join(run_all(jobs))
        except BuildError:
            continue  # what doesn't compile has been told with its place
        for finding in _findings(spec, tool, said, read):
            found.setdefault((finding.rule, finding.subject), finding)
    return list(found.values())


def _findings(spec: Interface, tool: str, said: str, read: Read) -> Iterator[Finding]:
    boots = {guest.boot.function for guest in spec.guests}
    for file, line, column, text, flag in _COMPLAINT.findall(said):
        where = Where(file, int(line), int(column))
        named = re.search(r"symbol '(\w+)'", text)
        symbol = named[1] if named else _enclosing(read, where)
        if file in read.facts and symbol not in boots:
            rule = "sparse-warning" if tool == "sparse" else "compiler-warning"
            subject = f"{symbol} {flag}".strip()
            yield Finding(rule, subject, f"{tool}: {text}", where, seen_by=tool)


def _enclosing(read: Read, where: Where) -> str:
    """The function, macro or variable in which a line stands."""
    facts = read.facts.get(where.file)
    if facts is None:
        return where.file
    starts = [
        (fact.at.line, fact.name)
        for fact in facts
        if fact.kind in ("function", "variable", "macro")
    ]
    return max((start for start in starts if start[0] <= where.line), default=(0, where.file))[1]
