# SPDX-License-Identifier: GPL-2.0-only
"""How good are the checks? Judge wrong versions of the rendered C, and see which go unseen.

A mutant is killed if its verdict isn't the rendering's: a finding more, or one fewer. Cheap
questions come first: does it compile, to other code than the rendering's, is it seen at once?
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path

from xenhostgen.extensions.kernel_tree.c_tree import defined, outside_functions, parse, words
from xenhostgen.extensions.mutation.accepted import acceptances
from xenhostgen.extensions.mutation.mutants import mutants
from xenhostgen.extensions.mutation.score import Mutant, Score
from xenhostgen.sandbox.process import BuildError, Job, run_all
from xenhostgen.sandbox.scratch import scratch_folder
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused
from xenhostgen.verify.behaviour import Behaviour
from xenhostgen.verify.boots import BootRunner
from xenhostgen.verify.build import DIALECT, write_glue
from xenhostgen.verify.conform import Conformance
from xenhostgen.verify.drift import rendered
from xenhostgen.verify.explore import Explorer
from xenhostgen.verify.findings import Finding, Statistics, judge
from xenhostgen.verify.harness import c_files, units, write_files
from xenhostgen.verify.run import core_checks
from xenhostgen.verify.store import Store
from xenhostgen.verify.subject import JudgedTree, Options, Subject
from xenhostgen.verify.wrappers import WrapperRunner

_CC, _GLUE = "gcc", "glue.c"
Stage = Callable[[Subject], Iterable[Finding]]


def mutate(
    spec: Interface,
    jobs: int,
    progress: Callable[[str], None] = lambda doing: None,
    files: Sequence[str] = (),
    warn: Callable[[str], None] = lambda text: None,
) -> Score:
    """Judge every mutant of a spec's C, or of some of its files; an interrupt ends it early.

    ``progress`` hears how many of how many are done, ``warn`` at first that the rendering fails
    verification. Raises ``Refused`` if it doesn't compile, or has no such file.
    """
    started = time.monotonic()
    texts = rendered(spec)
    todo = list(_mutants_of(spec, texts, files))
    judged: list[Mutant] = []
    with scratch_folder() as folder, ThreadPoolExecutor(jobs) as pool:
        progress("verify")
        try:
            judging = _Judge(spec, texts, folder)
        except BuildError as error:
            message = f"the rendering doesn't compile: {error.complaints()[0].text}"
            raise Refused([Problem("uncompilable", message, spec.path)]) from None
        if not judging.verdict.passed:
            rules = [finding.rule for finding in judging.verdict.unexpected]
            rules += [expected.rule for expected in judging.verdict.missing]
            warn(f"it fails verify ({', '.join(dict.fromkeys(rules))}); mutants may hide behind it")
        try:
            for mutant in pool.map(judging.judged, todo):
                judged.append(mutant)
                progress(f"{len(judged)} of {len(todo)} mutants")
        except KeyboardInterrupt:
            judging.stages = ()  # those under way end soon
            pool.shutdown(cancel_futures=True)
    left, seconds = len(todo) - len(judged), round(time.monotonic() - started, 1)
    return Score(judged, acceptances(spec), seconds, left, is_whole=not (files or left))


def _mutants_of(
    spec: Interface, texts: Mapping[str, str], files: Sequence[str]
) -> Iterator[Mutant]:
    """The mutants of some files, by default of all. Raises ``Refused`` if there is no such file."""
    known = c_files(spec)
    for file in files or known:
        if file not in known:
            hint = f"its C files are {', '.join(known)}"
            raise Refused([Problem("no-such-file", "the spec has no such C file", file, hint=hint)])
        yield from mutants(spec, file, texts[file])


class _View(Store):
    """A mutant's view of the store: what a changed header leaves as it is, is the rendering's."""

    def __init__(self, base: Subject, changed: set[str]) -> None:
        store = base.harness.store
        super().__init__(base.spec, store.folder)
        self.readings, self.due = store.readings, store.due
        self.oracles, self.answers = store.oracles, store.answers
        self.oracle_lock = store.oracle_lock
        self.base, self.changed = base.tree, changed

    def key(self, tree: Path, source: Path, *words: str) -> str:
        """A text that differs when the code does."""
        differs = any(map(source.match, self.changed))
        return super().key(tree if differs else self.base, source, *words)


class _Judge:
    """Judges mutants of one rendering; what they share with it is compiled and parsed once."""

    def __init__(self, spec: Interface, files: Mapping[str, str], folder: Path) -> None:
        self.spec, self.files, self.folder = spec, files, folder
        self.units = [*units(spec), _GLUE]
        header = outside_functions(parse(files[spec.header.file].encode()))
        inline = {defined(node) for node, _ in header}
        users = [unit for unit in units(spec) if inline & words(files[unit])]
        self.users = [*users, _GLUE]
        self.base = self.subject(folder / "base", Store(spec, folder))
        self.stages: tuple[Stage, ...] = tuple(
            check.run for check in core_checks(self.base.options)
        )
        findings = [list(stage(self.base)) for stage in self.stages]
        self.verdict = judge(spec, chain.from_iterable(findings), self.base.statistics)
        self.unmutated = dict(zip(self.stages, map(self.keys, findings), strict=True))
        self.known = set().union(*self.unmutated.values())
        self.unmutated_code = self.code(self.base, self.units)

    def subject(self, folder: Path, store: Store, **changed: str) -> Subject:
        """The rendering as a subject, with other texts of some files."""
        tree = write_files({**self.files, **changed}, folder / "tree")
        return Subject(self.spec, JudgedTree(tree), folder, Options(compilers=(_CC,), store=store))

    def judged(self, mutant: Mutant) -> Mutant:
        """A mutant with what becomes of it."""
        units = self.units
        if mutant.file in self.units:
            units = [mutant.file]
        elif mutant.in_body and mutant.file == self.spec.header.file:
            units = self.users
        with scratch_folder(self.folder) as name:
            changed = {mutant.file}
            store = _View(self.base, changed)
            subject = self.subject(name, store, **{mutant.file: mutant.text})
            try:
                if not mutant.in_body:  # it shows in what is declared, before there is code
                    self.compile(subject, units, "-fsyntax-only")
                    judged = self.checked(mutant, subject, (_parsing,))
                    if judged.fate == "killed":
                        return judged
                code = self.code(subject, units)
            except BuildError:
                return replace(mutant, fate="stillborn")
            differing = {unit for unit in units if code[unit] != self.unmutated_code[unit]}
            # Placeholders among the predicates are never compiled: the driver answers for them.
            if not differing and mutant.file != self.spec.predicates.file:
                return replace(mutant, fate="equivalent")
            changed |= differing
            of_file: dict[str, Stage] = {
                self.spec.header.file: _wrapping,
                self.spec.source.file: _exploring,
                self.spec.predicates.file: _parsing,
            }
            first = (of_file.get(mutant.file, _booting),) if mutant.in_body else ()
            return self.checked(mutant, subject, (*first, *self.stages))

    def checked(self, mutant: Mutant, subject: Subject, stages: Iterable[Stage]) -> Mutant:
        """A mutant that compiles, with the finding or the lack of one by which it is seen."""
        for stage in stages:
            findings = list(stage(subject))
            for finding in findings:
                if not self.keys([finding]) <= self.known:
                    seen_by = finding.seen_by
                    return replace(mutant, fate="killed", rule=finding.rule, seen_by=seen_by)
            if missing := self.unmutated.get(stage, set()) - self.keys(findings):
                return replace(mutant, fate="killed", rule=min(missing)[0], seen_by="absence")
        return replace(mutant, fate="survived")

    def keys(self, findings: Iterable[Finding]) -> set[tuple[str, str]]:
        """Findings by rule and subject as verdicts do it: an expected one by its expectation."""
        verdict = judge(self.spec, findings, Statistics())
        met = {(str(known.rule), known.subject or "") for _, known in verdict.expected}
        return met | {(finding.rule, finding.subject) for finding in verdict.unexpected}

    def code(self, subject: Subject, units: Sequence[str]) -> dict[str, bytes]:
        """Each unit's optimised code. Raises ``BuildError``."""
        self.compile(subject, units)
        return {unit: self.object(subject, unit).read_bytes() for unit in units}

    def compile(self, subject: Subject, units: Sequence[str], *flags: str) -> None:
        """Compile as in the kernel: a warning is an error. Raises ``BuildError``."""
        tree, harness = subject.tree, subject.harness
        command = [_CC, *DIALECT, "-Werror", *harness.flags, *flags, "-c"]
        # The glue calls every macro and inline function: -O2 takes long for that.
        files = {unit: ("-O2", f"./{unit}") for unit in units}
        files |= {_GLUE: ("-O1", f"../{write_glue(harness).name}")}
        objects = {unit: str(self.object(subject, unit)) for unit in units}
        jobs = ([*command, *files[unit], "-o", objects[unit]] for unit in units)
        run_all([Job(job, tree, view=harness.view) for job in jobs])

    def object(self, subject: Subject, unit: str) -> Path:
        """Where a unit's object file lies."""
        return subject.work / f"{self.units.index(unit)}.o"


_parsing: Stage = Conformance().run
_exploring: Stage = Behaviour(_CC, runners=(Explorer,)).run
_booting: Stage = Behaviour(_CC, runners=(BootRunner,)).run
_wrapping: Stage = Behaviour(_CC, runners=(WrapperRunner,)).run
