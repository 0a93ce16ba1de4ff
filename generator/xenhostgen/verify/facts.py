# SPDX-License-Identifier: GPL-2.0-only
"""Read a judged tree back: the facts of each file, and where each symbol stands."""

from dataclasses import dataclass
from pathlib import Path

from xenhostgen.csource.facts import Facts, read_facts
from xenhostgen.csource.preprocess import Position, SourceError
from xenhostgen.render.environment import environment, guarded
from xenhostgen.render.fresh import template_root
from xenhostgen.spec.model import Interface
from xenhostgen.verify.build import include_name, overlay
from xenhostgen.verify.findings import Finding, Where


@dataclass(frozen=True, slots=True)
class Read:
    """A tree as parsed: facts by file, and findings for what can't be parsed."""

    facts: dict[str, Facts]
    findings: tuple[Finding, ...]

    def where(self, symbol: str) -> Where | None:
        """Where a symbol is defined, else where it is declared."""
        for defining in (True, False):
            for path, facts in self.facts.items():
                for at in _places(facts, symbol, defining):
                    return Where(path, at.line, at.column or 1)
        return None


def _places(facts: Facts, symbol: str, defining: bool) -> list[Position]:
    if defining:
        named = [
            *facts.functions,
            *(v for v in facts.variables if v.storage != "extern"),
            *facts.macros,
        ]
        enumerators = [one for enum in facts.enums for one in enum.enumerators]
        return [thing.at for thing in (*named, *enumerators) if thing.name == symbol]
    declared = (*facts.prototypes, *facts.variables, *facts.enums, *facts.structs, *facts.typedefs)
    return [thing.at for thing in declared if thing.name == symbol]


def read_tree(spec: Interface, tree: Path, work: Path, cc: str = "gcc") -> Read:
    """Parse every C file of the spec that lies in the tree."""
    overlaid = overlay(spec, tree, work / "overlay")
    asked = work / "asked"
    env = environment("harness", template_root())
    macros = [*spec.kernel.macros, *spec.predicates.macros]
    text = guarded(env.get_template("asked.h.j2").render, kernel=spec.kernel, macros=macros)
    predicates = asked / include_name(spec.predicates.file)[1:-1]
    predicates.parent.mkdir(parents=True, exist_ok=True)
    predicates.write_text(text)
    configs = sorted({macro.config for macro in spec.kernel.macros if macro.config})
    facts: dict[str, Facts] = {}
    findings: list[Finding] = []
    for path in c_files(spec):
        if not (tree / path).is_file():
            findings.append(
                Finding(
                    "file-missing",
                    path,
                    "the tree has no such file",
                    Where(path),
                    None,
                    (),
                    "parsing",
                )
            )
            continue
        front = [overlaid] if path == spec.predicates.file else [asked, overlaid]
        try:
            facts[path] = read_facts(
                tree / path, [*front, tree / "include"], defines=configs, cc=cc
            )
        except SourceError as error:
            for diagnostic in error.diagnostics:
                at = diagnostic.at
                file = (
                    str(Path(at.file).relative_to(tree))
                    if Path(at.file).is_relative_to(tree)
                    else path
                )
                where = Where(file, at.line or 1, at.column or 1)
                findings.append(
                    Finding("unparsable", path, diagnostic.message, where, None, (), "parsing")
                )
    return Read(facts, tuple(findings))


def c_files(spec: Interface) -> list[str]:
    """The C files of a spec: all but the Makefile."""
    return [
        spec.header.file,
        spec.source.file,
        spec.predicates.file,
        *(guest.file for guest in spec.guests),
    ]
