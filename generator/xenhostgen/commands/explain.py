# SPDX-License-Identifier: GPL-2.0-only
"""Say which line of which template made a line of a rendered file, and which place of the spec it comes from."""

import argparse
import json
import re
import sys
from itertools import zip_longest
from pathlib import Path

from xenhostgen.commands.inputs import add_format, spec_paths
from xenhostgen.render.provenance import provenance
from xenhostgen.report.terminal import say
from xenhostgen.spec import yaml
from xenhostgen.spec.load import load_text
from xenhostgen.spec.source import At, Problem, Refused

EXAMPLES = """\
examples:
  xenhostgen explain out/rfc-v1/arch/x86/xen/xenhost.c:30
  xenhostgen explain include/xen/xenhost.h:30 specs/rfc-v1.yaml   a path in the kernel tree, and the spec
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "place", metavar="FILE:LINE", help="as compilers write it; a column behind it is ignored"
    )
    parser.add_argument(
        "spec", metavar="SPEC", nargs="?", type=Path, help="(default: told by the file's folder)"
    )
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Find the line's origin and print it."""

    def refuse(message: str, hint: str, line: int = 1) -> Refused:
        return Refused([Problem("explain", message, str(file), At(line, 1), hint)])

    place = re.fullmatch(r"(.+?):(\d{1,9})(?::\d*)*", arguments.place)
    file = Path(place[1] if place else arguments.place)
    if place is None:
        raise refuse("which line?", "write FILE:LINE, as out/rfc-v1/arch/x86/xen/xenhost.c:30")
    number, spec = int(place[2]), arguments.spec
    if spec is None:
        # A folder of OUT has the name of its spec; the folders above it may have any name.
        specs = {path.stem: path for path in spec_paths([])}
        spec = next(
            (specs[part] for part in reversed(file.absolute().parts[:-1]) if part in specs), None
        )
        if spec is None or not file.is_file():
            message = "no such file" if spec else "is not in the folder of a spec"
            raise refuse(
                message, "make it by 'xenhostgen generate', or name a tree's file and then its spec"
            )
    source = yaml.read_file(spec)
    known = provenance(load_text(source, str(spec)), source)
    path = max(
        (name for name in known.files if f"/{file.as_posix()}".endswith(f"/{name}")),
        key=len,
        default=None,
    )
    if path is None:
        raise refuse(
            f"is not among the files that {spec} renders to", "these are: " + ", ".join(known.files)
        )
    lines = known.files[path].split("\n")[:-1]
    if file.is_file():
        there = file.read_text("utf-8", "replace").split("\n")[:-1]
        rows = enumerate(zip_longest(lines, there), 1)
        if other := next((row for row, (made, found) in rows if made != found), None):
            raise refuse(
                f"is not what {spec} renders to",
                f"bring it up to date: xenhostgen generate {spec}",
                other,
            )
    if not 0 < number <= len(lines):
        raise refuse(f"there is no line {number}", f"the last one is {len(lines)}", number)

    origin = known.origins[path][number - 1]
    written = source.split("\n")[origin.at.line - 1].rstrip("\r")
    template = origin.template.removeprefix(f"{Path.cwd()}/")
    made_by = Path(template).read_text("utf-8").split("\n")[origin.line - 1] if template else ""
    if arguments.format == "json":
        line = {"path": str(file), "line": number, "text": lines[number - 1]}
        made = {"path": template, "line": origin.line, "text": made_by} if template else None
        asked = {"path": str(spec), **origin.at._asdict(), "key": origin.key, "text": written}
        print(json.dumps({"line": line, "template": made, "spec": asked}, indent=2))
        return 0
    by = [f"{template}:{origin.line}:", f"    {made_by}"] if template else ["no template: raw text"]
    indent = re.sub(r"[^\t]", " ", written[: origin.at.column - 1])
    wanted = [
        f"{spec}:{origin.at.line}:{origin.at.column}: {origin.key}",
        f"    {written}",
        f"    {indent}^",
    ]
    for text in (f"{file}:{number}:", f"    {lines[number - 1]}", *by, *wanted):
        say(text, sys.stdout)
    return 0
