# SPDX-License-Identifier: GPL-2.0-only
"""Run the compiler's preprocessor on a stranger's file, under limits, keeping track of lines.

What may go wrong ends as a ``SourceError``: an include of /dev/zero, includes that include
themselves, endless output, a file that names another in ``#line`` to hide what it defines.
"""

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from xenhostgen.csource.tokens import Kind, code_tokens
from xenhostgen.csource.toolchain import BuildError, Job, LimitHit, Limits, run_all

SHIM = Path(__file__).parent / "shim"
"""The stand-ins for kernel headers; its README says how to compile against them."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; lines and columns count from 1, and 0 means that it isn't known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        numbers = [str(n) for n in (self.line, self.column) if n]
        return ":".join([self.file, *numbers])


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One complaint of the compiler or the parser."""

    at: Position
    message: str

    def __str__(self) -> str:
        return f"{self.at}: {self.message}"


class SourceError(Exception):
    """C that can't be preprocessed or parsed; ``diagnostics`` says where and why."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(map(str, diagnostics)))
        self.diagnostics = diagnostics


LIMITS = Limits(output_bytes=32 << 20, memory_bytes=1 << 30)


class Macro(NamedTuple):
    """A macro's definition: ``text`` is its parameters, as ``(a, b)``, and its tokens, separated by single blanks."""

    name: str
    text: str
    at: Position


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """Preprocessed C: no directives, and for each line where it comes from."""

    path: str
    text: str
    origins: tuple[tuple[str, int], ...]
    macros: tuple[Macro, ...]
    """Those defined in the file itself, in order; what its includes define isn't here."""

    def origin(self, line: int, column: int = 0) -> Position:
        """The source position of a place in ``text``; line 0 stands for none in particular.

        Columns are exact where no macro was expanded before them on the line.
        """
        if not 1 <= line <= len(self.origins):
            return Position(self.path)
        file, source_line = self.origins[line - 1]
        return Position(file, source_line, column)


def preprocess(
    path: Path,
    include_dirs: Sequence[Path] = (),
    *,
    defines: Sequence[str] = (),
    cc: str = "gcc",
    limits: Limits = LIMITS,
) -> Preprocessed:
    """Preprocess ``path`` for parsing; ``include_dirs`` come before the shim's.

    ``defines`` are macros to define as 1, such as the kernel's options.

    Raises SourceError with the compiler's own messages, or with the limit that was hit.
    """
    if not path.is_file():
        reason = "not a regular file" if path.exists() else "no such file"
        raise SourceError(Diagnostic(Position(str(path)), reason))
    directories = [f"-I{directory}" for directory in (*include_dirs, SHIM)]
    directories += [f"-D{name}=1" for name in defines]
    flags = ["-E", "-dD", "-std=gnu11", "-nostdinc", "-DXENHOSTGEN_PARSE"]
    name = f"./{path}" if str(path).startswith("-") else str(path)
    command = [cc, *flags, "-include", str(SHIM / "parse.h"), *directories, name]
    if shutil.which(cc) is None:
        raise SourceError(Diagnostic(Position(str(path)), f"compiler '{cc}' not found"))
    with tempfile.TemporaryDirectory() as scratch:
        try:
            (output,) = run_all([Job(command, Path())], Path(scratch), limits)
        except LimitHit as error:
            message = error.output.replace("compiling", "preprocessing")
            raise SourceError(Diagnostic(Position(str(path)), message)) from None
        except BuildError as error:
            said = [
                Diagnostic(Position(one.file or str(path), one.line, one.column), one.text)
                for one in error.complaints()
            ]
            raise SourceError(*said) from None
    return _read_output(output, str(path))


_MARKER = re.compile(r'# (\d+) "((?:[^"\\]|\\.)*)"([ \d]*)$')
_DROPPED = re.compile(r"#\s*(?:define|undef|pragma)\b")


def _read_output(output: str, path: str) -> Preprocessed:
    """Take the line markers and definitions out of the preprocessor's output."""
    kept: list[str] = []
    origins: list[tuple[str, int]] = []
    macros: list[Macro] = []
    main = current = None  # file names as the markers spell them
    line = 0
    entered = False  # the compiler's own preamble is over
    # Not splitlines(): a form feed doesn't end a line of C.
    for text in output.split("\n"):
        marker = _MARKER.match(text)
        if marker:
            number, file, flags = int(marker[1]), marker[2], marker[3].split()
            main = main or file
            if entered and file != current and not {"1", "2"} & set(flags):
                message = "#line renames the file, which would hide what it defines"
                raise SourceError(Diagnostic(_position(current, main, path, line), message))
            entered = entered or (file == main and str(current).startswith("<command"))
            current, line = file, number
            continue
        if _DROPPED.match(text):
            if current == main and re.match(r"#\s*define\b", text):
                macros.append(_macro(text, Position(path, line, 1)))
        else:
            kept.append(text)
            at = _position(current, main, path, line)
            origins.append((at.file, at.line))
        line += 1
    return Preprocessed(path, "\n".join(kept), tuple(origins), tuple(macros))


def _position(current: str | None, main: str | None, path: str, line: int) -> Position:
    if current is None or current == main:
        return Position(path, line)
    return Position(re.sub(r"\\(.)", r"\1", current), line)


def _macro(text: str, at: Position) -> Macro:
    name, *body = code_tokens(text)[2:-1]  # between `# define` and the end of the directive
    parts = []
    if body and body[0].kind is Kind.PARAMETERS:
        end = next(i for i, token in enumerate(body) if token.text == ")")
        parts.append(f"({', '.join(token.text for token in body[1:end] if token.text != ',')})")
        body = body[end + 1 :]
    return Macro(name.text, " ".join([*parts, *(token.text for token in body)]), at)
