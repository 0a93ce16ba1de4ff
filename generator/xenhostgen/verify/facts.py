# SPDX-License-Identifier: GPL-2.0-only
"""Read a judged tree back: the facts of each file, and where each symbol stands."""

import re
from dataclasses import dataclass
from pathlib import Path

from xenhostgen.csource.facts import Facts, read_facts
from xenhostgen.csource.preprocess import SHIM, SourceError, preprocess
from xenhostgen.sandbox.process import Complaint
from xenhostgen.spec.model import Interface
from xenhostgen.verify.build import Store
from xenhostgen.verify.drift import read_text
from xenhostgen.verify.findings import Finding, Where
from xenhostgen.verify.harness import (
    enum_c,
    include_name,
    kernel_facts,
    laid_out,
    overlay,
    rendered,
)

_DEFINING = ("function", "variable", "macro", "enumerator")
_DECLARING = ("prototype", "enum", "variable", "struct")


@dataclass(frozen=True, slots=True)
class Read:
    """A tree as parsed: facts by file, and findings for what can't be parsed."""

    facts: dict[str, Facts]
    findings: tuple[Finding, ...]

    def where(self, symbol: str, file: str = "") -> Where | None:
        """Where a symbol is defined, else where it is declared, in one file or in any."""
        files = [(path, facts) for path, facts in self.facts.items() if file in ("", path)]
        named = [(path, fact) for path, facts in files for fact in facts if fact.name == symbol]
        defining = [
            each for each in named if each[1].kind in _DEFINING and "extern" not in each[1].words
        ]
        declaring = [each for each in named if each[1].kind in _DECLARING]
        path, fact = next(iter([*defining, *declaring]), ("", None))
        return Where(path, fact.at.line, fact.at.column or 1) if fact else None


def c_files(spec: Interface) -> list[str]:
    """The C files of a spec: all but the Makefile."""
    return [
        spec.header.file,
        spec.source.file,
        spec.predicates.file,
        *(guest.file for guest in spec.guests),
    ]


def read_tree(
    spec: Interface,
    tree: Path,
    work: Path,
    cc: str = "gcc",
    store: Store | None = None,
    *,
    turned: bool = False,
) -> Read:
    """Parse every C file of the spec that lies in the tree, or take its facts from the store.

    ``turned``: parse those that name options of the kernel with these the other way round.
    """
    if lacks := [path for path in c_files(spec) if not (tree / path).is_file()]:
        said = "the tree has no such file"
        return Read(
            {},
            tuple(
                Finding("file-missing", path, said, Where(path), seen_by="parsing")
                for path in lacks
            ),
        )
    front = [overlay(spec, tree, work / "overlay"), SHIM, tree / "include"]
    # Where guests are parsed, predicates are functions: what the guests ask stays to be seen.
    facts_c = [*map(enum_c, spec.kernel.enums), *kernel_facts(spec)]
    asked = rendered("harness/asked.h", facts=facts_c, macros=spec.macros)
    asking = [laid_out({include_name(spec.predicates.file)[1:-1]: asked}, work / "asked"), *front]
    configs = sorted({macro.config for macro in spec.kernel.macros if macro.config})
    facts = dict[str, Facts]()
    findings: list[Finding] = []
    named = {
        path: set(re.findall(r"\bCONFIG_\w+", read_text(tree / path) or ""))
        for path in c_files(spec)
    }
    for path, options in named.items():
        if turned and (not options or path == spec.predicates.file):
            continue
        defines = sorted(options.difference(configs)) if turned else configs
        key = store.key(tree, tree / path, cc) if store else path
        kept = store.facts if store else facts
        try:
            if key not in kept:
                includes = front if path == spec.predicates.file else asking
                kept[key] = read_facts(preprocess(tree / path, includes, defines=defines, cc=cc))
            facts[path] = kept[key]
        except SourceError as error:
            findings += [_unparsable(path, said, tree) for said in error.complaints]
    return Read(facts, tuple(findings))


def _unparsable(path: str, said: Complaint, tree: Path) -> Finding:
    at, where = said.at, Where(path)
    if Path(at.file).is_relative_to(tree):
        where = Where(str(Path(at.file).relative_to(tree)), at.line or 1, at.column or 1)
    return Finding("unparsable", path, said.text, where, seen_by="parsing")
