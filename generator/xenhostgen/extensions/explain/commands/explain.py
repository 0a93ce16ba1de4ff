# SPDX-License-Identifier: GPL-2.0-only
"""Name the template line and the place in the spec that a line of a rendered file comes from."""

import argparse
import re
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from xenhostgen.commands.inputs import SPECS
from xenhostgen.extensions.explain.provenance import provenance
from xenhostgen.report.terminal import say
from xenhostgen.spec import yaml
from xenhostgen.spec.load import load_text
from xenhostgen.spec.source import At, refusal

EXAMPLES = """\
examples:
  xenhostgen explain out/rfc-v1/arch/x86/xen/xenhost.c:30
  xenhostgen explain include/xen/xenhost.h:30 specs/rfc-v1.yaml   a path in the tree, and the spec
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    text = "as in compiler messages; a column after it is ignored"
    parser.add_argument("place", metavar="FILE:LINE", help=text)
    text = "the spec file (default: from the file's folder)"
    parser.add_argument("spec", metavar="SPEC", nargs="?", type=Path, help=text)


def run(arguments: argparse.Namespace) -> int:
    """Find the line's origin and print it."""
    place = re.fullmatch(r"(.+?):(\d{1,9})(?::\d*)*", arguments.place)
    if place is None:
        hint = "write FILE:LINE, as out/rfc-v1/arch/x86/xen/xenhost.c:30"
        raise refusal("explain", "which line?", arguments.place, hint)
    path = Path(place[1])
    for line in explained(path, int(place[2]), arguments.spec or spec_of(path)):
        say(line, sys.stdout)
    return 0


def explained(path: Path, number: int, spec: Path) -> Iterator[str]:
    """A line of a file, that of its template, and the place in the spec, each with its text.

    Raises ``Refused`` where the spec doesn't render to the file as it is.
    """
    source = yaml.read_file(spec)
    rendering = provenance(load_text(source, str(spec)), source)
    whole = path.absolute().as_posix()
    names = [name for name in rendering.files if whole.endswith(f"/{name}")]
    if not names:
        hint = "these are: " + ", ".join(rendering.files)
        message = f"is not among the files that {spec} renders to"
        raise refusal("explain", message, path, hint)
    name = max(names, key=len)
    lines = rendering.files[name].split("\n")[:-1]
    if path.is_file():
        refuse_stale(path, lines, spec)
    if not 0 < number <= len(lines):
        hint = f"the last one is {len(lines)}"
        raise refusal("explain", f"there is no line {number}", path, hint, At(number, 1))
    yield f"{path}:{number}:"
    yield f"    {lines[number - 1]}"
    origin = rendering.origins[name][number - 1]
    template = Path(origin.template)
    yield f"{origin.template.removeprefix(f'{Path.cwd()}/')}:{origin.line}:"
    yield f"    {template.read_text('utf-8').splitlines()[origin.line - 1]}"
    line, column = origin.at
    text = source.split("\n")[line - 1].rstrip("\r")
    yield f"{spec}:{line}:{column}: {origin.key}"
    yield f"    {text}"
    yield "    " + re.sub(r"[^\t]", " ", text[: column - 1]) + "^"


def spec_of(path: Path) -> Path:
    """The spec that a rendered file is made from; a folder above the file has the spec's name."""
    folders = [folder.name for folder in path.absolute().parents]
    there = [*SPECS.glob("*.yaml"), *Path().glob("*.yaml")]
    specs = [spec for spec in there if spec.stem in folders]
    if specs and path.is_file():
        return min(specs, key=lambda spec: folders.index(spec.stem))
    message = "no such file" if specs else "is in no folder named like a spec in ./specs or here"
    hint = "run 'xenhostgen generate', or name a file of a tree and then its spec"
    raise refusal("explain", message, path, hint)


def refuse_stale(path: Path, rendered: list[str], spec: Path) -> None:
    """Raise ``Refused`` at the first line of a file that differs from what is rendered."""
    current = path.read_text("utf-8", "replace").split("\n")[:-1]
    for number, (old, new) in enumerate(zip_longest(current, rendered), 1):
        if old != new:
            hint = f"bring it up to date: xenhostgen generate {spec}"
            message = f"is not what {spec} renders to"
            raise refusal("explain", message, path, hint, At(number, 1))
