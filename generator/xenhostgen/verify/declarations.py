# SPDX-License-Identifier: GPL-2.0-only
"""Read a judged tree back: what each file declares, and where each symbol stands."""

import re
from dataclasses import dataclass
from pathlib import Path

from xenhostgen.csource.facts import Fact, Facts, read_facts
from xenhostgen.csource.preprocess import SHIM, SourceError, preprocess
from xenhostgen.sandbox.location import Location
from xenhostgen.sandbox.process import Complaint
from xenhostgen.verify.build import Store
from xenhostgen.verify.drift import read_text
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import Harness, c_files

_DEFINING = ("function", "variable", "macro", "enumerator")
_DECLARING = ("prototype", "enum", "variable", "struct")


@dataclass(frozen=True, slots=True)
class Declarations:
    """What the files of a tree declare, and findings for files that are missing or no C."""

    files: dict[str, Facts]
    findings: tuple[Finding, ...]

    def location(self, symbol: str, file: str = "") -> Location | None:
        """Where a symbol is defined, else where it is declared, in one file or in any."""
        ranked = []
        for path, facts in self.files.items():
            if file in ("", path):
                ranked += [(_rank(fact), path, fact.at) for fact in facts if fact.name == symbol]
        rank, path, at = min(ranked, key=lambda row: row[0], default=(2, "", Location()))
        return at._replace(file=path) if rank < 2 else None


def _rank(fact: Fact) -> int:
    """0 for a definition, 1 for another declaration, 2 for what is neither."""
    if fact.kind in _DEFINING and "extern" not in fact.words:
        return 0
    return 1 if fact.kind in _DECLARING else 2


def read_tree(
    harness: Harness, compiler: str, store: Store, *, turned: bool = False
) -> Declarations:
    """Parse every C file of the spec that lies in the tree.

    ``turned``: only those that name options of the kernel, with these the other way round.
    """
    paths = c_files(harness.spec)
    if missing := [path for path in paths if not (harness.tree / path).is_file()]:
        return Declarations({}, tuple(map(_missing, missing)))
    files = dict[str, Facts]()
    findings: list[Finding] = []
    if turned:
        others = [path for path in paths if path != harness.spec.predicates.file]
        paths = [path for path in others if _options(harness.tree / path)]
    for path in paths:
        try:
            files[path] = _read_file(harness, path, compiler, store, turned)
        except SourceError as error:
            findings += [_unparsable(path, said, harness.tree) for said in error.complaints]
    return Declarations(files, tuple(findings))


def _options(file: Path) -> set[str]:
    """The kernel options that a file names."""
    return set(re.findall(r"\bCONFIG_\w+", read_text(file) or ""))


def _read_file(harness: Harness, path: str, compiler: str, store: Store, turned: bool) -> Facts:
    file, defines = harness.tree / path, harness.configs
    includes = [harness.overlay, SHIM, harness.tree / "include"]
    if path != harness.spec.predicates.file:
        # Where guests are parsed, predicates are functions: what the guests ask stays to be seen.
        includes.insert(0, harness.questions)
    if turned:
        defines = sorted(_options(file).difference(defines))
    key = store.key(harness.tree, file, compiler, *defines)
    if key not in store.facts:
        source = preprocess(file, includes, defines=defines, cc=compiler)
        store.facts[key] = read_facts(source)
    return store.facts[key]


def _missing(path: str) -> Finding:
    message = "the tree has no such file"
    return Finding("file-missing", path, message, Location(path), seen_by="parsing")


def _unparsable(path: str, complaint: Complaint, tree: Path) -> Finding:
    where = Location(path)
    if Path(complaint.at.file).is_relative_to(tree):
        where = complaint.at._replace(file=str(Path(complaint.at.file).relative_to(tree)))
    return Finding("unparsable", path, complaint.text, where, seen_by="parsing")
