# SPDX-License-Identifier: GPL-2.0-only
"""The Makefile builds the interface's object, from its file and as that is judged.

Understood are lists of objects, and flags that change nothing of what C means. Each other line
that can reach the object is a finding, for then nobody knows what is built.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from xenhostgen.csource.makefile import Statement, read_makefile
from xenhostgen.csource.tokens import Kind, code_tokens
from xenhostgen.sandbox.location import Location
from xenhostgen.spec.model import Interface
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import units

_KEYWORDS = frozenset(("include", "-include", "sinclude", "load", "vpath"))
_SETTING = frozenset(("override", "undefine", "private", "define"))
_RUNS = re.compile(r"\$[({](?:eval|shell|file|guile)\b")
_CALLS = re.compile(r"\$[({](?!info|warning|error)")
# What kbuild builds by: how it compiles, with what, and from where.
_OF_KBUILD = re.compile(
    r"CC|LD|AR|OBJCOPY|SHELL|MAKEFLAGS|VPATH|NOSTDINC_FLAGS|LINUXINCLUDE|src|obj|srctree|objtree"
    r"|\.\w+|(?:cmd|rule)_(?:cc_|as_|ld|ar_|objcopy|gen_|link)\w*|_?[ac]_flags"
)
_FLAGS = re.compile(r"(?:subdir-)?(?:cc|cpp)flags-.+|KBUILD_\w*FLAGS\w*|EXTRA_CFLAGS|CFLAGS\w*")
_OF_OBJECT = re.compile(r"(?=\S+\.o$)(CFLAGS|CFLAGS_REMOVE|[A-Z]+_[A-Z_]+)_(\S+\.o)")
# Flags that change code, not what it means.
_HARMLESS = re.compile(r"-[WfOgm].*|-p|-std=.*")
_OPTION = re.compile(r"\$\(call cc-(?:option,\s*([^\s,()]+)|disable-warning,\s*[\w-]+)\)")
_SANITIZING = re.compile(r"(?:K|U)\w*SAN_SANITIZE|KCOV_INSTRUMENT|GCOV_PROFILE|OBJECT_FILES_\w+")


class Makefile:
    """One Makefile, beside the texts of the judged C."""

    def __init__(self, spec: Interface, text: str, judged: Mapping[str, str]) -> None:
        self.spec, self.judged = spec, judged
        self.file, self.list = spec.object.file, spec.object.list
        self.stem = Path(spec.source.file).stem
        self.statements = read_makefile(text)
        folder = Path(self.file).parent
        self.objects = [
            Path(unit).stem + ".o" for unit in units(spec) if Path(unit).parent == folder
        ]

    @cached_property
    def words(self) -> set[str]:
        """The names in the judged C."""
        tokens = (token for text in self.judged.values() for token in code_tokens(text))
        return {token.text for token in tokens if token.kind is Kind.IDENTIFIER}

    def findings(self) -> Iterator[Finding]:
        """Lines that aren't understood, and whether the object is built."""
        for number, statement in enumerate(self.statements):
            reason = self.obstacle(statement)
            if not reason and self.replaces(statement) and self.is_built(number):
                reason = f"it replaces '{statement.variable}', which may hold the object"
            if reason:
                where, name = Location(self.file, statement.line, 1), f"{self.stem}.o"
                message = f"this line may affect {name}: {reason}"
                yield Finding("makefile-line", name, message, where, seen_by="conformance")
        if not self.is_built():
            message = f"no line '{self.list} += {self.stem}.o' in {self.file}"
            at = self.spec.object.at
            where = Location(self.file)
            yield Finding(
                "declaration-missing", f"{self.stem}.o", message, where, at, seen_by="conformance"
            )

    def replaces(self, statement: Statement) -> bool:
        """Whether an assignment may set the list of objects anew."""
        variable = statement.variable
        is_another = variable != self.list and variable.startswith(("obj-y", "obj-$"))
        return is_another and statement.operator != "+="

    def is_built(self, end: int | None = None) -> bool:
        """Whether the object is in the list, on no other condition, up to a statement."""
        name, built = f"{self.stem}.o", False
        for statement in self.statements[:end]:
            words, operator = statement.words, statement.operator
            if statement.variable == self.list and operator not in ("?=", "!="):
                kept = operator == "+=" or f"$({self.list})" in words
                built = (built and kept) or (name in words and not statement.depth)
        return built

    def obstacle(self, statement: Statement) -> str:
        """Why a line may change what is built of the judged C; empty if it can't."""
        words, text = statement.words, " ".join((statement.variable, *statement.words))
        if statement.variable:
            return self.of_assignment(statement)
        if words[0] in _KEYWORDS:
            return f"'{words[0]}' makes other files part of the build"
        if words[0] in _SETTING:
            is_ours = self.sets_ours(words[-1] if words[0] == "undefine" else words[1])
            return f"'{words[0]}' changes how the list is read" if is_ours else ""
        if _RUNS.search(text) or (_CALLS.match(text) and ":" not in text):
            return "it runs a command or a function of make"
        if self.is_target(text):
            return "it is a rule for it"
        return f"it names '{self.stem}'" if self.names_object(text) else ""

    def of_assignment(self, statement: Statement) -> str:
        """The same of an assignment."""
        variable, operator, words = statement.variable, statement.operator, statement.words
        text = " ".join(words)
        if operator == "!=" or _RUNS.search(text):
            return "it runs a command or a function of make"
        if "override" in statement.modifiers and self.sets_ours(variable):
            return "'override' keeps later lines from adding to the list"
        if flags := self.of_flags(variable, words):
            return flags
        if _OF_KBUILD.fullmatch(variable):
            return f"kbuild builds by '{variable}'"
        if variable.startswith("$"):
            return "the name of the variable is computed"
        is_list = variable == self.list and f"{self.stem}.o" in words
        if not is_list and self.names_object(f"{variable} {text}"):
            quiet = _OF_OBJECT.fullmatch(variable)
            is_quiet = quiet and _SANITIZING.fullmatch(quiet[1])
            is_flag = _FLAGS.match(variable)
            return "" if is_quiet or is_flag else f"it names '{self.stem}'"
        return ""

    def of_flags(self, variable: str, words: tuple[str, ...]) -> str:
        """The flag that may give the judged C another meaning, of a list of flags for it."""
        of_object = re.fullmatch(r"CFLAGS_(\S+\.o)", variable)
        if not (of_object or _FLAGS.fullmatch(variable)):
            return ""
        if of_object and of_object[1] not in self.objects:
            return "" if "$" not in of_object[1] else "the name of the object is computed"
        for word in _OPTION.sub(r"\1", " ".join(words)).split():
            defined = re.fullmatch(r"['\"]?-[DU]['\"]?(\w+)(?:\(.*\))?(?:=.*)?", word)
            if defined and defined[1] not in self.words:
                continue
            if not _HARMLESS.fullmatch(word):
                return f"the flag '{word}' may change what the C means"
        return ""

    def sets_ours(self, name: str) -> bool:
        """Whether a name is that of the list or of flags."""
        is_list = name.startswith(("obj-", "$"))
        return is_list or bool(_FLAGS.match(name)) or self.names_object(name)

    def names_object(self, text: str) -> bool:
        """Whether a text names the object, its file or its parts."""
        stem = re.escape(self.stem)
        return (
            re.search(rf"(?<![\w-]){stem}(?:\.[co]\b|-(?:y|objs|m)\b|-\$)|_{stem}\.o\b", text)
            is not None
        )

    def is_target(self, text: str) -> bool:
        """Whether a rule makes a judged object, by its name or by a pattern."""
        targets, colon, _ = text.partition(":")
        for target in targets.split() if colon else ():
            pattern = re.escape(target.rpartition("/")[2]).replace("%", ".*")
            if any(re.fullmatch(pattern, name) for name in self.objects):
                return True
        return False
