# SPDX-License-Identifier: GPL-2.0-only
"""What is judged: the C of one spec, prepared once for all checks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

from xenhostgen import extension_points
from xenhostgen.csource.preprocess import SHIM
from xenhostgen.sandbox.confinement import View, is_trusting, obstacle
from xenhostgen.sandbox.files import FILE_MAX, KERNEL_FILE_MAX, UnreadableFile, blocking, read_file
from xenhostgen.sandbox.reader import Reader, reader
from xenhostgen.sandbox.scratch import scratch_folder
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused, refusal
from xenhostgen.spec.template_sets import template_root
from xenhostgen.verify.build import build
from xenhostgen.verify.configurations import AS_THE_SPEC, Configuration, configurations
from xenhostgen.verify.declarations import Declarations, read_tree
from xenhostgen.verify.drift import Reduce, rendered
from xenhostgen.verify.driver import Program
from xenhostgen.verify.findings import Finding, Statistics
from xenhostgen.verify.harness import TEMPLATES, Harness, write_files
from xenhostgen.verify.oracle import Oracle
from xenhostgen.verify.store import Store

_OPS_MAX = 300
_GUESTS_MAX = 200


@dataclass(frozen=True, slots=True)
class Options:
    """What to judge and how: a tree instead of the rendering, the compilers, the last level.

    At the level kernel ``tree`` is the Linux tree to build in. A ``store`` is shared by those who
    judge many variants of one tree. ``progress`` hears what is being done.
    """

    tree: Path | None = None
    compilers: tuple[str, ...] = ("gcc",)
    level: str = "run"
    store: Store | None = None
    progress: Callable[[str], None] = lambda doing: None
    strict: bool = False
    """Take any difference from the rendering for a finding."""
    unconfined: bool = False
    """Trust the C: compile and run it as any other."""


class JudgedTree(NamedTuple):
    """Where the C lies that is judged, laid out like the kernel's.

    If it holds a part of each of a kernel's files, ``reduce`` makes that part of a text.
    """

    path: Path
    is_rendering: bool = False
    reduce: Reduce | None = None
    left_out: tuple[str, ...] = ()
    """What of the tree has no part in the judgement."""


class Subject:
    """One spec and the tree of its C. What checks ask for is made on first need, and kept."""

    def __init__(
        self,
        spec: Interface,
        judged: JudgedTree,
        work: Path,
        options: Options,
        reader: Reader | None = None,
    ) -> None:
        self.spec, self.judged, self.work, self.options = spec, judged, work, options
        self.tree = judged.path
        store, compiler = options.store or Store(spec, work), options.compilers[0]
        view = View((self.tree, SHIM, TEMPLATES), (work, store.folder))
        confining = view if is_confined(spec, options) else None
        self.harness = Harness(spec, self.tree, work, store, compiler, confining, reader)
        self.statistics = Statistics(options.level, left_out=list(judged.left_out))
        self.programs: dict[tuple[str, Configuration], Program] = {}

    @cached_property
    def declarations(self) -> Declarations:
        """What the files declare."""
        return read_tree(self.harness)

    @cached_property
    def configurations(self) -> list[Configuration]:
        """Those besides the spec's in which the C is judged, too."""
        judged, left_out = configurations(self.spec, self.harness.judged, self.harness.configs)
        self.statistics.left_out += left_out
        return judged

    def turned(self, configuration: Configuration) -> Declarations:
        """What files that name options of the kernel declare where these are turned."""
        return read_tree(self.harness, configuration)

    def oracle(self, off: Sequence[str]) -> Oracle:
        """What the spec's own C does, with options of the kernel off."""
        named = {str(macro.config) for macro in self.spec.macros}
        key = tuple(sorted(named.intersection(off)))
        return Oracle(self.harness, key)

    def program(self, compiler: str, turned: Configuration = AS_THE_SPEC) -> Program:
        """The C and the driver that runs it, in one configuration. Raises ``BuildError``."""
        if (compiler, turned) not in self.programs:
            program = build(self.harness, compiler, turned)
            self.programs[compiler, turned] = program
        return self.programs[compiler, turned]


class Check(Protocol):
    """Looks for one kind of fault at one level of verification."""

    level: str

    def run(self, subject: Subject) -> Iterable[Finding]:
        """What is wrong with the subject; what was done goes into its statistics."""


def is_confined(spec: Interface, options: Options) -> bool:
    """Whether the C is confined. Raises ``Refused`` where it must be and can't."""
    if options.unconfined or is_trusting():
        return False
    if not (reason := obstacle()):
        return True
    if is_ours(spec, options):
        return False
    hint = "if you trust it: --unconfined, or XENHOSTGEN_UNCONFINED=1 (see docs/confinement.md)"
    message = f"{reason}; this C would run unconfined"
    raise refusal("unconfined", message, spec.path, hint)


def is_ours(spec: Interface, options: Options) -> bool:
    """Whether the C is the rendering of a shipped spec."""
    shipped = template_root().parent / "specs"
    return options.tree is None and Path(spec.path).resolve().parent == shipped.resolve()


def check_size(spec: Interface) -> None:
    """Raise ``Refused`` for what would take compilers longer than their limits."""
    limits = (("ops", len(spec.ops), _OPS_MAX), ("guests", len(spec.guests), _GUESTS_MAX))
    for noun, count, limit in limits:
        if count > limit:
            message = f"has {count} {noun}; at most {limit} are verified"
            hint = f"split it into copies with a part of the {noun} each (docs/limits.md)"
            raise refusal("too-large", message, spec.path, hint)


@contextmanager
def prepared(spec: Interface, options: Options) -> Iterator[Subject]:
    """A subject, while its work folder is there. Raises ``Refused`` if the tree can't be used."""
    check_size(spec)
    with ExitStack() as stack:
        work = stack.enter_context(scratch_folder())
        judged = None
        if options.tree:
            check_files(spec, options.tree.absolute())
            judged = JudgedTree(options.tree.absolute())
            for read in extension_points.hooks("tree"):
                judged = read(spec, options, work / "tree")
        if judged is None:
            judged = JudgedTree(write_rendering(spec, work / "tree"), is_rendering=True)
        if options.tree and judged.path == options.tree.absolute():
            check_blocking(judged.path)
        is_foreign = is_confined(spec, options) and not is_ours(spec, options)
        confined = None
        if is_foreign:
            stored = [options.store.folder] if options.store else []
            confined = stack.enter_context(reader((work, *stored)))
        yield Subject(spec, judged, work, options, confined)


def check_files(spec: Interface, tree: Path) -> None:
    """Raise ``Refused`` for what stands in a file's place and is none, before others read it."""
    own = (spec.header.file, spec.source.file, spec.object.file)
    of_kernel = (spec.predicates.file, *(guest.file for guest in spec.guests))
    limits = dict.fromkeys(own, FILE_MAX) | dict.fromkeys(of_kernel, KERNEL_FILE_MAX)
    problems = []
    for path, limit in limits.items():
        try:
            read_file(tree, path, limit)
        except UnreadableFile as error:
            problems.append(Problem("unreadable", str(error), str(tree / path)))
    if problems:
        raise Refused(problems)


def check_blocking(tree: Path) -> None:
    """Raise ``Refused`` for a named pipe or device, which its C could name and wait for."""
    for path in blocking(tree):
        message = "is a named pipe or a device; a compiler would wait for it"
        raise refusal("unreadable", message, path, "remove it")


def write_rendering(spec: Interface, folder: Path) -> Path:
    """The rendering as a tree of files."""
    return write_files(rendered(spec), folder)
