# SPDX-License-Identifier: GPL-2.0-only
"""How good are the checks? Judge wrong versions of the rendered C, and see which go unseen.

A mutant is killed if its verdict isn't the rendering's: a finding more, or one fewer. Cheap
questions come first: does it compile, to other code than the rendering's, is it seen at once?
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from xenhostgen.csource.declarations import declarations
from xenhostgen.csource.tokens import code_tokens
from xenhostgen.extensions.mutation.accepted import acceptances
from xenhostgen.extensions.mutation.mutants import mutants
from xenhostgen.extensions.mutation.score import Mutant, Outcome, Score
from xenhostgen.render.files import render
from xenhostgen.sandbox.process import BuildError, Job, run_all
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused
from xenhostgen.verify.behaviour import Behaviour
from xenhostgen.verify.build import Store
from xenhostgen.verify.conform import Conformance
from xenhostgen.verify.findings import Finding, Statistics, judge
from xenhostgen.verify.harness import c_files, units, write_files
from xenhostgen.verify.run import core_checks, examine
from xenhostgen.verify.subject import JudgedTree, Options, Subject

_CC, _GLUE = "gcc", "glue.c"


def mutate(
    spec: Interface, jobs: int, progress: Callable[[int, int], None] = lambda done, of: None
) -> Score:
    """Judge every mutant of a spec's C; ``progress`` hears how many of how many are done.

    Raises ``Refused`` if the rendering itself doesn't compile.
    """
    started = time.monotonic()
    files = render(spec).files
    todo: list[Mutant] = []
    for path in c_files(spec):
        todo += mutants(spec, path, files[path])
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="xenhostgen-") as name:
        try:
            judging = _Judge(spec, files, Path(name))
        except BuildError as error:
            message = f"the rendering doesn't compile: {error.complaints()[0].text}"
            raise Refused([Problem("uncompilable", message, spec.path)]) from None
        with ThreadPoolExecutor(jobs) as pool:
            for outcome in pool.map(judging.outcome, todo):
                outcomes.append(outcome)
                progress(len(outcomes), len(todo))
    return Score(outcomes, acceptances(spec), round(time.monotonic() - started, 1))


class _View(Store):
    """A mutant's view of the store: what a changed header leaves as it is, is the rendering's."""

    def __init__(self, store: Store, base: Path, changed: set[str]) -> None:
        self.headers, self.folder = store.headers, store.folder
        self.readings, self.due = store.readings, store.due
        self.base, self.changed = base, changed

    def key(self, tree: Path, source: Path, *words: str) -> str:
        """A text that differs when the code does."""
        name = str(source.relative_to(tree)) if source.is_relative_to(tree) else source.name
        return super().key(tree if name in self.changed else self.base, source, *words)


class _Judge:
    """Judges mutants of one rendering; what they share with it is compiled and parsed once."""

    def __init__(self, spec: Interface, files: dict[str, str], folder: Path) -> None:
        self.spec, self.files, self.folder = spec, files, folder
        self.units = [*units(spec), _GLUE]
        header = declarations(files[spec.header.file])
        inline = {each.name for each in header if each.kind in ("function", "macro")}
        self.users = [_GLUE]
        for unit in units(spec):
            if inline & {token.text for token in code_tokens(files[unit])}:
                self.users.append(unit)
        self.store = Store(spec, folder)
        self.base = self.subject(files, folder / "base", self.store)
        self.code = self.compiled(self.base, self.units)
        self.unmutated = {stage: self.keys(stage(self.base)) for stage in (_declared, _run, _whole)}

    def subject(self, files: dict[str, str], folder: Path, store: Store) -> Subject:
        """The subject of these files."""
        tree = write_files(files, folder / "tree")
        return Subject(self.spec, JudgedTree(tree), folder, Options(compilers=(_CC,), store=store))

    def outcome(self, mutant: Mutant) -> Outcome:
        """What becomes of one mutant."""
        units = self.units
        if mutant.file in self.units:
            units = [mutant.file]
        elif mutant.in_body and mutant.file == self.spec.header.file:
            units = self.users
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            changed = {mutant.file}
            view = _View(self.store, self.base.tree, changed)
            subject = self.subject(self.files | {mutant.file: mutant.text}, Path(name), view)
            try:
                code = self.compiled(subject, units)
            except BuildError:
                return Outcome(mutant, "stillborn")
            differing = {unit for unit in units if code[unit] != self.code[unit]}
            # Placeholders among the predicates are never compiled: the driver answers for them.
            if not differing and mutant.file != self.spec.predicates.file:
                return Outcome(mutant, "equivalent")
            changed |= differing
            return self.judged(mutant, subject)

    def judged(self, mutant: Mutant, subject: Subject) -> Outcome:
        """Whether a check sees a mutant."""
        # Boot functions are compared with the spec's steps; other functions' bodies must be run.
        runs = mutant.in_body and mutant.file in (self.spec.header.file, self.spec.source.file)
        for stage in (_run if runs else _declared, _whole):
            findings, known = stage(subject), self.unmutated[stage]
            for finding in findings:
                if not self.keys([finding]) <= known:
                    return Outcome(mutant, "killed", finding.rule, finding.seen_by)
            if missing := known - self.keys(findings):
                return Outcome(mutant, "killed", min(missing)[0], "absence")
        return Outcome(mutant, "survived")

    def keys(self, findings: list[Finding]) -> set[tuple[str, str]]:
        """Findings by rule and subject as verdicts do it: an expected one by its expectation."""
        verdict = judge(self.spec, findings, Statistics())
        met = {(str(known.rule), known.subject or "") for _, known in verdict.expected}
        return met | {(finding.rule, finding.subject) for finding in verdict.unexpected}

    def compiled(self, subject: Subject, units: Sequence[str]) -> dict[str, bytes]:
        """Optimised code. As in the kernel, a warning is an error. Raises ``BuildError``."""
        tree, work, glue = subject.tree, subject.work, subject.harness.glue
        command = [_CC, "-std=gnu11", "-O2", "-Werror", *subject.harness.flags, "-c"]
        files = [f"../{glue.name}" if unit == _GLUE else f"./{unit}" for unit in units]
        jobs = [Job([*command, file, "-o", f"../{n}.o"], tree) for n, file in enumerate(files)]
        run_all(jobs)
        return {unit: (work / f"{n}.o").read_bytes() for n, unit in enumerate(units)}


def _declared(subject: Subject) -> list[Finding]:
    """What parsing and comparing shows."""
    return list(Conformance().run(subject))


def _run(subject: Subject) -> list[Finding]:
    """What running shows."""
    return list(Behaviour(_CC).run(subject))


def _whole(subject: Subject) -> list[Finding]:
    """What a verification finds."""
    return examine(subject, core_checks(subject.options))
