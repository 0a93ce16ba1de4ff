# SPDX-License-Identifier: GPL-2.0-only
"""Render each spec into OUT/SPEC/, laid out like the kernel tree. Only files that differ are written."""

import argparse
import gc
from pathlib import Path

from xenhostgen.commands.inputs import add_format, add_specs, each_spec, print_json
from xenhostgen.render.fresh import is_fresh, template_root
from xenhostgen.report.generated import Generated, as_json, shown, summary, unified, verdict

EXAMPLES = """\
examples:
  xenhostgen generate                       every spec in specs/ into out/
  xenhostgen generate my.yaml -o elsewhere   one spec, into another folder
  xenhostgen generate --check               write nothing; fail with a diff if out/ is stale
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_specs(parser)
    said = "the folder that gets a folder for each spec (default: %(default)s)"
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, default=Path("out"), help=said)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 with a diff of each stale file")
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Render what has to be rendered; 1 if ``--check`` finds a difference, 2 on an error."""
    gc.disable()  # what a run builds lives until it ends; to look for garbage in it costs a tenth
    check, out = arguments.check, arguments.output

    def work(spec: Path) -> Generated:
        folder = out / spec.stem
        if not check and (files := is_fresh(spec, out, template_root())) is not None:
            return Generated(str(spec), str(folder), [], [str(folder / name) for name in files], [], [])
        from xenhostgen.render.generate import generate

        found = generate(spec, out, check=check).comparison
        stale = [str(one.path) for one in found.stale]
        diffs = [unified(str(one.path), one.before, one.text) for one in found.stale] if check else []
        return Generated(str(spec), str(folder), stale, [*map(str, found.unchanged)], [*map(str, found.unknown)], diffs)

    def say(one: Generated) -> None:
        print("\n".join(map(shown, verdict(one, str(out)) if check else summary(one))))

    told, problems = each_spec(arguments, work, say)
    if arguments.format == "json":
        print_json((as_json(one, check) for one in told), problems)
    return 2 if problems else int(check and any(one.written or one.unknown for one in told))
