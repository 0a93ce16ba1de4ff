# SPDX-License-Identifier: GPL-2.0-only
"""Reduce a real kernel's files to what is the interface's, so that they can be judged like stubs.

A kernel's own files include hundreds of headers and do much that the spec doesn't know. What stays
of them, on the lines where it stands: the interface's header, tables and adapters, the predicates,
and of the boot functions those statements that the spec knows, that name the interface or set what
a boot step sets, and whatever may lead past these. Facts of the kernel come from the spec, as they
do in a stub.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from os.path import isfile
from pathlib import Path

from xenhostgen.csource.preprocess import SHIM
from xenhostgen.csource.tokens import includes
from xenhostgen.extensions.kernel_tree.c_tree import (
    Node,
    bare,
    defined,
    outside_functions,
    silent,
    text_of,
    words,
)
from xenhostgen.extensions.kernel_tree.own_names import own_names, setting, targets
from xenhostgen.extensions.kernel_tree.placing import placed
from xenhostgen.extensions.kernel_tree.reduction import Reduction
from xenhostgen.render.files import Renderer
from xenhostgen.sandbox.process import BuildError
from xenhostgen.spec.model import Call, Guest, Interface, OwnStep, Step
from xenhostgen.spec.source import Text, refusal
from xenhostgen.verify.drift import read_text
from xenhostgen.verify.harness import enum_c, include_name, kernel_facts, write_files
from xenhostgen.verify.subject import JudgedTree, Options

_DEFINES = re.compile(r"^[ \t]*#[ \t]*(?:define|undef)[ \t]+(\w+)", re.MULTILINE)
_HEADERS_MAX = 20
_TYPES = "<linux/types.h>"


def judged_tree(spec: Interface, options: Options, folder: Path) -> JudgedTree | None:
    """The tree to judge; None if it is a kernel to build in, whose C is to be the rendering.

    Of a kernel's tree the interface's part is written into ``folder``. It is taken for one when a
    guest's file, or the predicates' header, includes what neither the tree nor the shim has. Raises
    ``Refused`` for a file that can't be parsed, and if the interface doesn't fit into a kernel to
    build in.
    """
    assert options.tree
    if options.level == "kernel" and not placed(spec, options.tree).applied:
        return None
    tree, source = options.tree.absolute(), spec.source.file
    guests = dict.fromkeys(guest.file for guest in spec.guests)
    paths = (spec.header.file, source, spec.object.file, spec.predicates.file, *guests)
    texts = {path: text for path in paths if (text := read_text(tree, path)) is not None}
    missing = {
        path: _missing(spec, tree, path, texts.get(path, ""))
        for path in (spec.predicates.file, *guests)
    }
    if not any(missing.values()):
        return JudgedTree(tree)
    parts = {}
    for path, text in texts.items():
        try:
            parts[str(path)] = reduced(spec, path, text)
        except BuildError as error:
            raise refusal("unreadable", str(error), tree / path) from None
    files = _with_headers(spec, tree, texts, parts)
    left_out = [
        f"{path}: its headers and the kernel's own code, because {missing[path]} is missing"
        for path in guests
        if missing[path]
    ]
    kept = _included(files.get(source, "")).values()
    headers = [header for header in _included(texts.get(source, "")).values() if header not in kept]
    left_out += [f"{source}: its header {header}" for header in headers]
    return JudgedTree(write_files(files, folder), reduce=reduced, left_out=tuple(left_out))


def _missing(spec: Interface, tree: Path, path: str, text: str) -> str:
    """The first header that a file includes and that neither the tree nor the shim has."""
    folders = (tree / "include", (tree / path).parent)
    headers = _included(text).values()
    return next((header for header in headers if not _there(spec, header, *folders)), "")


def _with_headers(
    spec: Interface, tree: Path, texts: Mapping[Text, str], parts: dict[str, str]
) -> dict[str, str]:
    """The parts, with headers of the tree that can be compiled, and their own ones.

    The interface's files keep them all, a kernel's own those that define what their part names.
    """
    own = (spec.source.file, spec.header.file)
    headers: dict[str, str] = {}
    kept = dict(parts)
    for path, text in texts.items():
        part = parts[str(path)]
        lines, names, there = part.split("\n"), words(part), _included(part)
        for row, header in _included(text).items():
            if row not in there:
                closure = _closure(spec, tree, Path(path).parent, header, {})
                defines = _DEFINES.findall("\n".join((closure or {}).values()))
                if closure and (path in own or names.intersection(defines)):
                    lines[row] = f"#include {header}"
                    headers |= closure
        kept[str(path)] = "\n".join(lines)
    return headers | kept


def _included(text: str) -> dict[int, str]:
    """The headers that C includes, by their rows."""
    return {text.count("\n", 0, include.start): include.header for include in includes(text)}


def _closure(
    spec: Interface, tree: Path, folder: Path, include: str, known: dict[str, str]
) -> dict[str, str] | None:
    """A header of the tree with all that it includes there; None if a part isn't there."""
    if _there(spec, include):
        return known
    for place in ("include", str(folder)):
        path = f"{place}/{include[1:-1]}"
        if path in known:
            return known
        if len(known) < _HEADERS_MAX and (text := read_text(tree, path)) is not None:
            known[path] = text
            for inner in includes(text):
                if _closure(spec, tree, Path(path).parent, inner.header, known) is None:
                    return None
            return known
    return None


