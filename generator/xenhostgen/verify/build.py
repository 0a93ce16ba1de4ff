# SPDX-License-Identifier: GPL-2.0-only
"""Compile a tree of judged C, unmodified, together with the driver that runs it.

The tree is laid out like the kernel's. In front of it come an overlay (placeholders, and stand-ins for
the kernel headers that the spec names) and the shim. The judged objects are linked into one first, which
gathers their writable memory in two sections that the driver can see, and hides their names from it.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from xenhostgen.csource.facts import Facts
from xenhostgen.sandbox.process import BuildError, Job, run_all
from xenhostgen.spec.model import Interface
from xenhostgen.spec.template_sets import template_root
from xenhostgen.verify.harness import glue_source, include_flags, laid_out, units

# Where sanitizers register variables (those priorities are reserved) must not run before the driver's
# main(), as nothing must that comes from judged files; the driver calls it in the child.
_SECTIONS = """SECTIONS {
 judged_data : { EXCLUDE_FILE(*glue.o) *(.data .data.* .init.data .init.data.*) }
 judged_bss : { EXCLUDE_FILE(*glue.o) *(.bss .bss.* COMMON) }
 judged_start : { KEEP(*(.init_array.00099 .init_array.1)) }
 judged_constructors : { *(.init_array .init_array.* .preinit_array .ctors .ctors.*) }
 judged_end : { *(.fini_array .fini_array.* .dtors .dtors.*) }
}
"""
_WRITABLE = {
    "judged_data",
    "judged_bss",
    "judged_start",
    "judged_end",
    "shim_exports",
    "asan_globals",
}
_GLUE_WRITABLE = {
    ".data",
    ".bss",
    ".data.rel",
    ".data.rel.local",
    ".data.rel.ro",
    ".data.rel.ro.local",
}
_STRINGS = {"memcmp", "memcpy", "memmove", "memset", "strcmp", "strcpy", "strlen", "strncmp"}
_SANITIZER = re.compile(r"__(asan|ubsan)_|__(start|stop)_asan_globals$|_GLOBAL_OFFSET_TABLE_$")
FLAGS = (
    "-std=gnu11",
    "-g",
    "-O1",
    "-fno-common",
    "-fno-omit-frame-pointer",
    "-w",
    "-fmax-errors=20",
)
SANITIZERS = ("address", "undefined")
_SANITIZE = (f"-fsanitize={','.join(SANITIZERS)}", "-fno-sanitize-recover=all")


class Unwatchable(BuildError):
    """The judged C compiles, and does what would escape being judged."""


class Store:
    """What variants of one spec's tree have in common, compiled and parsed once, by what it was made from.

    For whoever judges variants one after another, such as mutants: they differ in files that the spec names.
    """

    def __init__(self, spec: Interface, folder: Path) -> None:
        self.headers = (spec.header.file, spec.predicates.file)
        self.folder = folder
        self.facts: dict[str, Facts] = {}

    def key(self, tree: Path, source: Path, *words: str) -> str:
        """A text that differs when the file, a header of the spec's or a word does."""
        digest = hashlib.sha256("\0".join(words).encode())
        for file in (source, *(tree / header for header in self.headers)):
            content = file.read_bytes() if file.is_file() else b"missing"
            digest.update(b"%d " % len(content) + content)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Program:
    """A driver that is ready to run, for so many slots; ``registry`` is the section in which their array lies."""

    executable: Path
    slots: int
    registry: str

    @property
    def in_bss(self) -> bool:
        """Whether the kernel clears the array in boot."""
        return self.registry.startswith(".bss")


class _Symbol(NamedTuple):
    """A symbol of an object; ``section`` is a name, or UND, ABS or COM."""

    name: str
    kind: str
    binding: str
    section: str


