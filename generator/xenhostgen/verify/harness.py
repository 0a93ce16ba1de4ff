# SPDX-License-Identifier: GPL-2.0-only
"""The C around the judged files: headers in front of their tree, and glue to what runs them."""

import errno
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from xenhostgen.csource.preprocess import SHIM
from xenhostgen.csource.tokens import includes
from xenhostgen.reference_model.boot import Scenario, scenarios
from xenhostgen.reference_model.ops import only
from xenhostgen.render.environment import environment, guarded
from xenhostgen.sandbox.confinement import View
from xenhostgen.sandbox.process import Job, run_all
from xenhostgen.sandbox.reader import Reader
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import (
    Call,
    ClearBss,
    Each,
    EnumFact,
    FunctionFact,
    Guest,
    Interface,
    Op,
    Register,
    StructFact,
    Unregister,
)
from xenhostgen.spec.paths import fault
from xenhostgen.spec.source import Text
from xenhostgen.spec.template_sets import template_root
from xenhostgen.verify.configurations import Configuration
from xenhostgen.verify.drift import read_text
from xenhostgen.verify.store import Store

TEMPLATES = template_root() / "harness"
_COMPOUND = re.compile(r"[*\[]|\b(?:struct|union)\b")


@dataclass(eq=False)
class Harness:
    """What a tree of one spec is compiled with: files below ``work``, written on first need.

    ``compiler`` tells what is declared, and what the spec's own C does.
    """

    spec: Interface
    tree: Path
    work: Path
    store: Store
    compiler: str = "gcc"
    view: View | None = None
    reader: Reader | None = None

    @property
    def configs(self) -> list[str]:
        """The kernel options that the spec stands on."""
        return sorted({macro.config for macro in self.spec.kernel.macros if macro.config})

    def run(self, command: Sequence[str | Path], folder: Path, c: str = "") -> None:
        """Run a program that may see foreign files, and reads some C. Raises ``BuildError``."""
        run_all([Job(command, folder, input=c.encode(), view=self.view)])

    @cached_property
    def overlay(self) -> Path:
        """The folder to include first.

        It holds placeholders, and stand-ins for kernel headers that the spec names and nobody has.
        """
        spec = self.spec
        predicates = include_name(spec.predicates.file)
        files: dict[str, str] = {}
        if spec.predicates.placeholders:
            files[predicates[1:-1]] = rendered("harness/placeholders.h", spec)
        for name in self.stand_ins:
            files.setdefault(name, f"#include {predicates}\n")
        return write_files(files, self.work / "overlay")

    @cached_property
    def stand_ins(self) -> list[str]:
        """The headers that the spec names and nobody has: what they declare isn't known."""
        beside = {(self.tree / unit).parent for unit in units(self.spec)}
        folders = (self.tree / "include", SHIM, *beside)
        names = [header[1:-1] for header in self.spec.context_headers]
        for name in filter(fault, names):  # lint refuses it; such a spec hasn't been read by it
            raise ValueError(f"<{name}> leads out of the folder of headers")
        return [name for name in names if not any((folder / name).exists() for folder in folders)]

    @cached_property
    def questions(self) -> Path:
        """The folder to include first where nothing judged may count: the spec's own facts.

        They stand in place of the header with the predicates: questions stay calls.
        """
        facts = [*map(enum_c, self.spec.kernel.enums), *kernel_facts(self.spec)]
        header = "\n".join(["#pragma once", "#include <linux/types.h>", *facts, ""])
        name = include_name(self.spec.predicates.file)[1:-1]
        return write_files({name: header}, self.work / "asked")

    @cached_property
    def judged(self) -> dict[str, str]:
        """The texts of the spec's C files, and of the headers of the tree that these include."""
        texts: dict[str, str] = {}
        paths = c_files(self.spec)
        while paths:
            path = paths.pop(0)
            if path not in texts and (text := read_text(self.tree, path)) is not None:
                texts[path] = text
                paths += included(self.tree, path, text)
        return texts

    @property
    def defines(self) -> list[str]:
        """The options of a compiler that turn on those of the kernel."""
        return Configuration(on=tuple(self.configs)).flags

    @cached_property
    def flags(self) -> list[str]:
        """The options of a compiler that runs in the tree."""
        kconfig = ["-D__KERNEL__", "-include", str(SHIM / "linux/kconfig.h")]
        return [f"-I{self.overlay}", f"-I{SHIM}", "-Iinclude", *self.defines, *kconfig]