def _there(spec: Interface, include: str, *folders: Path) -> bool:
    """Whether a header will be there for the reduced files, or lies in one of the folders."""
    ours = (
        include_name(spec.header.file),
        include_name(spec.predicates.file),
        *spec.context_headers,
    )
    files = (folder / include[1:-1] for folder in (SHIM, *folders))
    return include in ours or any(map(isfile, files))  # to pathlib too long a name is an error


def reduced(spec: Interface, path: str, text: str) -> str:
    """The interface's part of one file, as long as the file. Raises ``BuildError``."""
    guests = {str(guest.file): guest for guest in spec.guests}
    with suppress(RecursionError):  # blocks without end: as it is, it can't be parsed either
        if path in guests:
            return _GuestFile(spec, guests[path], text).part()
        if path == spec.predicates.file:
            return _predicates(spec, text)
    if path == spec.source.file:
        for include in reversed(includes(text)):
            if not _there(spec, include.header):
                rows = "\n" * text.count("\n", include.start, include.end)
                text = text[: include.start] + rows + text[include.end :]
    return text


def _predicates(spec: Interface, text: str) -> str:
    """The header of the predicates: these and the enums as they are, all else from the spec."""
    kernel = spec.kernel
    macros = {macro.name for macro in spec.macros}
    enums = {str(enum.name): enum_c(enum) for enum in kernel.enums}

    def wanted(node: Node) -> bool:
        match node.type:
            case "preproc_include":
                return text_of(node.child_by_field_name("path")) == _TYPES
            case "preproc_def" | "preproc_function_def":
                return defined(node) in macros or not node.child_by_field_name("value")
            case "enum_specifier":
                return enums.pop(text_of(node.child_by_field_name("name")), None) is not None
        return False

    file = Reduction(text)
    file.keep(wanted)
    facts = list(enums.values())
    facts += [f"enum {{ {constant.name} = {constant.value} }};" for constant in kernel.constants]
    file.supply([_TYPES], [*facts, *kernel_facts(spec)])
    return file.text()


