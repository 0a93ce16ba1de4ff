# SPDX-License-Identifier: GPL-2.0-only
"""Read a judged tree back: what each file declares, and where each symbol stands."""

import re
from dataclasses import dataclass
from pathlib import Path

from xenhostgen.csource.facts import Fact, Facts, read_facts
from xenhostgen.csource.preprocess import SHIM, SourceError, preprocess
from xenhostgen.sandbox.location import Location
from xenhostgen.verify.build import Store
from xenhostgen.verify.drift import read_text
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import Harness, c_files

_DEFINING = ("function", "variable", "macro", "enumerator")


@dataclass(frozen=True, slots=True)
class Declarations:
    """What the files of a tree declare, and findings for files that are missing or no C."""

    files: dict[str, Facts]
    findings: tuple[Finding, ...]

    def location(self, symbol: str, file: str = "") -> Location | None:
        """Where a symbol is defined, else where it is declared, in one file or in any."""
        files = {path: facts for path, facts in self.files.items() if file in ("", path)}
        for is_wanted in (_defines, _declares):
            for path, facts in files.items():
                for fact in facts:
                    if fact.name == symbol and is_wanted(fact):
                        return fact.at._replace(file=path)
        return None


def _defines(fact: Fact) -> bool:
    return fact.kind in _DEFINING and "extern" not in fact.words


def _declares(fact: Fact) -> bool:
    return fact.kind in ("prototype", "enum", "variable", "struct")


def read_tree(
    harness: Harness, compiler: str, store: Store, *, turned: bool = False
) -> Declarations:
    """Parse every C file of the spec that lies in the tree.

    ``turned``: only those that name options of the kernel, with these the other way round.
    """
    tree, paths = harness.tree, c_files(harness.spec)
    message = "the tree has no such file"
    missing = [path for path in paths if not (tree / path).is_file()]
    findings = [_finding("file-missing", path, message, Location(path)) for path in missing]
    files = dict[str, Facts]()
    for path in [] if missing else paths:
        options = _options(tree / path)
        if turned and (not options or path == harness.spec.predicates.file):
            continue
        defines = sorted(options.difference(harness.configs)) if turned else harness.configs
        try:
            files[path] = _read_file(harness, path, compiler, store, defines)
        except SourceError as error:
            for complaint in error.complaints:
                where = _relative(complaint.at, tree) or Location(path)
                findings.append(_finding("unparsable", path, complaint.text, where))
    return Declarations(files, tuple(findings))


def _finding(rule: str, path: str, message: str, where: Location) -> Finding:
    return Finding(rule, path, message, where, seen_by="parsing")


def _relative(where: Location, tree: Path) -> Location | None:
    """A place by its path in the tree."""
    file = Path(where.file)
    return where._replace(file=str(file.relative_to(tree))) if file.is_relative_to(tree) else None


def _options(file: Path) -> set[str]:
    """The kernel options that a file names."""
    return set(re.findall(r"\bCONFIG_\w+", read_text(file) or ""))


def _read_file(
    harness: Harness, path: str, compiler: str, store: Store, defines: list[str]
) -> Facts:
    file = harness.tree / path
    includes = [harness.overlay, SHIM, harness.tree / "include"]
    if path != harness.spec.predicates.file:
        # Where guests are parsed, predicates are functions: what the guests ask stays to be seen.
        includes.insert(0, harness.questions)
    key = store.key(harness.tree, file, compiler, *defines)
    if key not in store.facts:
        source = preprocess(file, includes, defines=defines, cc=compiler)
        store.facts[key] = read_facts(source)
    return store.facts[key]
