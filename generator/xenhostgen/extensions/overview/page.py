# SPDX-License-Identifier: GPL-2.0-only
"""The page: what its template shows of each spec, and the one HTML file that holds it all."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from xenhostgen import __version__
from xenhostgen.extension_points import LEVELS
from xenhostgen.extensions.explain.provenance import provenance
from xenhostgen.extensions.overview.counterexample import Expectations
from xenhostgen.extensions.overview.difference import Difference
from xenhostgen.extensions.overview.matrix import Cell, Column, cell, columns
from xenhostgen.extensions.overview.mutants import Mutants
from xenhostgen.extensions.overview.states import picture, registry_states
from xenhostgen.extensions.overview.text import outcome
from xenhostgen.extensions.overview.timeline import TimeLine, timelines
from xenhostgen.reference_model.registry import State
from xenhostgen.render.environment import environment, guarded
from xenhostgen.report.cases import Judged, cases
from xenhostgen.report.findings import summary
from xenhostgen.sandbox.location import Location
from xenhostgen.spec import yaml
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import At, printable
from xenhostgen.spec.template_sets import template_root
from xenhostgen.verify.catalogue import Rule, catalogue
from xenhostgen.verify.findings import Verdict
from xenhostgen.verify.wording import Wording


class Measured(NamedTuple):
    """What became of a rule, and why: "failure", "expected", "ok", "skipped" or "unmeasured"."""

    rule: Rule
    outcome: str
    reason: str


class Section:
    """What the page shows of one spec; ``key`` begins all its anchors."""

    def __init__(
        self,
        key: str,
        spec: Interface,
        verdict: Verdict,
        difference: Difference,
        mutants: Mutants | None,
    ) -> None:
        self.key, self.spec, self.verdict = key, spec, verdict
        self.difference, self.mutants = difference, mutants
        source = yaml.read_file(Path(spec.path))
        self.source = source.split("\n")
        self.rendering = provenance(spec, source)
        self.files = list(self.rendering.files)
        self.wording = Wording(spec)
        self.lines = timelines(spec)
        self.states = registry_states(spec, self.lines)
        self.picture = Markup(picture(spec, self.states))
        self.cases = cases(Judged(spec.path, verdict, ""))
        self.findings = [case for case in self.cases if case.finding]
        self.expectations = Expectations(self.wording)
        self.summary = list(summary(verdict))
        self.columns = columns(spec)
        self.rules = catalogue()

    def outcome(self, line: TimeLine) -> str:
        """What a boot promises, and what becomes of that."""
        return outcome(self.wording, line)

    def held(self, state: State) -> list[str]:
        """What each slot holds; empty for an empty slot."""
        words = self.wording.state(state).split(" ")
        return [word.partition("=")[2].removeprefix("empty") for word in words]

    def cells(self) -> Iterator[tuple[str, At, list[tuple[Cell, str]]]]:
        """Each op with its place, and a cell a column with the anchor of its line of C."""
        for op in self.spec.ops:
            row = [(cell(op, column), column) for column in self.columns]
            yield (
                op.name,
                op.at,
                [(content, self.entry(content, column)) for content, column in row],
            )

    def entry(self, content: Cell, column: Column) -> str:
        """The anchor of the C line that a cell of the matrix makes; empty if there is none."""
        numbered = enumerate(self.rendering.origins[column.file], 1)
        # An adapter stands above its table.
        lines = [number for number, origin in numbered if origin.at == content.at]
        is_entry = lines and content.kind in ("set", "borrowed")
        return self.anchor(column.file, lines[-1]) if is_entry else ""

    def anchor(self, file: str, line: int) -> str:
        """The anchor of a line of C; empty where the rendering has no such line."""
        if not 0 < line <= len(self.rendering.origins.get(file, ())):
            return ""
        return f"{self.key}-f{self.files.index(file)}-{line}"

    def spec_anchor(self, at: At | None) -> str:
        """The anchor of a line of the spec."""
        return f"{self.key}-spec-{at.line}" if at and at.line <= len(self.source) else ""

    def place(self, where: Location | None) -> str:
        """The anchor of a place in the C."""
        return self.anchor(where.file, where.line) if where else ""

    def measured(self) -> Iterator[Measured]:
        """What became of each rule; of several findings of one the worst counts."""
        for rule in self.rules.values():
            known = [case for case in self.cases if case.name.split(" ")[0] == rule.name]
            known.sort(key=lambda case: not case.failed)
            if not known:
                yield Measured(rule, "unmeasured", f"nobody looked; needs: {rule.level}")
            elif known[0].finding:
                outcome = "failure" if known[0].failed else "expected"
                yield Measured(rule, outcome, f"findings: {len(known)}")
            else:
                yield Measured(rule, known[0].outcome, known[0].reason)

    def unreached(self) -> list[str]:
        """The levels of verification that weren't asked for."""
        levels = list(LEVELS)
        return levels[levels.index(self.verdict.statistics.level) + 1 :]


def page(sections: Sequence[Section]) -> str:
    """The HTML of a page. Raises ``Refused`` for a broken template."""
    root = template_root()
    style, script = (
        (root / "overview" / name).read_text("utf-8") for name in ("style.css", "page.js")
    )
    templates = environment("overview", root).overlay(autoescape=True, finalize=_visible)
    return guarded(
        lambda **context: templates.get_template("report.html.j2").render(**context),
        sections=sections,
        version=__version__,
        style=Markup(style),
        script=Markup(script),
        style_hash=_digest(style),
        script_hash=_digest(script),
    )


def _visible(value: Any) -> Any:
    """A value as the page has it: what a spec says is text, without what would hide in it."""
    return printable(value, "\N{REPLACEMENT CHARACTER}") if type(value) is str else value


def _digest(text: str) -> str:
    """A text's digest as a Content-Security-Policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
