# SPDX-License-Identifier: GPL-2.0-only
"""Finds the installed extensions and what each adds to the core.

An extension is a package below ``xenhostgen.extensions``. Its ``__init__`` imports nothing and
declares ``COMMANDS``: the name of each command and its line in the help. The command ``name`` is
the module ``commands.name`` of that package. It may declare more, each thing as ``MODULE:NAME`` in
the package, which is imported when it is needed:

``DIFF``
    a function from a spec and a patch, or None for the spec's reference, to their comparison.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from xenhostgen.spec.source import Problem, Refused

ROOT = "xenhostgen.extensions"


def extensions() -> Iterator[ModuleType]:
    """Every installed extension, in the order of their names."""
    for module in pkgutil.iter_modules(importlib.import_module(ROOT).__path__):
        yield importlib.import_module(f"{ROOT}.{module.name}")


def install(extension: str) -> str:
    """The command that installs what an extension needs."""
    return f"pip install 'xenhostgen[{extension.replace('_', '-')}]'"


def declared(point: str) -> Iterator[tuple[ModuleType, Any]]:
    """The extensions that declare something, and what."""
    for extension in extensions():
        if hasattr(extension, point):
            yield extension, getattr(extension, point)


def load(extension: ModuleType, target: str) -> Any:
    """What an extension declares as ``MODULE:NAME``. Raises ``Refused`` if a package is missing."""
    module, _, name = target.partition(":")
    try:
        return getattr(importlib.import_module(f"{extension.__name__}.{module}"), name)
    except ModuleNotFoundError as error:
        package = extension.__name__.rpartition(".")[2]
        problem = f"needs the Python package '{error.name}'"
        raise Refused([Problem("not-installed", problem, package, hint=install(package))]) from None
