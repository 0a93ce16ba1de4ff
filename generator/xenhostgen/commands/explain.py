# SPDX-License-Identifier: GPL-2.0-only
"""Say which line of which template made a line of a rendered file, and which place of the spec it comes from."""

import argparse
import json
import re
import sys
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from xenhostgen.commands.inputs import add_format, spec_paths
from xenhostgen.render.provenance import Map, Origin, provenance
from xenhostgen.report.terminal import say
from xenhostgen.spec import yaml
from xenhostgen.spec.load import load_text
from xenhostgen.spec.source import At, Problem, Refused

EXAMPLES = """\
examples:
  xenhostgen explain out/rfc-v1/arch/x86/xen/xenhost.c:30
  xenhostgen explain include/xen/xenhost.h:30 specs/rfc-v1.yaml   a path in the kernel tree, and the spec
"""


class Explained(NamedTuple):
    """A rendered line, its origin, and the lines of the template and of the spec that it comes from."""

    path: Path
    number: int
    text: str
    origin: Origin
    template: str  # its path, empty for raw text
    template_text: str
    spec: Path
    spec_text: str


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
        print(json.dumps(as_json(explained), indent=2))
    else:
        for line in as_text(explained):
            say(line, sys.stdout)
    return 0


def explain(path: Path, number: int, spec: Path) -> Explained:
    """The origin of a line. Raises ``Refused`` where the spec doesn't render to the file as it is."""
    source = yaml.read_file(spec)
    rendering = provenance(load_text(source, str(spec)), source)
    name = rendered_name(path, rendering, spec)
    lines = rendering.files[name].split("\n")[:-1]
    if path.is_file():
        refuse_stale(path, lines, spec)
    if not 0 < number <= len(lines):
        raise refusal(path, f"there is no line {number}", f"the last one is {len(lines)}", number)
    origin = rendering.origins[name][number - 1]
    template_text = ""
    if origin.template:
        template_text = Path(origin.template).read_text("utf-8").split("\n")[origin.line - 1]
    return Explained(
        path,
        number,
        lines[number - 1],
        origin,
        origin.template.removeprefix(f"{Path.cwd()}/"),
        template_text,
        spec,
        source.split("\n")[origin.at.line - 1].rstrip("\r"),
    )


def refusal(path: Path, message: str, hint: str, line: int = 1) -> Refused:
    """Why a line of a file can't be explained."""
    return Refused([Problem("explain", message, str(path), At(line, 1), hint)])


def spec_of(path: Path) -> Path:
    """The spec that a file in OUT is made from: its folder has the spec's name, those above it any name."""
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


def as_json(explained: Explained) -> dict[str, object]:
    """A line's origin as ``--format json`` gives it."""
    path, number, text, origin, template, template_text, spec, spec_text = explained
    by = {"path": template, "line": origin.line, "text": template_text}
    return {
        "line": {"path": str(path), "line": number, "text": text},
        "template": by if template else None,
        "spec": {"path": str(spec), **origin.at._asdict(), "key": origin.key, "text": spec_text},
    }


def as_text(explained: Explained) -> list[str]:
    """A line's origin in lines, with a caret below the place in the spec."""
    path, number, text, origin, template, template_text, spec, spec_text = explained
    indent = re.sub(r"[^\t]", " ", spec_text[: origin.at.column - 1])
    by = [f"{template}:{origin.line}:", f"    {template_text}"]
    return [
        f"{path}:{number}:",
        f"    {text}",
        *(by if template else ["no template: raw text"]),
        f"{spec}:{origin.at.line}:{origin.at.column}: {origin.key}",
        f"    {spec_text}",
        f"    {indent}^",
    ]
