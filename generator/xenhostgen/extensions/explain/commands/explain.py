# SPDX-License-Identifier: GPL-2.0-only
"""Say which template line made a line of a rendered file, and what place in the spec it is from."""

import argparse
import json
import re
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any

from xenhostgen.commands.inputs import add_format, spec_paths
from xenhostgen.extensions.explain.provenance import Map, provenance
from xenhostgen.report.terminal import say
from xenhostgen.spec import yaml
from xenhostgen.spec.load import load_text
from xenhostgen.spec.source import At, Problem, Refused

Explained = dict[str, dict[str, Any] | None]
EXAMPLES = """\
examples:
  xenhostgen explain out/rfc-v1/arch/x86/xen/xenhost.c:30
  xenhostgen explain include/xen/xenhost.h:30 specs/rfc-v1.yaml   a path in the tree, and the spec
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    text = "as compilers write it; a column behind it is ignored"
    parser.add_argument("place", metavar="FILE:LINE", help=text)
    text = "(default: told by the file's folder)"
    parser.add_argument("spec", metavar="SPEC", nargs="?", type=Path, help=text)
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Find the line's origin and print it."""
    place = re.fullmatch(r"(.+?):(\d{1,9})(?::\d*)*", arguments.place)
    if place is None:
        hint = "write FILE:LINE, as out/rfc-v1/arch/x86/xen/xenhost.c:30"
        raise refusal(Path(arguments.place), "which line?", hint)
    path = Path(place[1])
    explained = explain(path, int(place[2]), arguments.spec or spec_of(path))
    if arguments.format == "json":
        print(json.dumps(explained, indent=2))
    else:
        for line in as_text(explained):
            say(line, sys.stdout)
    return 0


def explain(path: Path, number: int, spec: Path) -> Explained:
    """A line of a file, and the lines of the template (None: raw text) and the spec that made it.

    Raises ``Refused`` where the spec doesn't render to the file as it is.
    """
    source = yaml.read_file(spec)
    rendering = provenance(load_text(source, str(spec)), source)
    name = rendered_name(path, rendering, spec)
    lines = rendering.files[name].split("\n")[:-1]
    if path.is_file():
        refuse_stale(path, lines, spec)
    if not 0 < number <= len(lines):
        raise refusal(path, f"there is no line {number}", f"the last one is {len(lines)}", number)
    origin = rendering.origins[name][number - 1]
    template = None
    if origin.template:
        text = Path(origin.template).read_text("utf-8").split("\n")[origin.line - 1]
        shown = origin.template.removeprefix(f"{Path.cwd()}/")
        template = {"path": shown, "line": origin.line, "text": text}
    text = source.split("\n")[origin.at.line - 1].rstrip("\r")
    return {
        "line": {"path": str(path), "line": number, "text": lines[number - 1]},
        "template": template,
        "spec": {"path": str(spec), **origin.at._asdict(), "key": origin.key, "text": text},
    }


def refusal(path: Path, message: str, hint: str, line: int = 1) -> Refused:
    """Why a line of a file can't be explained."""
    return Refused([Problem("explain", message, str(path), At(line, 1), hint)])


def spec_of(path: Path) -> Path:
    """The spec that a file in OUT is made from; a folder above the file has the spec's name."""
    specs = {spec.stem: spec for spec in spec_paths([])}
    spec = next(
        (specs[part] for part in reversed(path.absolute().parts[:-1]) if part in specs), None
    )
    if spec and path.is_file():
        return spec
    message = "no such file" if spec else "is not in the folder of a spec"
    hint = "make it by 'xenhostgen generate', or name a tree's file and then its spec"
    raise refusal(path, message, hint)


def rendered_name(path: Path, rendering: Map, spec: Path) -> str:
    """The longest path of a rendered file that a path ends in."""
    names = [name for name in rendering.files if f"/{path.as_posix()}".endswith(f"/{name}")]
    if not names:
        hint = "these are: " + ", ".join(rendering.files)
        raise refusal(path, f"is not among the files that {spec} renders to", hint)
    return max(names, key=len)


def refuse_stale(path: Path, rendered: list[str], spec: Path) -> None:
    """Raise ``Refused`` at the first line of a file that differs from what is rendered."""
    current = path.read_text("utf-8", "replace").split("\n")[:-1]
    for number, (old, new) in enumerate(zip_longest(current, rendered), 1):
        if old != new:
            hint = f"bring it up to date: xenhostgen generate {spec}"
            raise refusal(path, f"is not what {spec} renders to", hint, number)


def as_text(explained: Explained) -> list[str]:
    """The lines of an explanation, with a caret below the place in the spec."""
    lines = []
    for place in (explained["line"], explained["template"]):
        if place:
            lines += [f"{place['path']}:{place['line']}:", f"    {place['text']}"]
        else:
            lines.append("no template: raw text")
    spec = explained["spec"] or {}
    indent = re.sub(r"[^\t]", " ", spec["text"][: spec["column"] - 1])
    lines.append(f"{spec['path']}:{spec['line']}:{spec['column']}: {spec['key']}")
    return [*lines, f"    {spec['text']}", f"    {indent}^"]
