# SPDX-License-Identifier: GPL-2.0-only
"""Rule 14: nothing but the boot path registers, unregisters, or touches array and tables.

Looked at is the tree as it is, also what is cut from a kernel's files before they are compiled: the
files in the folders of the spec's own, and the headers that these include. C is taken apart by
its tokens alone, so that any file can be read.
"""

import errno
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from xenhostgen.csource.tokens import Kind, Token, parts
from xenhostgen.sandbox.location import Location
from xenhostgen.spec.model import Interface
from xenhostgen.verify.declarations import expectation
from xenhostgen.verify.drift import read_text
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import c_files, included
from xenhostgen.verify.subject import Subject

_ERRNO = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+(E[A-Z0-9]+)[ \t]+\(?(\w+)\)?[ \t]*(?:/[/*].*)?$", re.M
)
_ASSIGNING = re.compile(r"(?:[-+*/%&|^]|<<|>>)?=|\+\+|--")
_WORD = re.compile(r"\w+")
_TYPES = ("struct", "union", "enum", "typedef")


class Definition(NamedTuple):
    """A function, variable or macro, or the use of a macro outside of functions."""

    path: str
    name: str
    tokens: list[Token]

    @property
    def words(self) -> set[str]:
        """The names in it."""
        return {token.text for token in self.tokens if token.kind is Kind.IDENTIFIER}


class Elsewhere:
    """Uses outside the boot path, and errnos that a header makes others."""

    level = "parse"

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Look through the tree."""
        spec, root = subject.spec, subject.options.tree or subject.tree
        texts: dict[str, str] = {}
        for path in dict.fromkeys(_paths(spec, root)):
            text = read_text(root, path)
            texts[path] = text or ""
            if text is None:
                subject.statistics.left_out.append(f"{path}: it can't be read, or is too large")
        yield from _uses(spec, texts)
        for path, text in texts.items():
            yield from _errnos(path, text)


def _paths(spec: Interface, root: Path) -> Iterator[str]:
    """The files beside the spec's, and headers that the spec's include."""
    for folder in dict.fromkeys(Path(path).parent for path in c_files(spec)):
        for file in sorted((root / folder).glob("*.[ch]")):
            if file.is_file():
                yield str(folder / file.name)
    for path in c_files(spec):
        yield from included(root, path, read_text(root, path) or "")


def _uses(spec: Interface, texts: dict[str, str]) -> Iterator[Finding]:
    """Each definition that uses what only the boot path may, and is no part of that."""
    c, own = spec.c, (spec.header.file, spec.source.file)
    names = {c.register, c.unregister, *(str(table.symbol) for _, table in spec.tables())}
    slots = {c.array, *(str(slot.pointer) for slot in spec.slots)}

    def mention(definition: Definition) -> Token | None:
        # The interface's own files may read the array, as iterators do.
        also = () if definition.path in own else (c.array,)
        return _mention(definition, names.union(also), slots)

    users = list(_definitions(texts, names | slots))
    due = expectation(spec).files
    known = {path: {fact.name for fact in facts} for path, facts in due.items()}
    allowed = [
        definition for definition in users if definition.name in known.get(definition.path, ())
    ]
    helpers = _helpers(allowed, [definition for definition in users if definition not in allowed])
    if using := {helper.name for helper in helpers if mention(helper)}:
        names |= using
        users = list(_definitions(texts, names | slots))
    for definition in users:
        at = mention(definition)
        if at and definition not in allowed and definition not in helpers:
            message = f"'{definition.name}' uses '{at.text}', which only boot code may use"
            where = Location(definition.path, at.line, at.column)
            yield Finding("used-elsewhere", definition.name, message, where, seen_by="reading")


def _definitions(texts: dict[str, str], names: set[str]) -> Iterator[Definition]:
    """What those files define that hold one of some names."""
    for path, text in texts.items():
        if names.intersection(_WORD.findall(text)):
            yield from definitions(path, text)


def _helpers(allowed: Iterable[Definition], others: list[Definition]) -> list[Definition]:
    """The definitions that those which are allowed lead to."""
    helpers: list[Definition] = []
    callers = list(allowed)
    while callers:
        words = set().union(*(caller.words for caller in callers))
        callers = [other for other in others if other.name in words and other not in helpers]
        helpers += callers
    return helpers


def _mention(definition: Definition, names: set[str], slots: set[str]) -> Token | None:
    """Where a definition uses one of the names, or writes what it reaches through a slot's."""
    tokens = definition.tokens
    for index, token in enumerate(tokens):
        is_written = token.text in slots and _is_written(tokens[index + 1 :])
        if token.text != definition.name and (token.text in names or is_written):
            return token
    return None


def _is_written(tokens: list[Token]) -> bool:
    """Whether what follows a name leads on to a member, and assigns to that."""
    depth, members = 0, 0
    for token in tokens:
        depth += (token.text == "[") - (token.text == "]")
        if depth == 0 and _ASSIGNING.fullmatch(token.text):
            return members > 0
        if token.text in ("->", ".", "["):
            members += 1
        elif depth == 0 and token.text != "]" and token.kind is not Kind.IDENTIFIER:
            return False
    return False


def definitions(path: str, text: str) -> Iterator[Definition]:
    """What a file defines, macros first; declarations are none."""
    directives, code = parts(text)
    for directive in directives:
        match directive:
            case [Token(text="define"), name, *body]:
                yield Definition(path, name.text, body)
    chunk: list[Token] = []
    depth = 0
    for token in code:
        chunk.append(token)
        depth = max(0, depth + (token.text in "({[") - (token.text in ")}]"))
        is_body = token.text == "}" and not _has_more(chunk)
        if depth == 0 and (token.text == ";" or is_body):
            yield from _definition(path, chunk)
            chunk = []


def _has_more(chunk: list[Token]) -> bool:
    """Whether a definition goes on behind its brace, up to a semicolon."""
    head = _head(chunk)
    return "=" in head or (head[:1] != [] and head[0] in _TYPES and "(" not in head)


def _head(chunk: list[Token]) -> list[str]:
    """The texts before the first brace."""
    texts = [token.text for token in chunk]
    return texts[: texts.index("{")] if "{" in texts else texts


def _definition(path: str, chunk: list[Token]) -> Iterator[Definition]:
    head = _head(chunk)
    depth, name = 0, ""
    for before, word, following in zip(["", *head], head, [*head[1:], ""], strict=False):
        depth += (word == "(") - (word == ")")
        if (depth, before, word) == (1, "(", "*"):  # a pointer to a function
            name = following
            break
        # The attributes of a variable stand behind its name.
        is_attribute = word == "__attribute__" or (word.startswith("__") and "=" in head)
        is_name = depth == 0 and re.fullmatch(r"\w+", word) and not is_attribute
        if is_name and (following in ("(", "[", "=", ";") or following.startswith("__")):
            name = word
            if following in ("[", "="):
                break
    is_use = len(head) > 1 and head[1] == "(" and not head[0].startswith("EXPORT_SYMBOL")
    if name and (len(head) < len(chunk) or "=" in head or is_use):
        yield Definition(path, name, chunk)


def _errnos(path: str, text: str) -> Iterator[Finding]:
    """Errnos that a file defines as other numbers than everybody knows."""
    for match in _ERRNO.finditer(text):
        name, value = match.groups()
        due = getattr(errno, name, None)
        if due is not None and value != str(due):
            where = Location(path, text.count("\n", 0, match.start()) + 1, 1)
            message = f"'{name}' is '{value}' here, but {due} everywhere else"
            yield Finding("declaration-differs", name, message, where, seen_by="reading")