def units(spec: Interface) -> list[str]:
    """The files that are compiled: the registry's and the guests'."""
    return [spec.source.file, *(guest.file for guest in spec.guests)]


def c_files(spec: Interface) -> list[str]:
    """The C files of a spec: all but the Makefile."""
    first = [spec.header.file, spec.source.file, spec.predicates.file]
    return [*first, *(guest.file for guest in spec.guests)]


def included(tree: Path, path: str, text: str) -> Iterator[str]:
    """The headers of the tree that a file includes."""
    for include in includes(text):
        for folder in ("include", str(Path(path).parent)):
            header = f"{folder}/{include.header[1:-1]}"
            if (tree / header).is_file():
                yield header


def write_files(files: Mapping[str, str], folder: Path) -> Path:
    """Write files below a folder; returns that."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8", "surrogateescape")
    return folder


def rendered(template: str, spec: Interface, **context: Any) -> str:
    """C from a template, named SET/FILE, which asks the spec and knows its kernel and wrappers."""
    template_set, _, name = template.partition("/")
    source = environment(template_set, template_root()).get_template(f"{name}.j2")
    return guarded(source.render, **_vocabulary(spec), **context)


def _vocabulary(spec: Interface) -> dict[str, Any]:
    """What the templates of harness and provers name."""
    variables: dict[str, str] = {
        variable.name: variable.declaration for variable in spec.kernel.variables
    }
    for guest in spec.guests:
        variables |= {declared_name(param): param for param in guest.boot.params}
    inputs = [put for path in spec.kinds for put in path.inputs]
    scalars = [name for name, c in variables.items() if not _COMPOUND.search(c)]
    for name in sorted({str(put.target) for put in inputs if "object" in put.values}):
        variables[f"glue_object_{name}"] = f"{variables[name].split('*')[0]} glue_object_{name}"
    for macro in spec.predicates.placeholders:
        variables[f"driver_{macro.name}"] = f"int driver_{macro.name}"
    return {
        "spec": spec,
        "c": spec.c,
        "index": {slot.name: index for index, slot in enumerate(spec.slots)},
        "functions": kernel_functions(spec),
        "wrappers": wrappers(spec),
        "variables": variables,
        "observed": observed_variables(spec),
        "due_steps": due_steps,
        "scalars": scalars,
        "assignments": numbered_inputs(spec),
        "declared_name": declared_name,
        "errno_value": errno_value,
        "include_name": include_name,
        "is_struct": is_struct,
        "only": only,
    }


def observed_variables(spec: Interface) -> dict[str, str]:
    """C for each of the kernel's variables that is a number, and whether those point that may."""
    return {
        variable.name: f"{variable.name} != NULL" if "*" in variable.type else variable.name
        for variable in spec.kernel.variables
        if "[" not in variable.declaration and not is_struct(variable.type)
    }


def due_steps(spec: Interface, guest: Guest) -> Iterator[str]:
    """What a guest's boot steps do, as C that tells of each call as theirs do."""
    for step in guest.boot.steps:
        match step:
            case Register() | Unregister():
                condition = f"if ({step.when}) " if step.when else ""
                table = f", &{symbol}" if (symbol := spec.table(guest, step)) else ""
                name = spec.c.register if table else spec.c.unregister
                yield f"{condition}__wrap_{name}({spec.c.type(step.type)}{table});"
            case Each():
                cursor = f"{spec.c.host} {spec.cursor};"
                yield f"{{ {cursor} {spec.c.iterator}(xh) {spec.call(step)}; }}"
            case Call():
                yield from (assignment.c for assignment in step.sets)
            case ClearBss():
                yield f'glue_tell("{step.function}()");'
            case _:
                yield step.c


