# SPDX-License-Identifier: GPL-2.0-only
"""Colour on a terminal, plain text everywhere else; never a control character of a user's."""

import math
import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

from xenhostgen.spec.source import printable

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def say(text: str, stream: TextIO) -> None:
    """Print a line that may hold unprintable characters of a user's file."""
    print(printable(text, "?"), file=stream)


def is_live(stream: TextIO) -> bool:
    """Whether a stream is a terminal that understands control sequences."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def styled(text: str, style: str, stream: TextIO) -> str:
    """A text in a style, if the stream is a terminal whose user wants colour (see no-color.org)."""
    text = printable(text, "?")
    coloured = is_live(stream) and not os.environ.get("NO_COLOR")
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if coloured else text


def progress(title: str, log_seconds: float = math.inf) -> Callable[[str], None]:
    """Shows what is being done, in one line of a terminal until ``clear_progress``.

    Where errors go to no terminal it is a line each ``log_seconds``, never by default.
    """
    due = time.monotonic() + log_seconds

    def show(doing: str) -> None:
        nonlocal due
        line = printable(f"{title}: {doing} …", "?")
        if _has_progress():
            line = line[: shutil.get_terminal_size().columns - 1]
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        elif not is_live(sys.stderr) and time.monotonic() >= due:
            due = time.monotonic() + log_seconds
            print(line, file=sys.stderr, flush=True)

    return show


def clear_progress() -> None:
    """Remove the line of ``progress``, to make room for output."""
    if _has_progress():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _has_progress() -> bool:
    """Whether progress is shown; not where output goes to a pager on the same terminal, say."""
    return is_live(sys.stderr) and is_live(sys.stdout)
