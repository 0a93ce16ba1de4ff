# SPDX-License-Identifier: GPL-2.0-only
"""Finds the installed extensions and what each adds to the core.

An extension is a package below ``xenhostgen.extensions``. Its ``__init__`` imports nothing and
declares ``COMMANDS``: the name of each command and its line in the help. The command ``name`` is
the module ``commands.name`` of that package. In ``HOOKS`` it may declare more, for each of these
points some names as ``MODULE:NAME`` in the package, which are imported when they are needed:

``check LEVEL``
    classes of checks (see ``verify.subject``), for a level of verification;
``needs LEVEL``
    a function from the tree, or None, to the problems that keep that level from being reached;
``tree``
    a function from a spec, options with a tree, and a folder for what is written, to the
    ``JudgedTree``, or to None where the rendering is to be judged;
``rendering``
    a function from a spec and its rendered files to these files as they are judged;
``after LEVEL``
    a function from a spec's path and the given tree to an exit status, which ``verify`` calls last;
``diff``
    a function from a spec and a patch, or None for the spec's reference, to their comparison;
``lint``
    a function that raises ``Refused`` for what is wrong with a spec;
``lint c``
    a function that raises ``SpecError`` for what is wrong with the rendering of a ``Subject``;
``format NAME``
    a function from a ``report.cases.Report`` to the text that ``--format NAME`` prints.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from xenhostgen.spec.source import Refused, refusal

ROOT = "xenhostgen.extensions"
LEVELS = {"parse": "", "run": "", "prove": "proof", "kernel": "kernel_tree", "boot": "boot"}
"""The levels of verification in their order, each with the extension that brings it."""


def extensions() -> Iterator[ModuleType]:
    """Every installed extension, in the order of their names."""
    from pkgutil import iter_modules  # most commands of the core need no extension

    for module in iter_modules(importlib.import_module(ROOT).__path__):
        yield importlib.import_module(f"{ROOT}.{module.name}")


def levels() -> list[str]:
    """The levels that can be reached with the installed extensions."""
    installed = {"", *(extension.__name__.rpartition(".")[2] for extension in extensions())}
    return [level for level, extension in LEVELS.items() if extension in installed]


def check_reachable(level: str, tree: Path | None) -> None:
    """Raise ``Refused`` if a level lacks its extension, a package, or the tree that it needs."""
    if level not in levels():
        hint = install(LEVELS[level])
        raise refusal("not-installed", "needs an extension", f"--level {level}", hint)
    if problems := [problem for needs in hooks(f"needs {level}") for problem in needs(tree)]:
        raise Refused(problems)


def install(extension: str) -> str:
    """The command that installs what an extension, or the core, needs."""
    if extension == "xenhostgen":  # the core
        return "pip install xenhostgen"
    return f"pip install 'xenhostgen[{extension.replace('_', '-')}]'"


def module_of(extension: str, name: str) -> ModuleType:
    """A module of an extension's package. Raises ``Refused`` if a Python package is missing."""
    try:
        return importlib.import_module(f"{extension}.{name}")
    except ModuleNotFoundError as error:
        package = extension.rpartition(".")[2]
        message, hint = f"needs the Python package '{error.name}'", install(package)
        raise refusal("not-installed", message, package, hint) from None


def formats() -> list[str]:
    """The names of the formats that the installed extensions bring."""
    points = [point for extension in extensions() for point in getattr(extension, "HOOKS", ())]
    return [point.removeprefix("format ") for point in points if point.startswith("format ")]


def hooks(point: str) -> Iterator[Any]:
    """What the extensions have for a point. Raises ``Refused`` if a Python package is missing."""
    for extension in extensions():
        for target in getattr(extension, "HOOKS", {}).get(point, ()):
            module, _, name = target.partition(":")
            yield getattr(module_of(extension.__name__, module), name)
