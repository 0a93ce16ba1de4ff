# SPDX-License-Identifier: GPL-2.0-only
"""Print the script by which a shell completes commands, options, specs and names of rules."""

import argparse
import sys
from pathlib import Path

import shtab

from xenhostgen.extensions.shell.parsers import whole_parser
from xenhostgen.verify.catalogue import catalogue

SHELLS = ("bash", "zsh", "fish")
# zsh's _arguments stumbles over the parentheses that shtab puts around a pattern.
SPECS = {**shtab.glob("*.yaml"), "zsh": "_files -g *.yaml"}
EXAMPLES = """\
examples:
  source <(xenhostgen completion bash)                 for this shell; or for all later ones:
  xenhostgen completion bash > ~/.local/share/bash-completion/completions/xenhostgen
  xenhostgen completion zsh > ~/.zfunc/_xenhostgen     in a folder of your $fpath
  xenhostgen completion fish > ~/.config/fish/completions/xenhostgen.fish
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))


def run(arguments: argparse.Namespace) -> int:
    """Print the shell's script."""
    sys.stdout.write(script(arguments.shell))
    return 0


def script(shell: str) -> str:
    """What completes the command line of the installed version in a shell."""
    parser, commands = whole_parser(only_usable=True)
    for command in commands.values():
        command.description = None  # the short line of each is shown
        for action in command._actions:
            set_completion(action)
    return str(shtab.complete(parser, shell))


def set_completion(action: argparse.Action) -> None:
    """Tell shtab what an argument stands for, by its name in the help."""
    if action.metavar == "SPEC":
        action.complete = SPECS  # type: ignore[attr-defined]
    elif action.metavar == "DIR":
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    elif action.metavar == "RULE":
        action.choices = list(catalogue())
    elif action.type is Path:
        action.complete = shtab.FILE  # type: ignore[attr-defined]
