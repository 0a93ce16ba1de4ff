# SPDX-License-Identifier: GPL-2.0-only
"""Compile a tree of judged C, unmodified, together with the driver that runs it.

The tree is laid out like the kernel's. In front of it come an overlay (placeholders, and stand-ins
for the kernel headers that the spec names) and the shim. The judged objects are linked into one
first, which gathers their writable memory in two sections that the driver can see, in pages of
their own that it can protect, and hides all names from it but the glue's.
"""

import hashlib
import os
import platform
import re
import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import get_ident
from typing import NamedTuple

from xenhostgen.csource.confined import read_contents
from xenhostgen.csource.objects import Contents
from xenhostgen.render import write
from xenhostgen.sandbox.process import BuildError, Job, run_all
from xenhostgen.sandbox.scratch import state_folder
from xenhostgen.spec.source import Refused
from xenhostgen.verify.configurations import Configuration, options_in
from xenhostgen.verify.declarations import values
from xenhostgen.verify.driver import Program
from xenhostgen.verify.harness import TEMPLATES, Harness, rendered, units, wrappers, write_files
from xenhostgen.verify.store import Store

# Where sanitizers register variables (those priorities are reserved) must not run before the
# driver's main(), as nothing must that comes from judged files; the driver calls it in the child.
_SECTIONS = """SECTIONS {
 judged_data : ALIGN(4096) {
  EXCLUDE_FILE(*glue.o) *(.data .data.* .ref.data .init.data* .init.rodata*)
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
# What the driver, its sanitizers and the compilers' own code define.
_KNOWN = re.compile(
    r"driver_\w+|shim_bug|mem(?:cmp|cpy|move|set)|str(?:n?cmp|cpy|len)|__(?:asan|ubsan)_\w+"
    r"|__(?:start|stop)_asan_globals|_GLOBAL_OFFSET_TABLE_"
)
_IFUNC = "LOOS"  # the number of GNU's own kind of symbol
# C as the kernel's Makefile has it: signed numbers wrap.
DIALECT = ("-std=gnu11", "-fno-strict-overflow")
FLAGS = [*DIALECT, *"-g1 -O1 -fno-common -fno-omit-frame-pointer -w -fmax-errors=20".split()]
SANITIZERS = ("address", "undefined")
_ELF = b"\x7fELF"
_OWN_PROGRAMS = {"driver.o": ("-std=gnu11", "-O2", "-c"), "launcher": ("-w",)}
_UNUSED_MAX = 30 * 24 * 3600  # seconds
SANITIZE = (f"-fsanitize={','.join(SANITIZERS)}", "-fno-sanitize-recover=all")


# Compilers that run side by side, each with a pipe or two.
_AT_ONCE = 64


class Unwatchable(BuildError):
    """The judged C compiles, and does what would escape being judged."""


def build(harness: Harness, compiler: str, turned: Configuration) -> Program:
    """Compile and link; objects that the store has are taken from there. Raises ``BuildError``."""
    work = harness.work / "-".join([compiler.replace("/", "_"), *turned.on, "", *turned.off])
    write_files({"sections.ld": _SECTIONS}, work)
    *judged, glue = _objects(harness, compiler, turned)
    c, store, whole = harness.spec.c, harness.store, work / "judged.o"
    wrapping = [f"--wrap={function}" for function in (c.register, c.unregister)]
    harness.run(["ld", "-r", *wrapping, "-T", "sections.ld", *judged, glue, "-o", whole], work)
    hiding = ["--wildcard", "--keep-global-symbol=glue_*"]
    harness.run(["objcopy", *hiding, whole, "hidden.o"], work)
    _check(read_contents(whole, harness.reader))
    # The linker spends most of its time on what the sanitizers' libraries stand on.
    quickly = "-Wl,--allow-shlib-undefined"
    driver = own_program("driver.o", compiler, store)
    harness.run([compiler, *SANITIZE, quickly, driver, "hidden.o", "-o", "driver"], work)
    command = (own_program("launcher", compiler, store), work / "driver")
    of_registry = read_contents(judged[0], harness.reader).symbols
    array = (symbol.section for symbol in of_registry if symbol.name == c.array)
    section = next(array, "").removesuffix(".rel.local")  # where gcc makes what may lie anywhere
    return Program(command, len(harness.spec.slots), section, harness.view, turned.off)


def own_program(name: str, compiler: str, store: Store) -> Path:
    """What a compiler makes of the driver or the launcher, which see nothing judged.

    The user's state keeps it, if it can: to compile the driver takes longer than all judged files
    together. Raises ``BuildError``.
    """
    words = [name, *_OWN_PROGRAMS[name], platform.machine()]
    if installed := shutil.which(compiler):
        status = Path(installed).stat()
        words += [os.path.realpath(installed), f"{status.st_mtime_ns} {status.st_size}"]
    words += [file.read_text() for file in sorted(TEMPLATES.glob("*.[ch]"))]
    key = f"{hashlib.sha256(chr(0).join(words).encode()).hexdigest()}-{name}"
    program = store.folder / key
    with store.lock:
        if not program.exists():
            new = program.with_name(f"{get_ident()}-{key}")
            kept = _kept(key)
            if kept.startswith(_ELF):
                new.write_bytes(kept)
            else:
                source = str(TEMPLATES / Path(name).with_suffix(".c"))
                run_all([Job([compiler, *_OWN_PROGRAMS[name], source, "-o", str(new)])])
                with suppress(OSError, Refused):
                    _keep(key, new.read_bytes())
            new.chmod(0o755)
            new.replace(program)
    return program


def _kept(name: str) -> bytes:
    """A program that the user's state keeps; nothing if it keeps none."""
    with suppress(OSError):
        with suppress(OSError):
            os.utime(state_folder() / name)
        return (state_folder() / name).read_bytes()
    return b""


