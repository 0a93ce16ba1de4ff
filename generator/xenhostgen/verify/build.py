# SPDX-License-Identifier: GPL-2.0-only
"""Compile a tree of judged C, unmodified, together with the driver that runs it.

The tree is laid out like the kernel's. In front of it come an overlay (placeholders, and stand-ins for
the kernel headers that the spec names), behind it the shim. The judged objects are linked into one
first, which gathers their writable memory in two sections that the driver can see.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xenhostgen.contract.boot import scenarios
from xenhostgen.csource.preprocess import SHIM
from xenhostgen.render.environment import environment, guarded
from xenhostgen.render.fresh import template_root
from xenhostgen.spec.model import Interface
from xenhostgen.spec.rules import declared_name

STATES_MAX = 1 << 16
_SECTIONS = """SECTIONS {
 judged_data : { *(.data .data.* .init.data .init.data.*) }
 judged_bss : { *(.bss .bss.* COMMON) }
}
"""
FLAGS = ("-std=gnu11", "-g", "-O1", "-fno-common", "-fno-omit-frame-pointer", "-w")
SANITIZERS = ("address", "undefined")


class BuildError(Exception):
    """The judged C doesn't compile or link; holds what the compiler said, with file and line."""

    def __init__(self, stage: str, output: str) -> None:
        super().__init__(f"{stage} failed")
        self.output = output

    def complaint(self) -> tuple[str, int, int, str]:
        """File, line, column and text of the first error; line 0 when it has no place."""
        found = re.search(
            r"^(?:\./)?([^\s:]+):(\d+):(?:(\d+):)? (?:fatal )?error: (.*)$", self.output, re.M
        )
        if found:
            return found[1], int(found[2]), int(found[3] or 0), found[4]
        undefined = re.search(
            r"undefined reference to [`'](\w+)'|multiple definition of [`'](\w+)'", self.output
        )
        lines = [line for line in self.output.splitlines() if line.strip()]
        return "", 0, 0, undefined[0] if undefined else (lines[-1] if lines else str(self))


@dataclass(frozen=True, slots=True)
class Program:
    """A driver that is ready to run."""

    executable: Path
    compiler: str
    sanitizers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wrapper:
    """The call of an op's wrapper with zeros for its arguments."""

    op: str
    call: str


def include_name(path: str) -> str:
    """A kernel header's path as #include writes it."""
    return f"<{path.removeprefix('include/')}>"


def overlay(spec: Interface, tree: Path, folder: Path) -> Path:
    """Write the headers that go in front of the tree; returns the folder to include first."""
    env = environment("harness", template_root())
    placeholders = [macro for macro in spec.predicates.macros if macro.placeholder]
    predicates = include_name(spec.predicates.file)
    if placeholders:
        text = guarded(
            env.get_template("placeholders.h.j2").render,
            include=predicates,
            placeholders=placeholders,
        )
        _write(folder / predicates[1:-1], text)
    for header in spec.context_headers:
        name = header[1:-1]
        there = [folder / name, tree / "include" / name, SHIM / name]
        if header.startswith("<") and not any(path.exists() for path in there):
            _write(folder / name, f"#include {predicates}\n")
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def include_flags(spec: Interface, tree: Path, overlaid: Path) -> list[str]:
    """The compiler's include path, and the kernel options that the spec's facts stand under."""
    configs = {macro.config for macro in spec.kernel.macros if macro.config}
    folders = [overlaid, tree / "include", SHIM]
    return [f"-I{folder}" for folder in folders] + [f"-D{config}=1" for config in sorted(configs)]


def build(spec: Interface, tree: Path, work: Path, cc: str = "gcc") -> Program:
    """Compile and link. Raises ``BuildError`` with the compiler's words."""
    work.mkdir(parents=True, exist_ok=True)
    overlaid = overlay(spec, tree, work / "overlay")
    includes = include_flags(spec, tree, overlaid)
    sanitize = [f"-fsanitize={','.join(SANITIZERS)}", "-fno-sanitize-recover=all"]
    sources = [spec.source.file, *(guest.file for guest in spec.guests)]
    driver = work / "driver.c"
    driver.write_text(driver_source(spec))
    script = work / "sections.ld"
    script.write_text(_SECTIONS)
    jobs: list[tuple[list[str], Path | None]] = []
    objects = []
    for number, source in enumerate(sources):
        objects.append(str(work / f"judged{number}.o"))
        jobs.append(
            ([cc, *FLAGS, *sanitize, *includes, "-c", f"./{source}", "-o", objects[-1]], tree)
        )
    driver_object = work / "driver.o"
    jobs.append(
        ([cc, *FLAGS, *sanitize, *includes, "-c", driver.name, "-o", str(driver_object)], work)
    )
    _run_all(jobs)
    judged = work / "judged.o"
    _run_all([(["ld", "-r", "-T", str(script), *objects, "-o", str(judged)], None)])
    executable = work / "driver"
    _run_all([([cc, *sanitize, str(driver_object), str(judged), "-o", str(executable)], None)])
    return Program(executable, cc, SANITIZERS)


