# SPDX-License-Identifier: GPL-2.0-only
"""Run the command: ``python -m xenhostgen`` and the installed ``xenhostgen`` start here."""

import gc
import os
import sys
from typing import NoReturn

from xenhostgen import cli


def main() -> NoReturn:
    """Run the command line; the exit status is 0: fine, 1: a difference or finding, 2: error."""
    # What a run builds lives until it ends: to look for garbage in it less often makes "10000 ops"
    # of tests/bench/bench_generate.py a quarter faster.
    gc.set_threshold(200_000)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # the caller has closed it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        else:  # characters that the terminal's encoding lacks are no reason to fail
            stream.reconfigure(errors="backslashreplace")
    sys.exit(cli.main(sys.argv[1:]))


if __name__ == "__main__":
    main()
