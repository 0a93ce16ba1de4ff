# SPDX-License-Identifier: GPL-2.0-only
"""Write a spec as a patch series against a kernel tree, for git am.

Writes one patch per concern, and a cover letter, 0000-cover-letter.patch, which is not for git am.
The spec's 'series' holds the texts of the mails. If the tree has an earlier spec, named by --since,
the patches go on top of it. Sender and Signed-off-by come from git's configuration, addressees from
the tree's get_maintainer.pl. With SOURCE_DATE_EPOCH set, the same input gives the same bytes.
"""

import argparse
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from xenhostgen.commands.inputs import writing_alone
from xenhostgen.extensions.kernel_tree.carry import is_history
from xenhostgen.extensions.kernel_tree.placing import placed
from xenhostgen.extensions.patches.history import mails
from xenhostgen.extensions.patches.recreation import reader
from xenhostgen.extensions.patches.series import Contents, Letter, changes, check_messages, series
from xenhostgen.extensions.patches.step import step
from xenhostgen.render.write import explained, write_files
from xenhostgen.report.terminal import say
from xenhostgen.sandbox.confinement import obstacle
from xenhostgen.spec.load import load
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Refused, refusal

EXAMPLES = """\
examples:
  xenhostgen patch specs/xenhost.yaml --tree ../linux
  xenhostgen patch specs/xenhost.yaml --tree ../linux --version 2 --since specs/rfc-v1.yaml
  xenhostgen patch new.yaml --tree ../linux --since sent.yaml   on top, where it has sent.yaml
  xenhostgen patch specs/xenhost.yaml --tree ../linux --prefix 'RFC PATCH' -o ../series
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "spec", metavar="SPEC", type=Path, help="the spec file, or the folder of an imported series"
    )
    parser.add_argument(
        "--tree", metavar="DIR", type=Path, required=True, help="the Linux source tree"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=Path,
        default=Path("outgoing"),
        help="where the mails go",
    )
    parser.add_argument(
        "--since",
        metavar="SPEC",
        type=Path,
        help="an earlier spec: log the changes since then; if the tree has it, build on it",
    )
    parser.add_argument("--version", metavar="N", type=int, default=1, help="the series' version")
    parser.add_argument(
        "--prefix", metavar="WORDS", default="PATCH", help="the words in the subjects' brackets"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the series; it is refused where the spec is applied already."""
    check_options(arguments)
    if is_history(arguments.spec):
        if arguments.since or arguments.version != 1:
            option = "--since" if arguments.since else "--version"
            hint = "a history's mails are sent as they were"
            raise refusal("history", "goes with a spec, not with a history", option, hint)
        with reader(arguments.tree) as tree:
            series_mails = mails(arguments.spec, tree, str(arguments.tree), arguments.prefix)
        return write_mails(arguments.output, series_mails)
    spec = load(arguments.spec)
    check_messages(spec)
    earlier = load(arguments.since) if arguments.since else None
    if earlier and earlier.interface != spec.interface:
        message = f"is of '{earlier.interface}', {spec.path} of '{spec.interface}'"
        raise refusal("unrelated-spec", message, arguments.since, "name an earlier state of it")
    before, after, is_step = _states(spec, earlier, arguments.tree)
    log = changes(earlier, spec) if earlier else ()
    letter = Letter(arguments.version, arguments.prefix, log, is_step)
    contents = series(spec, before, after, arguments.tree, letter)
    warn_of_edits(arguments.tree, before)
    if not spec.series:
        hint = "name it in the spec, as 'series: {area: x86/xen}'"
        say(f"xenhostgen: the subjects begin with no subsystem; {hint}", sys.stderr)
    if reason := obstacle():
        say(f"xenhostgen: no addressees: {reason}; the tree's script isn't run", sys.stderr)
    return write_mails(arguments.output, contents)


def _states(
    spec: Interface, earlier: Interface | None, tree: Path
) -> tuple[Contents, Contents, bool]:
    """The files that the series changes, before and after it.

    Where the tree has an earlier spec already, the series begins behind it, and is a step.
    """
    was = None
    with suppress(Refused):  # an earlier spec that doesn't fit the tree isn't there
        was = placed(earlier, tree) if earlier else None
    if earlier and was and was.applied:
        with reader(tree) as read:
            before, after = step(earlier, was, spec, read, str(tree))
        if not after:
            message, hint = f"already is what {spec.path} gives", "there is nothing to send"
            raise refusal("applied-already", message, tree, hint)
        return before, after, True
    placement = placed(spec, tree)
    if placement.applied:
        hint = f"take it out first: xenhostgen apply {spec.path} --tree {tree} --revert"
        raise refusal("applied-already", "has all of it already", tree, hint)
    return placement.before, placement.after, False


def write_mails(output: Path, contents: Mapping[str, bytes]) -> int:
    """Write the mails, and nothing else, into a folder; the exit status."""
    with explained(output):
        output.mkdir(parents=True, exist_ok=True)
    with writing_alone(output):
        for path in output.iterdir():
            if path.name not in contents:
                message = "is no part of this series"
                hint = "move it away, or choose another folder by -o"
                raise refusal("foreign-file", message, path, hint)
        write_files(output, contents)
    for name, mail in contents.items():
        say(f"{output}/{name}", sys.stdout)
        if b"\r\n" in mail:
            say("xenhostgen: it has lines that end in CR: use git am --keep-cr", sys.stderr)
    return 0


def check_options(arguments: argparse.Namespace) -> None:
    """Refuse a version and a prefix that no series can have."""
    if arguments.version < 1:
        message = f"{arguments.version} is below 1"
        raise refusal("bad-version", message, "--version", "count from 1")
    if not arguments.prefix.isprintable():
        message = "has a line end or another character that no subject can have"
        raise refusal("bad-prefix", message, "--prefix", "for instance 'RFC PATCH'")


def warn_of_edits(tree: Path, before: Contents) -> None:
    """Say which of the files have edits that git doesn't know."""
    with suppress(Refused), reader(tree, "HEAD") as committed:  # the tree may be no repository
        for path, content in before.items():
            if content is not None and content != committed(path):
                edits = f"{tree}/{path} has edits that aren't committed"
                say(f"xenhostgen: {edits}; the patches are based on them", sys.stderr)
