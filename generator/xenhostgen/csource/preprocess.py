# SPDX-License-Identifier: GPL-2.0-only
"""Run the compiler's preprocessor on a stranger's file, under limits, keeping track of lines.

What may go wrong ends as a ``BuildError``: an include of /dev/zero, includes that include
themselves, endless output, a file that names another in ``#line`` to hide what it defines.
"""

import codecs
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from xenhostgen.csource.tokens import Kind, code_tokens
from xenhostgen.sandbox.confinement import View
from xenhostgen.sandbox.location import Location
from xenhostgen.sandbox.process import BuildError, Complaint, Job, Limits, run_all

SHIM = Path(__file__).parent / "shim"
"""The stand-ins for kernel headers; its README says how to compile against them."""


LIMITS = Limits(output_bytes=32 << 20, memory_bytes=1 << 30)
_FLAGS = (
    *("-E", "-w", "-dD", "-dI", "-std=gnu11", "-nostdinc", "-DXENHOSTGEN_PARSE"),
    *("-D__KERNEL__", "-include", str(SHIM / "linux/kconfig.h")),
    *("-include", str(SHIM / "parse.h")),
)


class Directive(NamedTuple):
    """An include, with the header as it is written, or a macro's definition."""

    kind: str
    name: str
    at: Location
    text: str = ""
    """A macro's parameters, ``(a, b)``, and its tokens."""


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """Preprocessed C: no directives, and for each line where it comes from."""

    path: str
    text: str
    origins: tuple[Location, ...]
    directives: tuple[Directive, ...]
    """Those of the file itself, in order; what its includes define isn't here."""

    def origin(self, line: int, column: int) -> Location:
        """The source position of a place in ``text``; line 0 stands for none in particular.

        Columns are exact where no macro was expanded before them on the line.
        """
        known = 1 <= line <= len(self.origins)
        return self.origins[line - 1]._replace(column=column) if known else Location(self.path)


def preprocess(
    path: Path,
    include_dirs: Sequence[Path] = (),
    *,
    options: Sequence[str] = (),
    cc: str = "gcc",
    limits: Limits = LIMITS,
    view: View | None = None,
) -> str:
    """Preprocess ``path``, for ``read_output``; ``include_dirs`` come before the shim's.

    ``options`` are the compiler's, such as define those of the kernel.

    Raises BuildError with the compiler's own messages, or with the limit that was hit.
    """
    if reason := _unreadable(path):
        raise BuildError(reason)
    includes = [f"-I{directory}" for directory in (*include_dirs, SHIM)]
    flags = [*_FLAGS, *includes, *options]
    name = f"./{path}" if str(path).startswith("-") else str(path)
    folder = path.parent if view else Path()
    job = Job([cc, *flags, name], folder, limits, view=view)
    (output,) = run_all([job], "preprocessing")
    return output


def _unreadable(path: Path) -> str:
    """Why a file is none that a compiler reads; empty if it is one."""
    if not path.is_file():
        return "not a regular file" if path.exists() else "no such file"
    with suppress(OSError), path.open("rb") as stream:  # the compiler complains of that, too
        if stream.read(2) in _UTF_16:
            return "is UTF-16, where compilers read UTF-8"
    return ""


_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MARKER = re.compile(r'# (\d+) "((?:[^"\\]|\\.)*)"([ \d]*)$')
_DIRECTIVE = re.compile(
    r'#\s*(define|undef|pragma|include(?:_next)?|import)\b\s*(<[^>]*>|"[^"]*"|\w+|)'
)


def read_output(output: str, path: str) -> Preprocessed:
    """Take the line markers and definitions out of the preprocessor's output.

    Raises BuildError for what would hide a part of the file.
    """
    kept: list[str] = []
    origins: list[Location] = []
    directives: list[Directive] = []
    main = current = ""  # file names as the markers spell them
    file, line = path, 0
    entered = False  # the compiler's own preamble is over
    # Not splitlines(): a form feed doesn't end a line of C.
    for text in output.split("\n"):
        if marker := _MARKER.match(text):
            name, flags = marker[2], marker[3].split()
            main = main or name
            if entered and name != current and not {"1", "2"} & set(flags):
                message = "#line renames the file, which would hide what it defines"
                raise Complaint(message, Location(file, line)).error()
            if "3" in flags and not name.startswith("<"):  # clang's own
                message = "a pragma makes it a system header, which would hide warnings"
                raise Complaint(message, Location(name, int(marker[1]) - 1)).error()
            entered = entered or (name == main and current.startswith("<command"))
            current, line = name, int(marker[1])
            file = path if name == main else re.sub(r"\\(.)", r"\1", name)
            continue
        directive = _DIRECTIVE.match(text)
        if not directive:
            kept.append(text)
            origins.append(Location(file, line))
        elif current == main and directive[1] == "define":
            directives.append(_macro(text, Location(path, line, 1)))
        elif current == main and directive[1] == "include":
            directives.append(Directive("include", directive[2], Location(path, line, 1)))
        line += 1
    text = "\n".join(kept)
    return Preprocessed(path, text, tuple(origins), tuple(directives))


def _macro(text: str, at: Location) -> Directive:
    name, *body = code_tokens(text)[2:-1]  # between `# define` and the end of the directive
    words = [token.text for token in body]
    if body and body[0].kind is Kind.PARAMETERS:
        end = words.index(")")
        params = ", ".join(word for word in words[1:end] if word != ",")
        words = [f"({params})", *words[end + 1 :]]
    return Directive("macro", name.text, at, " ".join(words))
