# SPDX-License-Identifier: GPL-2.0-only
"""What a compiler doesn't understand of a spec's C, told where the spec has it.

Each piece of C stands on a line of its own that is numbered for the compiler, so that what it
complains of has the piece and the column in it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from xenhostgen.sandbox.process import BuildError, Complaint, Job, run
from xenhostgen.spec.model import NONE, Interface, Op
from xenhostgen.spec.source import At, Inside, Problem, Problems, SpecError, Text
from xenhostgen.spec.yaml import read_file
from xenhostgen.verify.expectation import Expectation
from xenhostgen.verify.harness import Harness

_FILE = "piece"
_FLAGS = (
    "-std=gnu11 -fsyntax-only -Werror=implicit-function-declaration -Werror=int-conversion"
    " -Werror=incompatible-pointer-types -Werror=return-type -x c -"
).split()
_ADVICE = re.compile(r"; (did you mean .*\?|have you .*?)(?: \[-W|$)")
# What a complaint says of compilers' options and habits, and what it advises.
_BESIDES = re.compile(r" \(first use in this function\)|; did you .*| \[-W[\w=-]+\]$|; have you .*")
# Compilers only warn of it, and then find any two such types different.
_HIDDEN = (
    "warning: (?:declaration of )?('(?:struct|union|enum) [^']*') "
    "(?:declared inside parameter list|will not be visible).*"
)
_INCOMPLETE = "invalid application of 'sizeof' to (?:an )?incomplete type ('[^']*')"
# Complaints of names that a header may declare which only the kernel has.
_UNKNOWN = re.compile("unknown type|implicit decl|undeclared|^expected |is not declared$")
UNDECLARED = "is not declared"
_DECLARE = "name it under 'kernel', and if the header uses it in its 'declares'"
MEND = "mend this piece, or what 'kernel' says of the names in it"
_HINT = "C must know it: declare it in 'kernel', or include the kernel's header"


def check_pieces(harness: Harness, due: Expectation, alone: bool = False) -> None:
    """Raise ``SpecError`` with all that a compiler complains of, or what is ``alone`` of pieces."""
    pieces = Pieces(due)
    complaints = complaints_of(harness, [f"-I{harness.questions}"], pieces.unit(), [_FILE])
    if alone:
        complaints = [complaint for complaint in complaints if complaint.at.file == _FILE]
    if complaints:
        raise unreadable(due.spec, complaints, pieces.texts)


def complaints_of(
    harness: Harness, options: Sequence[str], c: str, files: Iterable[str]
) -> list[Complaint]:
    """What a compiler says of C: errors and, of files, structures known to one function alone."""
    command = [harness.compiler, *options, *harness.flags, *_FLAGS]
    completed = run(Job(command, harness.tree, input=c.encode(), view=harness.view))
    if completed.exceeded:
        return BuildError(f"compiling {completed.exceeded}").complaints()
    output = completed.errors.decode(errors="backslashreplace")
    hidden = rf"^((?:{'|'.join(map(re.escape, files))}):\d+:\d+: ){_HIDDEN}"
    errors = re.sub(hidden, rf"\1error: \2 {UNDECLARED}", output, flags=re.MULTILINE)
    errors = re.sub(_INCOMPLETE, rf"\1 {UNDECLARED}", errors)
    is_right = completed.status == 0 and errors == output
    return [] if is_right else BuildError(errors).complaints()


def is_certain(problem: Problem) -> bool:
    """Whether a piece is wrong whatever other headers declare, or has a known name misspelt."""
    return problem.hint != _HINT


class Pieces:
    """The pieces of C of one spec, numbered from 1."""

    def __init__(self, due: Expectation) -> None:
        self.due, self.spec = due, due.spec
        self.texts: list[Text] = []

    def unit(self) -> str:
        """C that declares what is due, and then has each piece where it belongs."""
        lines = ["#include <linux/errno.h>"]
        for header in self.spec.context_headers:  # of a guest's file, the kernel may have it alone
            lines += [f"#if __has_include({header})", f"#include {header}", "#endif"]
        lines.append(self.due.declared())
        lines += [*self.of_kernel(), *self.of_hosts(), *self.of_ops()]
        return "\n".join([*lines, ""])

    def numbered(self, piece: str, end: str = "") -> str:
        """A piece as the compiler is to know it; a default stands nowhere in the spec."""
        if not isinstance(piece, Text) or not hasattr(piece, "line"):
            return piece + end
        self.texts.append(piece)
        return f'\n#line {len(self.texts)} "{_FILE}"\n{piece}{end}\n#line 1 "made"\n'

    def params(self, op: Op) -> str:
        """The parameters of an op's functions."""
        return ", ".join([f"{self.spec.c.host} *{op.host}", *map(self.numbered, op.args)])

    def of_kernel(self) -> Iterator[str]:
        """What the spec says of the kernel's functions and variables."""
        for function in self.spec.kernel.functions:
            args = ", ".join(map(self.numbered, function.args)) or "void"
            yield f"extern {self.numbered(function.returns)} {function.name}({args});"
        for variable in self.spec.kernel.variables:
            yield f"extern {self.numbered(variable.type)} {variable.name};"

    def of_hosts(self) -> Iterator[str]:
        """The members that the spec adds to the host structure, and boot functions' parameters."""
        for number, field in enumerate(self.spec.fields):
            members = [field.c] if field.c else field.struct
            c = " ".join(self.numbered(member, end=";") for member in members)
            yield f"struct {_FILE}_field_{number} {{ {c} }};"
        for number, guest in enumerate(self.spec.guests):
            params = ", ".join(map(self.numbered, guest.boot.params)) or "void"
            yield f"void {_FILE}_boot_{number}({params});"

    def of_ops(self) -> Iterator[str]:
        """The ops' types, what their adapters do, and what else their wrappers evaluate to."""
        for op in self.spec.ops:
            yield f"extern {self.numbered(op.returns)} {_FILE}_{op.name}({self.params(op)});"
            if op.returns != "void":
                yield f"enum {{ {_FILE}_size_{op.name} = sizeof({self.numbered(op.returns)}) }};"
            if op.wrapper_type != "void":
                values = filter(None, (op.no_host, op.fallback))
                yield from (self.function(op, op.wrapper_type, value) for value in values)
        owners = (NONE, *(guest.name for guest in self.spec.guests))
        for op, entry in (pair for owner in owners for pair in self.spec.adapters(owner)):
            if entry.body:
                yield self.function(op, op.returns, entry.body)

    def function(self, op: Op, returns: str, value: str) -> str:
        """A function with an op's parameters that evaluates a piece."""
        name = f"{_FILE}_of_{len(self.texts)}"
        verb = "" if returns == "void" else "return "
        body = verb + self.numbered(value, end=";")
        return f"static {returns} {name}({self.params(op)}) {{ {body} }}"


