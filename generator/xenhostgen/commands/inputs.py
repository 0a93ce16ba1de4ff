# SPDX-License-Identifier: GPL-2.0-only
"""Arguments that commands share: the specs and the form of the output."""

import argparse
from pathlib import Path

import xenhostgen

FORMATS = ("text", "json")


def add_specs(parser: argparse.ArgumentParser) -> None:
    """``SPEC…``; without one, the specs of the current folder."""
    parser.add_argument(
        "specs",
        nargs="*",
        metavar="SPEC",
        type=Path,
        help="spec files (default: specs/*.yaml here, or else those that ship with xenhostgen)",
    )


def add_format(parser: argparse.ArgumentParser, *more: str) -> None:
    """``--format``; ``more`` are the forms that this command has besides."""
    parser.add_argument("--format", choices=(*FORMATS, *more), default="text", help="how the outcome is printed")


def spec_paths(given: list[Path]) -> list[Path]:
    """The specs that a command is to work on, in order.

    Raises ``Refused`` if there is none, or if two would have the same folder in OUT.
    """
    paths = given or sorted(default_specs().glob("*.yaml"))
    stems = {path.stem: path for path in reversed(paths)}
    if not paths or len(stems) < len(paths):
        from xenhostgen.spec.source import Problem, Refused

        if not paths:
            raise Refused([Problem("no-specs", "holds no *.yaml", str(default_specs()))])
        second = next(path for path in paths if stems[path.stem] is not path)
        message = f"has the name of {stems[second.stem]}: both would go into OUT/{second.stem}"
        raise Refused([Problem("same-name", message, str(second), hint="rename one")])
    return paths


def default_specs() -> Path:
    """``specs`` in the current folder, else the shipped ones: in the checkout or in the package."""
    if Path("specs").is_dir():
        return Path("specs")
    package = Path(xenhostgen.__file__).parent
    checkout = package.parent.parent / "specs"
    return checkout if checkout.is_dir() else package / "specs"
