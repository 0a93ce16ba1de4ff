# SPDX-License-Identifier: GPL-2.0-only
"""Write the facts of a kernel patch: blob ids and digests by which diff works without the patch.

The facts hold names and digests, and no text of the patch but its subject.
"""

import argparse
from pathlib import Path

from xenhostgen.commands.inputs import print_or_write
from xenhostgen.extensions.patches.fingerprint import fingerprint, to_json
from xenhostgen.extensions.patches.messages import read_messages

EXAMPLES = """\
examples:
  xenhostgen facts rfc.mbox -o specs/reference/rfc.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("patch", metavar="PATCH", type=Path, help="a mail, an mbox or a bare diff")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write them to a file")


def run(arguments: argparse.Namespace) -> int:
    """Print or write the facts."""
    mails = read_messages([arguments.patch])
    print_or_write(to_json(list(map(fingerprint, mails))), arguments.output)
    return 0
