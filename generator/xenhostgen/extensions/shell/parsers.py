# SPDX-License-Identifier: GPL-2.0-only
"""All commands as one parser, which the command line itself never needs."""

import argparse
from contextlib import nullcontext, suppress

from xenhostgen import __version__
from xenhostgen.commands import all_commands, command_module
from xenhostgen.spec.source import Refused

FORM = argparse.RawDescriptionHelpFormatter
DESCRIPTION = """\
Render a declarative spec of a host interface to kernel C, and verify the C. Each command has
--help, with examples. Exit status: 0 success, 1 a difference or a finding, 2 a usage, spec or
environment error."""


def whole_parser(
    only_usable: bool = False,
) -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """A parser of all commands, and the parser of each.

    With ``only_usable``, commands that lack a Python package are left out; else that is refused.
    """
    parser = argparse.ArgumentParser("xenhostgen", description=DESCRIPTION, formatter_class=FORM)
    parser.add_argument("--version", action="version", version=f"xenhostgen {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)
    by_name = {}
    for name, (package, summary) in sorted(all_commands().items()):
        with suppress(Refused) if only_usable else nullcontext():
            module = command_module(name, package)
            texts = {"help": summary, "description": module.__doc__, "epilog": module.EXAMPLES}
            by_name[name] = commands.add_parser(name, formatter_class=FORM, **texts)
            module.add_arguments(by_name[name])
    return parser, by_name
