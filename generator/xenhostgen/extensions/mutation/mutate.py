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
from xenhostgen.spec.template_sets import template_root
from xenhostgen.verify.build import Store
from xenhostgen.verify.conform import conform
from xenhostgen.verify.facts import c_files, read_tree
from xenhostgen.verify.findings import Finding, judge
from xenhostgen.verify.harness import glue_source, include_flags, laid_out, units
from xenhostgen.verify.run import Options, examine, execute

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
        self.headers, self.folder, self.facts = store.headers, store.folder, store.facts
        self.base, self.changed = base, changed

    def key(self, tree: Path, source: Path, *words: str) -> str:
        """A text that differs when the code does."""
        name = str(source.relative_to(tree)) if source.is_relative_to(tree) else source.name
        return super().key(tree if name in self.changed else self.base, source, *words)


class _Judge:
    """Judges mutants of one rendering; what they share with it is compiled and parsed once."""

    def __init__(self, spec: Interface, files: dict[str, str], folder: Path) -> None:
        self.spec, self.folder = spec, folder
        self.files = {_GLUE: glue_source(spec)} | {
            f"tree/{path}": text for path, text in files.items()
        }
        self.units = [*units(spec), _GLUE]
        inline = {
            each.name
            for each in declarations(files[spec.header.file])
            if each.kind in ("function", "macro")
        }
        words = {
            unit: {token.text for token in code_tokens(files.get(unit, ""))} for unit in self.units
        }
        self.users = [unit for unit in self.units if unit == _GLUE or inline & words[unit]]
        self.store = Store(spec, folder)
        self.tree = laid_out(self.files, folder / "base") / "tree"
        self.code = self.compiled(self.tree, self.units)
        stages = (self.declared, self.run, self.whole)
        self.unmutated = {stage: self.keys(stage(self.tree, self.store)) for stage in stages}

    def outcome(self, mutant: Mutant) -> Outcome:
        """What becomes of one mutant."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            tree = laid_out(self.files | {f"tree/{mutant.file}": mutant.text}, Path(name)) / "tree"
            inline = mutant.in_body and mutant.file == self.spec.header.file
            units = (
                [mutant.file] if mutant.file in self.units else self.users if inline else self.units
            )
            try:
                code = self.compiled(tree, units)
            except BuildError:
                return Outcome(mutant, "stillborn")
            changed = {unit for unit in units if code[unit] != self.code[unit]}
            # Placeholders among the predicates are never compiled: the driver answers in their place.
            if not changed and mutant.file != self.spec.predicates.file:
                return Outcome(mutant, "equivalent")
            return self.judged(mutant, tree, _View(self.store, self.tree, changed | {mutant.file}))

    def judged(self, mutant: Mutant, tree: Path, store: Store) -> Outcome:
        # Boot functions are compared with the spec's steps; the other functions' bodies must be run.
        runs = mutant.in_body and mutant.file in (self.spec.header.file, self.spec.source.file)
        for stage in (self.run if runs else self.declared, self.whole):
            found, known = stage(tree, store), self.unmutated[stage]
            for finding in found:
                if not self.keys([finding]) <= known:
                    return Outcome(mutant, "killed", finding.rule, finding.seen_by)
            if missing := known - self.keys(found):
                return Outcome(mutant, "killed", min(missing)[0], "absence")
        return Outcome(mutant, "survived")

    def keys(self, found: list[Finding]) -> set[tuple[str, str]]:
        """Findings by rule and subject as a verdict tells them apart: an expected one by its expectation."""
        verdict = judge(self.spec, found, {})
        met = {(str(one.rule), one.subject or "") for _, one in verdict.expected}
        return met | {(one.rule, one.subject) for one in verdict.unexpected}

    def compiled(self, tree: Path, units: Sequence[str]) -> dict[str, bytes]:
        """Optimised code. As in the kernel, a warning is an error. Raises ``BuildError``."""
        work = tree.parent
        flags = [*include_flags(self.spec, tree, work), f"-I{template_root()}/harness"]
        command = [_CC, "-std=gnu11", "-O2", "-Werror", *flags, "-c"]
        files = [f"../{_GLUE}" if unit == _GLUE else f"./{unit}" for unit in units]
        run_all(
            [Job([*command, file, "-o", f"../{n}.o"], tree) for n, file in enumerate(files)], work
        )
        return {unit: (work / f"{n}.o").read_bytes() for n, unit in enumerate(units)}

    def declared(self, tree: Path, store: Store) -> list[Finding]:
        """What parsing and comparing shows."""
        read = read_tree(self.spec, tree, tree.parent / "parse", _CC, store)
        return [*read.findings, *conform(self.spec, read, tree)]

    def run(self, tree: Path, store: Store) -> list[Finding]:
        """What running shows."""
        return execute(self.spec, tree, tree.parent / _CC, _CC, store)[0]

    def whole(self, tree: Path, store: Store) -> list[Finding]:
        """What a verification finds."""
        return examine(
            self.spec, tree, tree.parent, Options(compilers=(_CC,), store=store), lambda said: None
        )[0]