def _run_all(jobs: Sequence[tuple[list[str], Path | None]]) -> None:
    """Run commands side by side; the first that fails decides."""
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    if missing := next((command[0] for command, _ in jobs if not shutil.which(command[0])), None):
        raise BuildError(
            missing,
            f"'{missing}' is not installed (Debian: {'clang' if 'clang' in missing else 'gcc'})",
        )
    running = [
        subprocess.Popen(
            ["timeout", "-k1", "60", *command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        for command, cwd in jobs
    ]
    outputs = [process.communicate()[1] for process in running]
    for process, output, (command, _) in zip(running, outputs, jobs, strict=True):
        if process.returncode:
            raise BuildError(Path(command[-1]).name, output)


def driver_source(spec: Interface) -> str:
    """The C of the driver for one interface."""
    env = environment("harness", template_root())
    pointers = [slot.pointer for slot in spec.slots]
    host = f"{spec.c.host} *" if spec.registry.cursor == "host" else f"{spec.c.host} **"
    tables = [table.symbol for _, table in spec.tables()]
    return guarded(
        env.get_template("driver.c.j2").render,
        c=spec.c,
        slots=spec.slots,
        guests=[
            _GuestCall(guest, ", ".join(map(declared_name, guest.boot.params)))
            for guest in spec.guests
        ],
        header=include_name(spec.header.file),
        predicates=include_name(spec.predicates.file),
        placeholders=[macro for macro in spec.predicates.macros if macro.placeholder],
        variables=[*spec.kernel.variables, *_parameters(spec)],
        objects=_objects(spec),
        assignments=_assignments(spec),
        tables=tables,
        table_type=spec.table_type,
        bss_functions=sorted(spec.bss_functions),
        functions=_functions(spec),
        wrappers=_wrappers(spec),
        cursor=host,
        visited="cursor" if spec.registry.cursor == "host" else "*cursor",
        errno=spec.registry.misuse is not None,
        pointers=pointers,
        states_max=STATES_MAX,
        hashes=131_101,
    )


@dataclass(frozen=True, slots=True)
class _GuestCall:
    guest: Any
    arguments: str

    @property
    def boot(self) -> Any:
        return self.guest.boot


@dataclass(frozen=True, slots=True)
class _Object:
    """Something for a pointer to point at."""

    type: str
    name: str


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter of boot functions, as a variable of the driver's."""

    name: str
    declaration: str


def _parameters(spec: Interface) -> list[_Parameter]:
    params = dict.fromkeys(param for guest in spec.guests for param in guest.boot.params)
    return [_Parameter(declared_name(param), param) for param in params]


def _objects(spec: Interface) -> list[_Object]:
    types = {variable.name: variable.declaration for variable in spec.kernel.variables}
    types |= {param.name: param.declaration for param in _parameters(spec)}
    wanted = {put.target for path in spec.kinds for put in path.inputs if "object" in put.values}
    return [
        _Object(types[target].split("*")[0].strip(), f"object_{target}")
        for target in sorted(wanted)
    ]


def numbered_inputs(spec: Interface) -> dict[tuple[str, str], int]:
    """A number for each (place, value) that a scenario may begin with, placeholders' answers included."""
    pairs: dict[tuple[str, str], int] = {}
    for scenario in scenarios(spec):
        for target, value in scenario.inputs:
            pairs.setdefault((target, value), len(pairs))
        for name, answer in scenario.placeholders:
            pairs.setdefault((f"driver_{name}", str(int(answer))), len(pairs))
    return pairs


def _assignments(spec: Interface) -> list[tuple[int, str]]:
    return [
        (number, f"{target} = {f'&object_{target}' if value == 'object' else value}")
        for (target, value), number in numbered_inputs(spec).items()
    ]


def _functions(spec: Interface) -> list[str]:
    """Definitions of the kernel functions that tables and wrappers name: they return zero."""
    made: dict[str, str] = {}
    for op in spec.ops:
        params = ", ".join([f"{spec.c.host} *{op.host}", *op.args])
        for entry in op.tables:
            if entry.is_kernels:
                made.setdefault(
                    entry.function,
                    _definition(f"{op.returns} {entry.function}({params})", op.returns),
                )
    for function in spec.kernel.functions:
        made.setdefault(function.name, _definition(function.prototype, function.returns))
    return list(made.values())


def _definition(head: str, returns: str) -> str:
    body = (
        "\n"
        if returns == "void"
        else f"\n\tstatic {returns.removeprefix('const ')} zero;\n\n\treturn zero;\n"
    )
    return f"{head}\n{{{body}}}\n"


def _wrappers(spec: Interface) -> list[Wrapper]:
    return [
        Wrapper(op.name, f"{spec.c.wrapper(op.name)}({', '.join(['xh', *('0' for _ in op.args)])})")
        for op in spec.ops
        if op.wrapper != "none"
    ]
