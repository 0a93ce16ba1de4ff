# SPDX-License-Identifier: GPL-2.0-only
"""Where a judged tree's code differs from the spec's own rendering, even if it does the same.

No finding: C may be written in many ways. But whoever judges a tree should see each change.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import islice
from pathlib import Path
from textwrap import shorten
from typing import NamedTuple

from xenhostgen import extension_points
from xenhostgen.csource.makefile import read_makefile
from xenhostgen.csource.tokens import Kind, code_tokens, tokens
from xenhostgen.render.files import render
from xenhostgen.sandbox.files import UnreadableFile, read_file
from xenhostgen.spec.model import Interface

_TOKENS_MAX = 200_000
_STATEMENTS_MAX = 50_000
_QUOTED_MAX = 60  # characters of code that a note quotes from each side
Reduce = Callable[[Interface, str, str], str]


class Statement(NamedTuple):
    """Code tokens up to a semicolon, a brace or the end of a directive, with their first line."""

    line: int
    code: str


def drift(spec: Interface, tree: Path, reduce: Reduce | None = None) -> list[str]:
    """A note for each run of statements that differs from the rendering, file by file.

    Where the tree holds a part of each of a kernel's files, ``reduce`` makes that part of the
    rendering. Only boot files are compared then: conformance compares all that is the interface's
    in the others.
    """
    compared_elsewhere = (spec.object.file, spec.predicates.file) if reduce else ()
    notes: list[str] = []
    for path, text in rendered(spec).items():
        judged = read_text(tree, path)
        if judged is None or path in compared_elsewhere:
            continue
        if has_too_much(judged):
            notes.append(f"{path}:1: too long to compare with the rendering")
            continue
        statements = _assignments if path == spec.object.file else _statements
        ours = list(statements(reduce(spec, path, text) if reduce else text))
        theirs = list(statements(judged))
        if reduce:  # the kernel's includes are in the kernel's order
            ours, theirs = _without_includes(ours), _without_includes(theirs)
        notes += [f"{path}:{note}" for note in _differences(theirs, ours)]
    return notes


def has_too_much(text: str) -> bool:
    """Whether a stranger's file is beyond what is compared in this process."""
    ends = sum(map(text.count, ";{}\n"))
    return ends > _STATEMENTS_MAX or len(list(islice(tokens(text), _TOKENS_MAX))) == _TOKENS_MAX


def _differences(judged: list[Statement], rendered: list[Statement]) -> Iterator[str]:
    """The line and the words of each run of statements that differs."""
    theirs, ours = [code for _, code in judged], [code for _, code in rendered]
    for tag, start, end, first, last in SequenceMatcher(None, theirs, ours).get_opcodes():
        if tag == "equal":
            continue
        line = judged[min(start, len(judged) - 1)].line if judged else 1
        extra, missing = _quoted(theirs[start:end]), _quoted(ours[first:last])
        if extra and missing:
            yield f"{line}: {extra} instead of {missing}"
        else:
            yield f"{line}: {f'extra {extra}' if extra else f'missing {missing}'}"


def _quoted(code: list[str]) -> str:
    return f"'{shorten(' '.join(code), _QUOTED_MAX, placeholder=' …')}'" if code else ""


def _statements(text: str) -> Iterator[Statement]:
    tokens: list[str] = []
    line = 1
    for token in code_tokens(text):
        line = line if tokens else token.line
        tokens.append(token.text)
        if token.text in (";", "{", "}") or token.kind is Kind.DIRECTIVE_END:
            yield Statement(line, " ".join(tokens).strip())
            tokens = []
    if tokens:
        yield Statement(line, " ".join(tokens))


def _assignments(makefile: str) -> Iterator[Statement]:
    for statement in read_makefile(makefile):
        words = (statement.variable, statement.operator, *statement.words)
        yield Statement(statement.line, " ".join(filter(None, words)))


def _without_includes(statements: list[Statement]) -> list[Statement]:
    return [statement for statement in statements if not statement.code.startswith("# include")]


@lru_cache(maxsize=1)
def rendered(spec: Interface) -> dict[str, str]:
    """A spec's rendering as extensions leave it, kept for the next tree of the same spec.

    Raises ``Refused``.
    """
    files = render(spec).files
    for change in extension_points.hooks("rendering"):
        files = change(spec, files)
    return files


def read_text(tree: Path, path: str) -> str | None:
    """The text of a file of a tree; None if there is none that may be read."""
    with suppress(UnreadableFile):
        content = read_file(tree, path)
        return None if content is None else content.decode(errors="replace")
    return None
