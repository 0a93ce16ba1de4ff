# SPDX-License-Identifier: GPL-2.0-only
"""The command line: which command was asked for, and what its outcome means for the exit status.

Each command is a module of ``commands``, or of an extension's, imported only when it is the one that was
asked for: its docstring is the description in the help, ``EXAMPLES`` stands below,
``add_arguments(parser)`` declares its arguments, and ``run(arguments)`` does the work, prints its
outcome and returns the exit status.
"""

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from keyword import iskeyword
from types import FrameType
from typing import NoReturn

from xenhostgen import __version__
from xenhostgen.commands import COMMANDS

ERROR = 2
INTERRUPTED, TERMINATED, NO_READER = 130, 143, 141  # 128 and the signal's number, as shells do


class Parser(argparse.ArgumentParser):
    """An argument parser that takes no abbreviations and names the option that was meant."""

    def __init__(self, prog: str, description: str, epilog: str) -> None:
        form = argparse.RawDescriptionHelpFormatter
        super().__init__(prog, None, description, epilog, formatter_class=form, allow_abbrev=False)

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The parsed arguments; exits with status 2 and a hint if there is one too many."""
        if (
            "--" in arguments
        ):  # what stands behind it are paths, which argparse would take for options all the same
            mark = [*arguments].index("--")
            behind = (
                f"./{each}" if each.startswith("-") else each for each in arguments[mark + 1 :]
            )
            arguments = [*arguments[:mark], *behind]
        known, unknown = self.parse_known_intermixed_args(arguments)
        if unknown:
            from xenhostgen.spec.source import did_you_mean

            option = unknown[0].split("=")[0]
            options = [name for name in self._option_string_actions if name.startswith("--")]
            self.error(f"unknown argument '{option}'; {did_you_mean(option, options)}")
        return known

    def error(self, message: str) -> NoReturn:
        """One line on stderr and exit status 2."""
        from xenhostgen.spec.source import printable

        self.exit(ERROR, f"{self.prog}: {printable(message, '?')}\nSee '{self.prog} --help'.\n")


class Terminated(BaseException):
    """The process was asked to end; what stands in ``finally`` blocks still runs."""


def main(argv: Sequence[str]) -> int:
    """Run one command; returns the exit status and lets no exception out but argparse's exit."""
    form = ""
    try:
        signal.signal(signal.SIGTERM, terminated)
        run, arguments = asked(argv)
        form = getattr(arguments, "format", "")
        status = run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("xenhostgen: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Terminated:
        return TERMINATED
    except BrokenPipeError:
        drop_output()
        return NO_READER
    except Exception as error:
        return refused(error, form)
    return status


def terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that nothing half done stays behind."""
    raise Terminated


def asked(argv: Sequence[str]) -> tuple[Callable[[argparse.Namespace], int], argparse.Namespace]:
    """What runs the command that is asked for, and its arguments; exits if that is to be help or a hint."""
    if argv[:1] == ["help"]:
        return asked([*argv[1:2], "--help"])
    name = argv[0] if argv else ""
    package = package_of(name)
    if package is None:
        no_command(argv)
    module = f"{name}_" if iskeyword(name) else name  # no module can be called 'import'
    command = importlib.import_module(f"{package}.{module}")
    parser = Parser(f"xenhostgen {name}", command.__doc__ or "", command.EXAMPLES)
    command.add_arguments(parser)
    return command.run, parser.parse(argv[1:])


def package_of(name: str) -> str | None:
    """The package that holds a command's module; None if there is no such command."""
    if name in COMMANDS:  # those of the core need no search
        return "xenhostgen.commands"
    from xenhostgen.extension_points import extensions

    packages = (each.__name__ for each in extensions() if name in each.COMMANDS)
    return next((f"{package}.commands" for package in packages), None)


def all_commands() -> dict[str, str]:
    """Every command, the extensions' included, and its line in the help."""
    from xenhostgen.extension_points import extensions

    listed = dict(COMMANDS)
    for extension in extensions():
        listed |= extension.COMMANDS
    return listed


def no_command(argv: Sequence[str]) -> NoReturn:
    """``xenhostgen`` alone, ``--help``, ``--version``, and words that are no command."""
    commands = all_commands()
    width = max(map(len, commands))
    listed = "\n".join(f"  {name:{width}}  {line}" for name, line in commands.items())
    parser = Parser(
        "xenhostgen",
        "From a declarative spec of a host interface to kernel C, and its verification.",
        f"commands:\n{listed}\n\n"
        "xenhostgen COMMAND --help tells more, with examples.\n"
        "Exit status: 0 fine, 1 a difference or a finding, 2 usage, spec or environment error.",
    )
    parser.usage = "xenhostgen [--help] [--version] COMMAND …"
    parser.add_argument("--version", action="version", version=f"xenhostgen {__version__}")
    if argv and not argv[0].startswith("-"):
        from xenhostgen.spec.source import did_you_mean

        parser.error(f"unknown command '{argv[0]}'; {did_you_mean(argv[0], list(commands))}")
    parser.parse(argv)
    parser.print_help(sys.stderr)
    parser.exit(ERROR)


def refused(error: Exception, form: str) -> int:
    """Say why nothing was done: the input's problems, the system's reason, or our own fault."""
    from xenhostgen.commands.inputs import print_json
    from xenhostgen.report.problems import show
    from xenhostgen.spec.source import Refused, printable

    if os.environ.get("XENHOSTGEN_TRACEBACK") == "1":
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, Refused):
        print_json([], error.problems) if form == "json" else show(error.problems, sys.stderr)
        return ERROR
    if isinstance(error, OSError):
        drop_output()
        said = f"{error.filename}: " * bool(error.filename) + (error.strerror or str(error))
    else:
        said = f"internal error: {type(error).__name__}: {' '.join(str(error).split())}"
        said += " (please report it; XENHOSTGEN_TRACEBACK=1 shows where)"
    print(f"xenhostgen: {printable(said, '?')}", file=sys.stderr)
    return ERROR


def drop_output() -> None:
    """Point stdout at nothing, lest the interpreter fail once more to flush it when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
