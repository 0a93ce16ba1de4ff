# SPDX-License-Identifier: GPL-2.0-only
"""How good are the checks? Judge wrong versions of the rendered C, and see which of them go unseen.

A mutant is killed if its verdict isn't the rendering's: a finding more, or one fewer. Cheap questions
come first: does it compile, to other code than the rendering's, is it seen at once?
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import count
from pathlib import Path

from xenhostgen.render.files import render
from xenhostgen.render.fresh import template_root
from xenhostgen.spec.model import Interface
from xenhostgen.verify.build import include_flags, overlay
from xenhostgen.verify.conform import conform
from xenhostgen.verify.facts import c_files, read_tree
from xenhostgen.verify.findings import Finding, judge
from xenhostgen.verify.harness import glue_source
from xenhostgen.verify.mutants import mutants
from xenhostgen.verify.run import Options, examine, execute
from xenhostgen.verify.score import Mutant, Outcome, Score
from xenhostgen.verify.store import Store
from xenhostgen.verify.toolchain import BuildError, Job, run_all

_CC = "gcc"
_GLUE = "glue.c"
_Key = tuple[str, str]  # a finding's rule and subject


def mutate(spec: Interface, jobs: int, progress: Callable[[int, int], None] = lambda done, of: None) -> Score:
    """Judge every mutant of a spec's C, some side by side; ``progress`` hears how many of how many are done.

    Raises ``BuildError`` if the rendering itself doesn't compile.
    """
    started = time.monotonic()
    files = render(spec).files
    todo = [mutant for path in c_files(spec) for mutant in mutants(spec, path, files[path])]
    outcomes: dict[str, Outcome] = {}
    with tempfile.TemporaryDirectory(prefix="xenhostgen-") as name:
        judging = _Judge(spec, files, Path(name))
        pool = ThreadPoolExecutor(jobs)
        try:
            for future in as_completed([pool.submit(judging.outcome, mutant) for mutant in todo]):
                outcomes[future.result().mutant.id] = future.result()
                progress(len(outcomes), len(todo))
        finally:  # when interrupted, too, before the folder goes
            pool.shutdown(cancel_futures=True)
    seconds = round(time.monotonic() - started, 1)
    return Score(tuple(outcomes[mutant.id] for mutant in todo), spec.accepted_mutants, seconds, files)


class _Judge:
    """Judges mutants of one rendering; what they share with it is compiled and parsed once."""

    def __init__(self, spec: Interface, files: dict[str, str], folder: Path) -> None:
        self.spec = spec
        self.files = files
        self.folder = folder
        self.numbers = count()
        self.glue = glue_source(spec)
        self.store = Store(spec, folder / "objects")
        self.store.folder.mkdir()
        self.units = [spec.source.file, *(guest.file for guest in spec.guests), _GLUE]
        tree, work = self.laid_out()
        self.code = self.compiled(tree, work, self.units)
        self.unmutated = {stage: self.keys(stage(tree, work)) for stage in (self.declared, self.run, self.whole)}

    def laid_out(self, mutant: Mutant | None = None) -> tuple[Path, Path]:
        """The tree with a mutant in it, and the folder around it to work in."""
        work = self.folder / str(next(self.numbers))
        tree = work / "tree"
        for path, text in self.files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(mutant.applied(text) if mutant and mutant.file == path else text)
        return tree, work

    def outcome(self, mutant: Mutant) -> Outcome:
        """What becomes of one mutant."""
        tree, work = self.laid_out(mutant)
        try:
            return self.judged(mutant, tree, work)
        finally:
            shutil.rmtree(work)

    def judged(self, mutant: Mutant, tree: Path, work: Path) -> Outcome:
        units = [mutant.file] if mutant.file in self.units else self.units
        try:
            code = self.compiled(tree, work, units)
        except BuildError:
            return Outcome(mutant, "stillborn")
        # Placeholders among the predicates are never compiled: the driver answers in their place.
        if mutant.file != self.spec.predicates.file and all(code[unit] == self.code[unit] for unit in units):
            return Outcome(mutant, "equivalent")
        # Bodies of boot functions are read, all others are run.
        runs = mutant.in_body and mutant.file in (self.spec.header.file, self.spec.source.file)
        for stage in (self.run if runs else self.declared, self.whole):
            found, known = stage(tree, work), self.unmutated[stage]
            for finding in found:
                if not self.keys([finding]) <= known:
                    return Outcome(mutant, "killed", finding.rule, finding.seen_by)
            if missing := known - self.keys(found):
                return Outcome(mutant, "killed", min(missing)[0], "absence")
        return Outcome(mutant, "survived")

    def keys(self, found: list[Finding]) -> set[_Key]:
        """Findings as a verdict tells them apart: an expected one by its expectation."""
        verdict = judge(self.spec, found, {})
        met = {(str(one.rule), one.subject or "") for _, one in verdict.expected}
        return met | {(one.rule, one.subject) for one in verdict.unexpected}

    def compiled(self, tree: Path, work: Path, units: Iterable[str]) -> dict[str, bytes]:
        """Optimised code without debugging information. Raises ``BuildError``."""
        (work / _GLUE).write_text(self.glue)
        flags = include_flags(self.spec, overlay(self.spec, tree, work / "overlay"))
        command = [_CC, "-std=gnu11", "-O2", "-w", *flags, f"-I{template_root() / 'harness'}", "-c"]
        objects = {unit: work / f"{number}.o" for number, unit in enumerate(units)}
        files = {unit: f"../{_GLUE}" if unit == _GLUE else f"./{unit}" for unit in units}
        run_all([Job([*command, files[unit], "-o", str(made)], tree) for unit, made in objects.items()], work)
        return {unit: made.read_bytes() for unit, made in objects.items()}

    def declared(self, tree: Path, work: Path) -> list[Finding]:
        """What parsing and comparing shows."""
        read = read_tree(self.spec, tree, work / "parse", _CC, self.store)
        return [*read.findings, *conform(self.spec, read, tree)]

    def run(self, tree: Path, work: Path) -> list[Finding]:
        """What running shows."""
        return execute(self.spec, tree, work / _CC, _CC, self.store)[0]

    def whole(self, tree: Path, work: Path) -> list[Finding]:
        """What a verification finds."""
        return examine(self.spec, tree, work, Options(compilers=(_CC,), store=self.store), lambda said: None)[0]
