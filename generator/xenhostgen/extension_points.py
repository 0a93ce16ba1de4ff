# SPDX-License-Identifier: GPL-2.0-only
"""Finds the installed extensions and what each adds to the core.

An extension is a package below ``xenhostgen.extensions``. Its ``__init__`` imports nothing and declares
``COMMANDS``: the name of each command and its line in the help. The command ``name`` is the module
``commands.name`` of that package.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

ROOT = "xenhostgen.extensions"


def extensions() -> Iterator[ModuleType]:
    """Every installed extension, in the order of their names."""
    for module in pkgutil.iter_modules(importlib.import_module(ROOT).__path__):
        yield importlib.import_module(f"{ROOT}.{module.name}")