def _keep(name: str, program: bytes) -> None:
    """Keep a program, and none any more that hasn't been used for long."""
    folder, limit = state_folder(), time.time() - _UNUSED_MAX
    kept = (path for own in _OWN_PROGRAMS for path in folder.glob(f"*-{own}"))
    unused = [path.name for path in kept if path.stat().st_mtime < limit]
    write.write_files(folder, {**dict.fromkeys(unused), name: program})


class Source(NamedTuple):
    """A file to compile: into an object of a name that tells all that it is made from."""

    file: str
    object: str
    flags: Sequence[str]


def compiled(
    sources: Iterable[Source], folder: Path, compiler: str, harness: Harness
) -> list[Path]:
    """The objects of files, compiled in a folder; what the store has is taken from there."""
    objects: list[Path] = []
    jobs, fresh = [], {}
    for source in sources:
        target = harness.store.folder / source.object
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


def write_glue(harness: Harness) -> Path:
    """The C file between the judged files and the driver. Raises ``SpecError``."""
    with harness.store.lock:
        glue = harness.work / "glue.c"
        if not glue.exists():
            spec, store = harness.spec, harness.store
            context = {"calls": wrappers(spec), "parts": values(harness)}
            store.glue = store.glue or rendered("harness/glue.c", spec, **context)
            header = (TEMPLATES / "glue.h").read_text()
            write_files({"glue.h": header, glue.name: store.glue}, harness.work)
    return glue


def _objects(harness: Harness, compiler: str, turned: Configuration) -> list[Path]:
    """The objects of the judged sources and of the glue."""
    tree = harness.tree
    # clang watches variables in sections of their own anyhow.
    sections = [] if "clang" in compiler else ["-fsanitize-sections=.data*,.ref.data,.init.*data*"]
    judge = [*FLAGS, *SANITIZE, *sections, *harness.flags]
    judged = [(f"./{unit}", "judged") for unit in units(harness.spec)]
    sources = []
    for name, role in [*judged, (str(write_glue(harness)), "glue")]:
        flags = turned.of(_options(harness, tree / name)).flags
        flags += ["-O0"] if role == "glue" else []
        key = harness.store.key(tree, tree / name, compiler, *flags)
        sources.append(Source(name, f"{key}-{role}.o", [*judge, *flags]))
    return compiled(sources, tree, compiler, harness)


def _options(harness: Harness, source: Path) -> set[str]:
    """The kernel's options that a file or a header names."""
    texts = [text for path, text in harness.judged.items() if path.endswith(".h")]
    texts.append(source.read_text(errors="replace"))
    return set().union(*map(options_in, texts))


def _check(linked: Contents) -> None:
    """Refuse memory that escapes the driver, code that runs before it, and unknown functions."""
    for section in linked.writable:
        if section == "judged_constructors":
            raise Unwatchable("a constructor runs before the driver")
        if section not in _WRITABLE | _GLUE_WRITABLE:
            raise Unwatchable(f"data in the section '{section}' can't be watched")
    for symbol in linked.symbols:
        if symbol.kind == _IFUNC:
            message = "is an ifunc, whose resolver runs before the driver"
            raise Unwatchable(f"'{symbol.name}' {message}")
        if symbol.section == "UNDEF" and not _KNOWN.fullmatch(symbol.name):
            raise BuildError(f"undefined reference to '{symbol.name}'")
