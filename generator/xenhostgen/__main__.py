# SPDX-License-Identifier: GPL-2.0-only
"""Run the command: ``python -m xenhostgen`` and the installed ``xenhostgen`` start here."""

import gc
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; the exit status is 0 (fine), 1 (a difference or finding) or 2 (error)."""
    # What a run imports and builds lives until it ends: to look for garbage in it costs a tenth.
    gc.set_threshold(200_000)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # whoever called has closed it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        else:  # what the terminal's encoding lacks is no reason to fail
            stream.reconfigure(errors="backslashreplace")

    from xenhostgen import cli

    status = cli.main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Taking all objects apart before the end costs a tenth of a large run, and nobody looks at them any more.
    os._exit(status)


if __name__ == "__main__":
    main()