def plain(complaint: Complaint) -> str:
    """What a compiler says, without its advice."""
    return _BESIDES.sub("", complaint.text)


def is_of_unknown(text: str) -> bool:
    """Whether a compiler says that it doesn't know a name, so that another header may help."""
    return bool(_UNKNOWN.search(text))


def unreadable(
    spec: Interface, complaints: Iterable[Complaint], pieces: Sequence[Text] = ()
) -> SpecError:
    """What a compiler says, at the pieces of which it says it, else of the spec as a whole."""
    problems = Problems(spec.path, read_file(Path(spec.path)))
    placed = [complaint for complaint in complaints if complaint.at.file == _FILE]
    # What it says of other pieces may follow from these.
    undeclared = [complaint for complaint in placed if complaint.text.endswith(UNDECLARED)]
    for complaint in undeclared or placed or complaints:
        text, advice = plain(complaint), MEND
        if match := _ADVICE.search(complaint.text):
            advice = match[1]
        elif is_of_unknown(text):
            advice = _DECLARE if text.endswith(UNDECLARED) else _HINT
        at: At | Inside = spec.at
        if placed:
            at = Inside(pieces[complaint.at.line - 1], max(0, complaint.at.column - 1))
        problems.add("not-c", text, at, advice)
    return SpecError(problems.noted)
