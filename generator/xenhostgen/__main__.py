# SPDX-License-Identifier: GPL-2.0-only
"""Run the command: ``python -m xenhostgen`` and the installed ``xenhostgen`` start here."""

import os
import sys
from typing import NoReturn

from xenhostgen import cli


def main() -> NoReturn:
    """Run the command line; the exit status is 0: fine, 1: a difference or finding, 2: error."""
    use_utf8()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # the caller has closed it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        else:  # characters that the terminal's encoding lacks are no reason to fail
            stream.reconfigure(errors="backslashreplace")
    sys.exit(cli.main(sys.argv[1:]))


def use_utf8() -> None:
    """Replace this process by one in Python's UTF-8 mode, unless file names are UTF-8 already."""
    if sys.getfilesystemencoding() == "utf-8" or os.environ.get("PYTHONUTF8") == "1":
        return
    output = sys.stdout.encoding if sys.stdout else "utf-8"
    environment = {"PYTHONIOENCODING": output, **os.environ, "PYTHONUTF8": "1"}
    os.execve(sys.executable, sys.orig_argv, environment)


if __name__ == "__main__":
    main()
