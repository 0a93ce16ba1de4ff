# SPDX-License-Identifier: GPL-2.0-only
"""Note the facts of a kernel patch: blob ids and digests by which diff works without it.

The facts hold names and digests, and no text of the patch but its subject.
"""

import argparse
import sys
from pathlib import Path

from xenhostgen.commands.inputs import print_or_write
from xenhostgen.extensions.patches.fingerprint import fingerprint, to_json
from xenhostgen.extensions.patches.messages import read_messages

EXAMPLES = """\
examples:
  xenhostgen facts rfc.mbox -o specs/reference/rfc.json
  xenhostgen facts page.txt --message-id 1234@example.org    for an archive's page, which lacks it
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("patch", metavar="PATCH", type=Path, help="a mail, an mbox or a bare diff")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write them to a file")
    parser.add_argument(
        "--message-id", metavar="ID", help="the message id of a patch whose text lacks it"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print or write the facts."""
    mails = read_messages([arguments.patch])
    if arguments.message_id:
        if len(mails) > 1 or mails[0].message_id:
            print(
                "xenhostgen facts: --message-id is for a single patch without one", file=sys.stderr
            )
            return 2
        mails = [mails[0]._replace(message_id=arguments.message_id)]
    print_or_write(to_json(list(map(fingerprint, mails))), arguments.output)
    return 0
