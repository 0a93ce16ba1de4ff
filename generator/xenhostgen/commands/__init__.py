# SPDX-License-Identifier: GPL-2.0-only
"""The core's commands: a module each, with its arguments and what it prints (see cli.py)."""

from keyword import iskeyword
from types import ModuleType

from xenhostgen.extension_points import extensions, module_of

COMMANDS = {
    "init": "write a small spec to start from",
    "generate": "render specs into kernel C",
    "lint": "check specs, and report all errors at once",
    "verify": "judge the C: parse it, run it beside the model, boot every kind of guest",
    "rules": "explain what findings mean and how to fix them",
    "schema": "print the JSON Schema of specs, for editors",
}


def all_commands() -> dict[str, tuple[str, str]]:
    """The package and the line in the help of every command, the extensions' included."""
    commands = {name: ("xenhostgen", summary) for name, summary in COMMANDS.items()}
    for extension in extensions():
        for name, summary in extension.COMMANDS.items():
            commands[name] = extension.__name__, summary
    return commands


def command_module(name: str, package: str) -> ModuleType:
    """The module of a package's command. Raises ``Refused`` if a Python package is missing."""
    # No module can be called 'import'.
    return module_of(package, f"commands.{name}_" if iskeyword(name) else f"commands.{name}")