def include_name(path: str) -> str:
    """A kernel header's path as #include writes it."""
    return f"<{path.removeprefix('include/')}>"


def enum_c(enum: EnumFact) -> str:
    """An enum of the kernel's in C."""
    return f"enum {enum.name} {{ {', '.join(enum.values)} }};"


def struct_c(struct: StructFact) -> str:
    """A structure of the kernel's in C; only declared if the spec knows no member."""
    members = "".join(f" {member.type} {member.name};" for member in struct.members)
    return f"struct {struct.name} {{{members} }};" if members else f"struct {struct.name};"


def kernel_facts(spec: Interface) -> list[str]:
    """What the spec says of the kernel's structures, variables and functions, in C."""
    kernel = spec.kernel
    facts = [f"{structure};" for structure in spec.ahead]
    facts += [f"typedef {typedef.declaration};" for typedef in kernel.typedefs]
    facts += [struct_c(struct) for struct in kernel.structs]
    facts += [f"extern {variable.declaration};" for variable in kernel.variables]
    return [*facts, *(f"{function.prototype};" for function in kernel.functions)]


def errno_value(name: str) -> str:
    """The number of ``-EINVAL`` and the like, as C returns it; numbers stand for themselves."""
    return str(-getattr(errno, name[1:])) if name.startswith("-E") else name


def boot_inputs(scenario: Scenario) -> list[str]:
    """C that sets each thing that a scenario begins with, placeholders' answers included."""
    inputs = []
    for place, value in scenario.inputs:
        inputs.append(f"{place} = {f'&glue_object_{place}' if value == 'object' else value}")
    return [*inputs, *(f"driver_{name} = {answer:d}" for name, answer in scenario.placeholders)]


def numbered_inputs(spec: Interface) -> list[str]:
    """All such C of a spec's boots; the driver knows it by its number."""
    return list(dict.fromkeys(chain.from_iterable(map(boot_inputs, scenarios(spec)))))


class Wrapper(NamedTuple):
    """The call of an op's wrapper, or of what it must amount to, with arguments of its own.

    ``returns``: it has a result, which ``result`` declares.
    """

    op: Op
    args: tuple[Text, ...]
    call: str
    returns: bool
    name: str
    result: str = "__auto_type glue_result"


def wrappers(spec: Interface) -> list[Wrapper]:
    """The wrapper of each op that has one."""
    calls = []
    for op in spec.ops:
        if op.wrapper != "none":
            arguments = ", ".join(["xh", *map(declared_name, op.args)])
            call = f"{spec.c.wrapper(op.name)}({arguments})"
            args = tuple(map(_local, op.args))
            calls.append(Wrapper(op, args, call, op.wrapper_type != "void", op.name))
    return calls


def _local(param: str) -> Text:
    """A variable of the type that a parameter has: an array is a pointer to its first element."""
    name = declared_name(param)
    return Text(re.sub(rf"\b{name}\s*\[[^]]*\]", f"(*{name})", param))


class Function(NamedTuple):
    """A kernel function that is only called: it tells its arguments."""

    fact: FunctionFact
    returns: str
    """Its type without the qualifiers that no variable for it may have."""


def kernel_functions(spec: Interface) -> list[Function]:
    """The kernel functions that tables, wrappers and adapters name, and those of made-up tables."""
    facts: dict[str, FunctionFact] = {fact.name: fact for fact in spec.kernel.functions}
    for op in spec.ops:
        names = [entry.function for entry in op.tables if entry.is_kernels]
        names += [Text(only(op.name))] if op.wrapper != "none" else []
        host = Text(f"{spec.c.host} *{op.host}")
        facts |= {name: FunctionFact(name, op.returns, (host, *op.args)) for name in names}
    functions = []
    for fact in facts.values():
        returns = fact.returns if "*" in fact.returns else fact.returns.removeprefix("const ")
        local = FunctionFact(fact.name, fact.returns, tuple(map(_local, fact.args)))
        functions.append(Function(local, returns))
    return functions


def is_struct(c: str) -> bool:
    """Whether C declares a whole structure, which is no number."""
    return "*" not in c and c.split(maxsplit=1)[0] in ("struct", "union")
