# SPDX-License-Identifier: GPL-2.0-only
"""Read a judged tree back: the facts of each file, and where each symbol stands."""

from dataclasses import dataclass
from pathlib import Path

from xenhostgen.csource.facts import Facts, read_facts
from xenhostgen.csource.preprocess import SHIM, SourceError, preprocess
from xenhostgen.csource.toolchain import Complaint
from xenhostgen.spec.model import Interface
from xenhostgen.verify.findings import Finding, Where
from xenhostgen.verify.harness import include_name, laid_out, overlay, rendered
from xenhostgen.verify.store import Store

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
        for kinds, but in ((_DEFINING, "extern"), (_DECLARING, "")):
            for path, fact in named:
                if fact.kind in kinds and but not in fact.words:
                    return Where(path, fact.at.line, fact.at.column or 1)
        return None


def read_tree(spec: Interface, tree: Path, work: Path, cc: str = "gcc", store: Store | None = None) -> Read:
    """Parse every C file of the spec that lies in the tree, or take its facts from the store."""
    overlaid = overlay(spec, tree, work / "overlay")
    asked = _questions(spec, work / "asked")
    configs = sorted({macro.config for macro in spec.kernel.macros if macro.config})
    facts: dict[str, Facts] = {}
    findings = [
        Finding("file-missing", path, "the tree has no such file", Where(path), seen_by="parsing")
        for path in c_files(spec)
        if not (tree / path).is_file()
    ]
    if findings:
        return Read(facts, tuple(findings))
    for path in c_files(spec):
        key = store.key(tree, tree / path, cc) if store else ""
        if store and key in store.facts:
            facts[path] = store.facts[key]
            continue
        front = [overlaid] if path == spec.predicates.file else [asked, overlaid]
        try:
            facts[path] = read_facts(preprocess(tree / path, [*front, SHIM, tree / "include"], defines=configs, cc=cc))
            if store:
                store.facts[key] = facts[path]
        except SourceError as error:
            findings += [_unparsable(path, said, tree) for said in error.complaints]
    return Read(facts, tuple(findings))


def _questions(spec: Interface, folder: Path) -> Path:
    """Where guests are parsed, predicates are functions: what the guests ask stays to be seen."""
    macros = [*spec.kernel.macros, *spec.predicates.macros]
    asked = rendered("harness/asked.h", kernel=spec.kernel, macros=macros)
    return laid_out({include_name(spec.predicates.file)[1:-1]: asked}, folder)


def _unparsable(path: str, said: Complaint, tree: Path) -> Finding:
    at = said.at
    if Path(at.file).is_relative_to(tree):
        where = Where(str(Path(at.file).relative_to(tree)), at.line or 1, at.column or 1)
    else:
        where = Where(path)
    return Finding("unparsable", path, said.text, where, seen_by="parsing")


def c_files(spec: Interface) -> list[str]:
    """The C files of a spec: all but the Makefile."""
    guests = [guest.file for guest in spec.guests]
    return [spec.header.file, spec.source.file, spec.predicates.file, *guests]
