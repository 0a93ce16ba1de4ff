# SPDX-License-Identifier: GPL-2.0-only
"""Compile a tree of judged C, unmodified, together with the driver that runs it.

The tree is laid out like the kernel's. In front of it come an overlay (placeholders, and stand-ins
for the kernel headers that the spec names) and the shim. The judged objects are linked into one
first, which gathers their writable memory in two sections that the driver can see, in pages of
their own that it can protect, and hides their names from it.
"""

import hashlib
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, get_ident
from typing import Any, NamedTuple

from xenhostgen.csource.confined import read_contents
from xenhostgen.csource.debug_info import Unit
from xenhostgen.csource.facts import Facts
from xenhostgen.csource.objects import Contents, Symbol
from xenhostgen.sandbox.confinement import View
from xenhostgen.sandbox.files import read_file
from xenhostgen.sandbox.process import BuildError, Complaint, Job, run_all
from xenhostgen.spec.model import Interface
from xenhostgen.verify.configurations import Configuration, options_in
from xenhostgen.verify.harness import TEMPLATES, Harness, units, write_files

# Where sanitizers register variables (those priorities are reserved) must not run before the
# driver's main(), as nothing must that comes from judged files; the driver calls it in the child.
_SECTIONS = """SECTIONS {
 judged_data : ALIGN(4096) {
  EXCLUDE_FILE(*glue.o) *(.data .data.* .init.data* .init.rodata*)
  . = ALIGN(4096);
 }
 judged_bss : ALIGN(4096) { EXCLUDE_FILE(*glue.o) *(.bss .bss.* COMMON) . = ALIGN(4096); }
 judged_start : { KEEP(*(.init_array.00099 .init_array.1)) }
 judged_constructors : { *(.init_array .init_array.* .preinit_array .ctors .ctors.*) }
 judged_end : { *(.fini_array .fini_array.* .dtors .dtors.*) }
}
"""
_WRITABLE = set("judged_data judged_bss judged_start judged_end shim_exports asan_globals".split())
_GLUE_WRITABLE = set(".data .bss .data.rel .data.rel.local .data.rel.ro .data.rel.ro.local".split())
_STRINGS = set("memcmp memcpy memmove memset strcmp strcpy strlen strncmp".split())
SANITIZER = re.compile(r"__(asan|ubsan)_|__(start|stop)_asan_globals$|_GLOBAL_OFFSET_TABLE_$")
_IFUNC = "LOOS"  # the number of GNU's own kind of symbol
# C as the kernel's Makefile has it: signed numbers wrap.
DIALECT = ("-std=gnu11", "-fno-strict-overflow")
FLAGS = [*DIALECT, *"-g1 -O1 -fno-common -fno-omit-frame-pointer -w -fmax-errors=20".split()]
SANITIZERS = ("address", "undefined")
SANITIZE = (f"-fsanitize={','.join(SANITIZERS)}", "-fno-sanitize-recover=all")


_AS_THE_SPEC = Configuration()
# Compilers that run side by side, each with a pipe or two.
_AT_ONCE = 64


class Unwatchable(BuildError):
    """The judged C compiles, and does what would escape being judged."""


class Reading(NamedTuple):
    """What a file declares, and what a compiler understood of it; none of that where it fails."""

    facts: Facts = ()
    unit: Unit | None = None
    complaints: tuple[Complaint, ...] = ()
    """Why it can't be parsed, or else why it can't be compiled."""


class Store:
    """Objects and declarations of one spec's trees, kept by what they were made from.

    Variants of a tree that are judged one after another, such as mutants, share what they have in
    common. They differ in files that the spec names.
    """

    def __init__(self, spec: Interface, folder: Path) -> None:
        self.headers = (spec.header.file, spec.predicates.file)
        self.folder = folder
        self.lock, self.oracle_lock = Lock(), Lock()
        self.readings: dict[str, Reading] = {}
        self.contents: dict[Path, Contents] = {}
        self.due: dict[str, Unit] = {}
        """What each compiler understands of what is due."""
        self.oracles: dict[tuple[str, ...], Program] = {}
        """What does what is due, by the options that are off."""
        self.answers: dict[tuple[str, ...], dict[str, Any]] = {}
        """What that has answered to each call."""

    def key(self, tree: Path, source: Path, *words: str) -> str:
        """A text that differs when the file, a header of the spec's or a word does."""
        digest = hashlib.sha256("\0".join(words).encode())
        for file in (source, *(tree / header for header in self.headers)):
            folder = tree if file.is_relative_to(tree) else file.parent
            content = read_file(folder, str(file.relative_to(folder)))
            content = b"missing" if content is None else content
            digest.update(b"%d " % len(content) + content)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Program:
    """A driver that is ready to run, for so many slots; ``registry`` is their array's section."""

    command: tuple[Path, ...]
    slots: int
    registry: str
    view: View | None
    off: tuple[str, ...] = ()
    """Options of the kernel that it lacks."""

    @property
    def in_bss(self) -> bool:
        """Whether the kernel clears the array in boot."""
        return self.registry.startswith(".bss")


