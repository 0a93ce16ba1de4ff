# SPDX-License-Identifier: GPL-2.0-only
"""The command line: which command is called, and what its outcome means for the exit status.

Each command is a module of ``commands``, or of an extension's, imported only when it is called: its
docstring is the description in the help, ``EXAMPLES`` stands below, ``add_arguments(parser)``
declares its arguments, and ``run(arguments)`` does the work, prints its outcome and returns the
exit status.
"""

import argparse
import errno
import os
import re
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from xenhostgen import __version__
from xenhostgen.commands import COMMANDS, all_commands, command_module
from xenhostgen.commands.inputs import print_problems
from xenhostgen.sandbox.ending import ENDING
from xenhostgen.sandbox.scratch import sweep, temporary
from xenhostgen.spec.source import Refused, did_you_mean, printable

ERROR = 2
STDIN = "/dev/stdin"
INTERRUPTED, NO_READER = 130, 141  # 128 and the signal's number, as shells do
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_FORM: dict[str, Any] = {
    "formatter_class": argparse.RawDescriptionHelpFormatter,
    "allow_abbrev": False,
}


class Parser(argparse.ArgumentParser):
    """An argument parser that names the option that was meant."""

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The parsed arguments; exits with status 2 and a hint if there is one too many."""
        arguments = [
            STDIN if argument == "-" and before not in ("-o", "--output") else argument
            for before, argument in zip(("", *arguments), arguments, strict=False)
        ]
        if "--" in arguments:  # argparse would take a path behind it for an option all the same
            mark = arguments.index("--")
            paths = [re.sub("^-", "./-", path) for path in arguments[mark + 1 :]]
            arguments = [*arguments[:mark], *paths]
        parsed, unknown = self.parse_known_intermixed_args(arguments)
        if unknown:
            option = unknown[0].split("=")[0]
            hint = did_you_mean(option, self._option_string_actions)
            self.error(f"unknown argument '{option}'; {hint}")
        return parsed

    def error(self, message: str) -> NoReturn:
        """Exit with status 2 and the message on stderr."""
        self.exit(ERROR, f"{self.prog}: {printable(message, '?')}\nSee '{self.prog} --help'.\n")


def main(argv: Sequence[str]) -> int:
    """Run one command; returns the exit status and lets no exception out but SystemExit."""
    for number in _ENDING:
        signal.signal(number, unwind)
    sweep()
    arguments = argparse.Namespace()
    try:
        arguments = parse(argv)
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("xenhostgen: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        drop_output()
        return NO_READER
    except Exception as error:
        report_error(error, getattr(arguments, "format", "text"))
        return ERROR
    finally:
        ENDING.clear()
    return status


def unwind(number: int, frame: object) -> NoReturn:
    """End by a signal: everything is cleaned up, whatever other signals come meanwhile."""
    for other in _ENDING:
        signal.signal(other, signal.SIG_IGN)
    ENDING.set()
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments of a command, ``run`` among them; exits after help or an error."""
    name, package = argv[0] if argv else "", "xenhostgen"
    if name not in COMMANDS:  # only what the core lacks is looked for in extensions
        commands = all_commands()
        if name not in commands:
            exit_without_command(argv, commands)
        package, _ = commands[name]
    command = command_module(name, package)
    parser = Parser(f"xenhostgen {name}", None, command.__doc__, command.EXAMPLES, **_FORM)
    command.add_arguments(parser)
    parser.set_defaults(run=command.run)
    return parser.parse(argv[1:])


def exit_without_command(argv: Sequence[str], commands: dict[str, tuple[str, str]]) -> NoReturn:
    """Answer ``xenhostgen`` alone, ``--help``, ``--version``, and words that are no command."""
    width = max(map(len, commands))
    listed = "\n".join(f"  {name:{width}}  {summary}" for name, (_, summary) in commands.items())
    parser = Parser(
        "xenhostgen",
        "xenhostgen [--help] [--version] COMMAND …",
        "Render a declarative spec of a host interface to kernel C, and verify the C.",
        f"commands:\n{listed}\n\n"
        "xenhostgen COMMAND --help says more, with examples.\n"
        "Exit status: 0 success, 1 a difference or finding, 2 a usage, spec or environment error.",
        **_FORM,
    )
    parser.add_argument("--version", action="version", version=f"xenhostgen {__version__}")
    if argv and not argv[0].startswith("-"):
        parser.error(f"unknown command '{argv[0]}'; {did_you_mean(argv[0], commands)}")
    parser.parse(argv)
    parser.print_help(sys.stderr)
    parser.exit(ERROR)


def report_error(error: Exception, form: str) -> None:
    """Print why nothing was done: the input's problems, the system's reason, or our own fault."""
    if os.environ.get("XENHOSTGEN_TRACEBACK") == "1":
        import traceback  # rarely wanted

        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, Refused):
        print_problems(error.problems, form)
        return
    if isinstance(error, OSError):
        drop_output()
        full = f"stdout or {temporary()}" if error.errno == errno.ENOSPC else ""
        place = error.filename or full
        message = f"{place}: {error.strerror or error}" if place else error.strerror or str(error)
    else:
        reason = " ".join(str(error).split())
        message = (
            f"internal error: {type(error).__name__}: {reason}"
            " (please report it; XENHOSTGEN_TRACEBACK=1 shows where)"
        )
    print(f"xenhostgen: {printable(message, '?')}", file=sys.stderr)


def drop_output() -> None:
    """Point stdout at nothing, lest the interpreter fail once more to flush it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
