# SPDX-License-Identifier: GPL-2.0-only
"""What a compiler says of rendered files, at the places of the spec that made the lines.

A piece of C may be right by itself and wrong where it lands: in a file that doesn't include what
declares its names.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from xenhostgen.csource.preprocess import SHIM
from xenhostgen.extensions.explain.provenance import provenance
from xenhostgen.sandbox.process import Complaint
from xenhostgen.spec.model import Interface
from xenhostgen.spec.places import spec_places
from xenhostgen.spec.source import Fault, Problems, SpecError
from xenhostgen.spec.yaml import read_file
from xenhostgen.verify.drift import rendered
from xenhostgen.verify.harness import include_name
from xenhostgen.verify.pieces import MEND, UNDECLARED, complaints_of, is_of_unknown, plain
from xenhostgen.verify.subject import Subject

_SHIM_INCLUDE = re.compile(r"#include <(linux/\w+\.h)>")


def check_rendering(subject: Subject) -> None:
    """Raise ``SpecError`` with what a compiler says of files all of whose headers are known."""
    spec = subject.spec
    compiler = _Compiler(subject)
    complaints: dict[Complaint, str] = {}
    for path in includers(spec):
        if included(spec, path).isdisjoint(subject.harness.stand_ins):
            for complaint in compiler.complaints(path):
                complaints.setdefault(complaint, path)
    # What else it says follows from names that it doesn't know.
    of_names = {key: path for key, path in complaints.items() if is_of_unknown(plain(key))}
    if complaints:
        source = read_file(Path(spec.path))
        problems = Problems(spec.path, source)
        problems.extend(_faults(spec, source, compiler, of_names or complaints))
        raise SpecError(problems.noted)


def _faults(
    spec: Interface, source: str, compiler: "_Compiler", complaints: dict[Complaint, str]
) -> Iterator[Fault]:
    """A fault for each complaint, one alone for all that a header would mend."""
    lines, places, keys = provenance(spec, source), spec_places(spec), includers(spec)
    mended: set[str] = set()
    for complaint, path in complaints.items():
        file, text = complaint.at.file, plain(complaint)
        at, message, hint, remedy = places[file], f"{text} in {file}", MEND, ""
        if rendered(spec)[file] == lines.files[file]:  # nothing is carried
            at = lines.origins[file][complaint.at.line - 1].at
        header = compiler.remedy(path, complaint) if is_of_unknown(text) else ""
        if text.endswith(UNDECLARED) and header != include_name(spec.header.file):
            remedy, hint = text, "name it in 'declares' under 'header'"
        elif header:
            remedy, hint = f"{file} needs {header}", f"add {header} to {keys[file]}"
            message = f"{remedy}: {text}"
        if remedy not in mended:
            yield "not-c", message, at, hint
        mended |= {remedy} - {""}


def includers(spec: Interface) -> dict[str, str]:
    """The files with C of ours, and where the spec lists the headers that each includes."""
    keys: dict[str, str] = {spec.header.file: "'includes' under 'header'"}
    keys[spec.source.file] = "'includes' under 'source'"
    return keys | {guest.file: f"the 'context' of guest '{guest.name}'" for guest in spec.guests}


def included(spec: Interface, path: str) -> set[str]:
    """The headers that a file includes, those of the interface's header among them."""
    headers = [*spec.header.includes, *(spec.source.includes if path == spec.source.file else ())]
    for guest in spec.guests:
        headers += guest.context if guest.file == path else ()
    return {header[1:-1] for header in headers}


class _Compiler:
    """Asks a compiler about rendered files, with a further header or without; it answers once."""

    def __init__(self, subject: Subject) -> None:
        self.subject, self.files = subject, includers(subject.spec)
        self.answers: dict[tuple[str, ...], list[Complaint]] = {}
        depths = {f"linux/{file.name}": len(_below([file.name])) for file in SHIM.glob("linux/*.h")}
        of_shim = [f"<{name}>" for name in sorted(depths, key=lambda name: depths[name])]
        ours, of_kernel = subject.spec.header.file, subject.spec.predicates.file
        self.headers = [include_name(ours), *of_shim, include_name(of_kernel)]

    def complaints(self, path: str, *options: str) -> list[Complaint]:
        """What it says of our files while it reads one of them."""
        if (path, *options) not in self.answers:
            c = f'#include "{path}"\n'
            answer = complaints_of(self.subject.harness, options, c, self.files)
            own = [complaint for complaint in answer if complaint.at.file in self.files]
            self.answers[path, *options] = own
        return self.answers[path, *options]

    def remedy(self, path: str, complaint: Complaint) -> str:
        """The header with which it doesn't say that: ours, else that with the fewest below it."""
        for header in self.headers:
            if complaint not in self.complaints(path, "-include", header[1:-1]):
                return header
        return ""


def _below(names: Iterable[str]) -> set[str]:
    """The shim's headers that some of them include, by way of others, too."""
    seen: set[str] = set()
    queue = list(names)
    while queue:
        file = SHIM / "linux" / Path(queue.pop()).name
        if file.name not in seen and file.is_file():
            seen.add(file.name)
            queue += _SHIM_INCLUDE.findall(file.read_text())
    return seen