def build(
    spec: Interface, tree: Path, work: Path, cc: str = "gcc", store: Store | None = None
) -> Program:
    """Compile and link; what the store has already is taken from there. Raises ``BuildError``."""
    laid_out({"glue.c": glue_source(spec), "sections.ld": _SECTIONS}, work)
    objects = _compiled(spec, tree, work, cc, store)
    *judged, glue, driver = map(str, objects)
    run_all([Job(["ld", "-r", "-T", "sections.ld", *judged, glue, "-o", "judged.o"], work)])
    (listing,) = run_all([Job(["readelf", "-SsW", "judged.o", glue, driver, judged[0]], work)])
    (sections, all_judged), (_, of_glue), (_, of_driver), (_, of_source) = map(
        _read, listing.split("\nFile: ")[1:]
    )
    _check(sections, all_judged, of_driver)
    wanted = {symbol.name for symbol in of_driver if symbol.section == "UND"} & {
        symbol.name for symbol in of_glue
    }
    (work / "wanted").write_text("".join(f"{name}\n" for name in sorted(wanted)))
    run_all([Job(["objcopy", "--keep-global-symbols=wanted", "judged.o", "hidden.o"], work)])
    run_all([Job([cc, *_SANITIZE, driver, "hidden.o", "-o", "driver"], work)])
    array = (symbol.section for symbol in of_source if symbol.name == spec.c.array)
    return Program(work / "driver", len(spec.slots), next(array, ""))


def _compiled(spec: Interface, tree: Path, work: Path, cc: str, store: Store | None) -> list[Path]:
    """The objects of the judged sources, of the glue and of the driver."""
    harness = template_root() / "harness"
    # clang watches variables in sections of their own anyhow.
    sections = [] if "clang" in cc else ["-fsanitize-sections=.data*,.init.data*"]
    judge = [cc, *FLAGS, *_SANITIZE, *sections, *include_flags(spec, tree, work), "-c"]
    todo = [
        (Job([*judge, f"./{unit}"], tree), tree / unit, f"judged{n}.o")
        for n, unit in enumerate(units(spec))
    ]
    todo.append(
        (Job([*judge, f"-I{harness}", str(work / "glue.c")], tree), work / "glue.c", "glue.o")
    )
    ours = Job([cc, "-std=gnu11", "-c", str(harness / "driver.c")], work)
    todo.append((ours, harness / "driver.c", "driver.o"))
    objects: list[Path] = []
    jobs = []
    for job, source, name in todo:
        made = (
            store.folder / f"{store.key(tree, source, cc, name)}-{name}" if store else work / name
        )
        objects.append(made)
        if not made.exists():
            jobs.append(Job([*job.command, "-o", str(made)], job.folder))
    run_all(jobs)
    return objects


def _read(listing: str) -> tuple[list[str], list[_Symbol]]:
    """An object's writable sections, and its symbols."""
    row = r"^ +\[ *(\d+)\] (.*?) +\S+(?: <unknown>)? +[0-9a-f]{16}(?: [0-9a-f]+){3} +([A-Zolp]*)(?: +\d+){3}$"
    sections = re.findall(row, listing, re.M)
    names = {number: name for number, name, _ in sections}
    row = r"^ +\d+: [0-9a-f]{16} +\w+ (\w+) +(\w+) +\w+ +(?:\[.*\] +)?(\w+) (.+)$"
    symbols = [
        _Symbol(name, kind, binding, names.get(section, section))
        for kind, binding, section, name in re.findall(row, listing, re.M)
        if kind not in ("FILE", "SECTION")
    ]
    return [name for _, name, flags in sections if "W" in flags], symbols


def _check(writable: list[str], judged: list[_Symbol], driver: list[_Symbol]) -> None:
    """Refuse what couldn't be judged: memory that escapes the driver, code that runs before it, foreign calls."""
    for section in writable:
        if section == "judged_constructors":
            raise Unwatchable("a constructor runs before anything that could be judged")
        if section not in _WRITABLE | _GLUE_WRITABLE:
            raise Unwatchable(f"data in the section '{section}' can't be watched")
    there = {
        each.name for each in driver if each.binding == "GLOBAL" and each.section.startswith(".")
    } - {"main"}
    for symbol in judged:
        if symbol.kind == "IFUNC":
            raise Unwatchable(
                f"'{symbol.name}' is chosen by code that runs before anything that could be judged"
            )
        known = symbol.name in there | _STRINGS or _SANITIZER.match(symbol.name)
        if symbol.section == "UND" and not known:
            raise BuildError(f"undefined reference to '{symbol.name}'")
