# SPDX-License-Identifier: GPL-2.0-only
"""Where in a C file something stands."""

from typing import NamedTuple


class Location(NamedTuple):
    """A place in a file; lines and columns count from 1, and 0 means that it isn't known."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.file, *(str(number) for number in self[1:] if number)])

    def complete(self) -> "Location":
        """The same place, at the beginning of the file or line where more isn't known."""
        return Location(self.file, self.line or 1, self.column or 1)
