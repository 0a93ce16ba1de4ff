# SPDX-License-Identifier: GPL-2.0-only
"""Colour on a terminal, plain text everywhere else; never a control character of a user's."""

import os
from typing import TextIO

from xenhostgen.spec.source import printable

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def say(text: str, stream: TextIO) -> None:
    """Print a line that may hold unprintable characters of a user's file."""
    print(printable(text, "?"), file=stream)


def styled(text: str, style: str, stream: TextIO) -> str:
    """A text in a style, if the stream is a terminal whose user wants colour (see no-color.org)."""
    text = printable(text, "?")
    coloured = (
        stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if coloured else text