def build(
    harness: Harness, compiler: str, store: Store, turned: Configuration = _AS_THE_SPEC
) -> Program:
    """Compile and link; objects that the store has are taken from there. Raises ``BuildError``."""
    work = harness.work / "-".join([compiler.replace("/", "_"), *turned.on, "", *turned.off])
    write_files({"sections.ld": _SECTIONS}, work)
    *judged, glue, driver = _objects(harness, compiler, store, turned)

    stored = (glue, driver, judged[0])
    for path in stored:
        if path not in store.contents:
            store.contents[path] = read_contents(path, harness.reader)
    of_glue, of_driver, of_registry = (store.contents[path].symbols for path in stored)
    undefined = {symbol.name for symbol in of_driver if symbol.section == "UNDEF"}
    answered = undefined & {symbol.name for symbol in of_glue}
    (work / "wanted").write_text("\n".join(sorted(answered)))
    c, whole = harness.spec.c, work / "judged.o"
    wrapping = [f"--wrap={function}" for function in (c.register, c.unregister)]
    commands: tuple[tuple[str | Path, ...], ...] = (
        ("ld", "-r", *wrapping, "-T", "sections.ld", *judged, glue, "-o", whole),
        ("objcopy", "--keep-global-symbols=wanted", whole, "hidden.o"),
    )
    script = " && ".join(shlex.join(map(str, command)) for command in commands)
    run_all([Job(["sh", "-c", script], work, view=harness.view)])
    _check(read_contents(whole, harness.reader), of_driver)
    # The linker spends most of its time on what the sanitizers' libraries stand on.
    quickly = "-Wl,--allow-shlib-undefined"
    link = [compiler, *SANITIZE, quickly, str(driver), "hidden.o", "-o", "driver"]
    run_all([Job(link, work, view=harness.view)])
    array = (symbol.section for symbol in of_registry if symbol.name == harness.spec.c.array)
    command = (launcher(harness, compiler, store), work / "driver")
    section = next(array, "").removesuffix(".rel.local")  # where gcc makes what may lie anywhere
    return Program(command, len(harness.spec.slots), section, harness.view, turned.off)


def launcher(harness: Harness, compiler: str, store: Store) -> Path:
    """The program that confines a driver and starts it."""
    path = store.folder / "launcher"
    with store.lock:
        if not path.exists():
            command = [compiler, "-w", str(TEMPLATES / "launcher.c"), "-o", str(path)]
            run_all([Job(command, store.folder, view=harness.view)])
    return path


class Source(NamedTuple):
    """A file to compile: into an object of a name that tells all that it is made from."""

    file: str
    object: str
    flags: Sequence[str]


def driver_source(compiler: str) -> Source:
    """The driver, which sees no judged header."""
    source = TEMPLATES / "driver.c"
    digest = hashlib.sha256(f"{compiler}\0{source.read_text()}".encode()).hexdigest()
    return Source(str(source), f"{digest}-driver.o", ("-std=gnu11", "-O2"))


def compiled(
    sources: Iterable[Source], folder: Path, compiler: str, harness: Harness, store: Store
) -> list[Path]:
    """The objects of files, compiled in a folder; what the store has is taken from there."""
    objects: list[Path] = []
    jobs, fresh = [], {}
    for source in sources:
        target = store.folder / source.object
        objects.append(target)
        if not target.exists():
            # Others may be waiting for the same object.
            fresh[target] = target.with_name(f"{get_ident()}-{target.name}")
            command = [compiler, *source.flags, "-c", source.file, "-o", str(fresh[target])]
            jobs.append(Job(command, folder, view=harness.view))
    for start in range(0, len(jobs), _AT_ONCE):
        run_all(jobs[start : start + _AT_ONCE])
    for target, new in fresh.items():
        new.replace(target)
    return objects


def _objects(harness: Harness, compiler: str, store: Store, turned: Configuration) -> list[Path]:
    """The objects of the judged sources, of the glue and of the driver."""
    tree = harness.tree
    # clang watches variables in sections of their own anyhow.
    sections = [] if "clang" in compiler else ["-fsanitize-sections=.data*,.init.*data*"]
    judge = [*FLAGS, *SANITIZE, *sections, *harness.flags]
    judged = [(f"./{unit}", "judged") for unit in units(harness.spec)]
    sources = []
    for name, role in [*judged, (str(harness.glue), "glue")]:
        flags = [*_turning(harness, tree / name, turned), *(["-O0"] if role == "glue" else [])]
        key = store.key(tree, tree / name, compiler, *flags)
        sources.append(Source(name, f"{key}-{role}.o", [*judge, *flags]))
    return compiled([*sources, driver_source(compiler)], tree, compiler, harness, store)


def _turning(harness: Harness, source: Path, turned: Configuration) -> list[str]:
    """What turns those options that a file or a header names."""
    headers = [text for path, text in harness.judged.items() if path.endswith(".h")]
    of_file = turned
    if turned != _AS_THE_SPEC:
        texts = [*headers, source.read_text(errors="replace")]
        of_file = turned.of(set().union(*map(options_in, texts)))
    return [*(f"-D{name}=1" for name in of_file.on), *(f"-U{name}" for name in of_file.off)]


def _check(linked: Contents, driver: Sequence[Symbol]) -> None:
    """Refuse memory that escapes the driver, code that runs before it, and unknown functions."""
    for section in linked.writable:
        if section == "judged_constructors":
            raise Unwatchable("a constructor runs before the driver")
        if section not in _WRITABLE | _GLUE_WRITABLE:
            raise Unwatchable(f"data in the section '{section}' can't be watched")
    defined = [symbol for symbol in driver if symbol.section.startswith(".")]
    known = {symbol.name for symbol in defined if symbol.binding == "GLOBAL"} - {"main"} | _STRINGS
    for symbol in linked.symbols:
        if symbol.kind == _IFUNC:
            message = "is an ifunc, whose resolver runs before the driver"
            raise Unwatchable(f"'{symbol.name}' {message}")
        is_known = symbol.name in known or SANITIZER.match(symbol.name)
        if symbol.section == "UNDEF" and not is_known:
            raise BuildError(f"undefined reference to '{symbol.name}'")