class _GuestFile:
    """A guest's file: which names make a piece of it the interface's, and what is left of it."""

    def __init__(self, spec: Interface, guest: Guest, text: str) -> None:
        self.spec, self.guest, self.boot = spec, guest, guest.boot
        self.file = Reduction(text)
        nodes = [node for node, _ in outside_functions(self.file.root)]
        self.defined = {name: text_of(node) for node in nodes if (name := defined(node))}
        self.bodies: dict[str, tuple[Step, ...]] = {self.boot.function: self.boot.steps}
        self.called = [step for step in self.boot.steps if isinstance(step, Call)]
        for step in self.called:
            self.bodies[step.function] = step.sets
        self.own = set(own_names(spec))
        self.relevant = self.own | self.helpers()
        self.sets = setting(targets(self.boot.steps))

    def helpers(self) -> set[str]:
        """The file's functions and macros that boot code calls and that lead to the interface."""
        others = self.defined.keys() - self.bodies.keys() - self.own
        callees = {name: _called(c) for name, c in self.defined.items()}
        users = {name for name in others if words(self.defined[name]) & self.own}
        while further := {name for name in others - users if callees[name] & users}:
            users |= further
        helpers: set[str] = set()
        callers = self.bodies.keys() & callees.keys()
        while callers:
            callers = set().union(*(callees[name] for name in callers)) & users - helpers
            helpers |= callers
        return helpers

    def part(self) -> str:
        """What is left, and what that needs of the kernel."""
        self.file.keep(self.wanted)
        needed = [" ".join(c.split()) for c in Renderer(self.spec).prototypes(self.guest).values()]
        for step in self.called:
            if step.function not in self.defined:
                sets = " ".join(assignment.c for assignment in step.sets)
                needed.append(f"static void {step.function}(void) {{ {sets} }}")
        self.file.supply(self.guest.context, needed)
        return self.file.text()

    def wanted(self, node: Node) -> bool:
        """Whether a declaration or directive is the interface's; functions are reduced, too."""
        match node.type:
            case "preproc_include":
                header = text_of(node.child_by_field_name("path"))
                return header in (*self.guest.context, self.guest.include.line)
            case "function_definition":
                return self.function(defined(node), node)
            case "ERROR":
                return bool(words(text_of(node)) & {*self.own, *self.bodies})
        types = {self.spec.c.ops_tag, self.spec.c.ops}
        return bool(words(text_of(node)) & (self.relevant | types))

    def function(self, name: str, node: Node) -> bool:
        """Reduce a function; False if it isn't the interface's."""
        body = node.child_by_field_name("body")
        if body and name in self.bodies:
            self.head(name, node)
            steps = {id(child): self.step(name, child) for child in body.named_children}
            # What the kernel's own functions do besides, and whether they get that far, is its own.
            jumps = name == self.boot.function
            self.file.reduce(
                body, lambda part: bool(steps.get(id(part))) or self.counts(part), jumps
            )
            for child in body.named_children:
                c = steps[id(child)]
                if c and bare(text_of(child)) != bare(c):
                    self.file.cut(child, c)
        elif body and name in self.relevant - self.own:
            self.file.reduce(body, self.counts)
        # Where brackets don't match, what is lost lies in another function: the parser tells where.
        lost = {self.boot.function} - self.defined.keys()
        known = name in self.bodies or name in self.relevant
        return known or bool(words(text_of(node)) & lost)

    def head(self, name: str, node: Node) -> None:
        """Let a boot function be called from without, and with no more than the spec passes."""
        declarator = node.child_by_field_name("declarator")
        boots = name == self.boot.function
        self.file.cut(node, "void" if boots else "static void", end=declarator)
        if declarator and not (boots and self.boot.params):
            self.file.cut(declarator, f"{name}(void)")

    def counts(self, node: Node) -> bool:
        """Whether a statement is the interface's, or sets what a boot step sets."""
        c = silent(text_of(node))
        return bool(words(c) & self.relevant) or self.sets.search(c) is not None

    def step(self, function: str, node: Node) -> str:
        """The kernel's boot step that a statement is, in the spec's words; empty if it is none."""
        c = text_of(node)
        if words(c) & self.relevant:
            return ""
        steps = [step for step in self.bodies[function] if not isinstance(step, OwnStep)]
        return next((step.c for step in steps if re.fullmatch(step.pattern, bare(c))), "")


def _called(c: str) -> set[str]:
    """What looks called in C."""
    return set(re.findall(r"\b(\w+)\s*\(", silent(c)))
