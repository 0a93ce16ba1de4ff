# SPDX-License-Identifier: GPL-2.0-only
"""The page: what its template shows of each spec, and the one HTML file that holds it all."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from xenhostgen import __version__
from xenhostgen.extension_points import LEVELS
from xenhostgen.extensions.explain.provenance import Origin, provenance
from xenhostgen.extensions.overview.counterexample import Expectations
from xenhostgen.extensions.overview.difference import Difference
from xenhostgen.extensions.overview.matrix import Cell, cell, columns
from xenhostgen.extensions.overview.mutants import Mutants
from xenhostgen.extensions.overview.states import picture, registry_states
from xenhostgen.extensions.overview.text import outcome
from xenhostgen.extensions.overview.timeline import TimeLine, timelines
from xenhostgen.reference_model.registry import State
from xenhostgen.render.environment import environment, guarded
from xenhostgen.report.cases import Judged, cases
from xenhostgen.report.findings import summary
from xenhostgen.spec.model import Interface, Op
from xenhostgen.spec.source import At, printable
from xenhostgen.spec.template_sets import template_root
from xenhostgen.verify.catalogue import catalogue
from xenhostgen.verify.findings import Verdict
from xenhostgen.verify.wording import Wording


class Section:
    """What the page shows of one spec; ``key`` begins all its anchors."""

    def __init__(
        self,
        key: str,
        spec: Interface,
        source: str,
        *,
        verdict: Verdict,
        difference: Difference,
        mutants: Mutants | None,
    ) -> None:
        self.key, self.spec, self.verdict = key, spec, verdict
        self.difference, self.mutants = difference, mutants
        self.source = source.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
        self.rendering = provenance(spec, source)
        self.files = list(self.rendering.files)
        self.wording = Wording(spec)
        self.lines = timelines(spec)
        self.states = registry_states(spec, self.lines)
        self.picture = Markup(picture(spec, self.states))  # its texts are names
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

    def matrix(self) -> Iterator[tuple[Op, list[tuple[Cell, str]]]]:
        """Each op with a cell a column, and the anchor of the line of C that the cell makes."""
        for op in self.spec.ops:
            row = [(cell(op, column), column.file) for column in self.columns]
            yield op, [(content, self.entry(content, file)) for content, file in row]

    def entry(self, content: Cell, file: str) -> str:
        """The anchor of a table's line for a cell; empty where no table has one."""
        places = [origin.at for origin in self.rendering.origins[file]]
        if content.kind not in ("set", "borrowed") or content.at not in places:
            return ""
        # An adapter, which is from the same place, stands above its table.
        return self.anchor(file, len(places) - places[::-1].index(content.at))

    def anchor(self, file: str, line: int) -> str:
        """The anchor of a line of C; empty where the rendering has no such line."""
        if not 0 < line <= len(self.rendering.origins.get(file, ())):
            return ""
        return f"{self.key}-f{self.files.index(file)}-{line}"

    def spec_anchor(self, at: At | None) -> str:
        """The anchor of a line of the spec."""
        return f"{self.key}-spec-{at.line}" if at and at.line <= len(self.source) else ""

    def listings(self) -> Iterator[tuple[str, list[tuple[str, Origin]]]]:
        """The files, and of each its lines with what made them."""
        for file, text in self.rendering.files.items():
            yield file, list(zip(text.split("\n"), self.rendering.origins[file], strict=False))

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
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return printable(value, "\N{REPLACEMENT CHARACTER}")


def _digest(text: str) -> str:
    """A text's digest as a Content-Security-Policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
