# SPDX-License-Identifier: GPL-2.0-only
"""Kernel style: how comments, columns and parameter lists are laid out (coding-style.rst)."""

import re
from collections.abc import Sequence

TAB = 8
COLUMNS = 80

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def lines_of(text: str) -> list[str]:
    """The lines of a text with their ends; form feeds and the like are no line ends."""
    return _LINE.findall(text)


def comment(text: str, depth: int = 0) -> str:
    """A block comment of a text's lines, indented by ``depth`` tabs; no newline at its end."""
    tabs = "\t" * depth
    return tabs + f"/*\n{starred(text)}\n */".replace("\n", f"\n{tabs}")


def starred(text: str) -> str:
    """A text's lines as they stand inside a comment."""
    return "\n".join(f" * {line}".rstrip() for line in text.strip("\n").split("\n"))


def pad(text: str, column: int) -> str:
    """A text with the tabs that take what follows it to a column, at least one."""
    tabs = (column - len(text) + TAB - 1) // TAB
    return text + "\t" * max(tabs, 1)


def wrapped(head: str, items: Sequence[str], tail: str = ")") -> str:
    """``head(item, item)`` broken at 80 columns, further lines aligned behind the parenthesis."""
    items = items or ("void",)
    whole = f"{head}({', '.join(items)}{tail}"
    if len(whole.expandtabs(TAB)) <= COLUMNS:
        return whole
    width = len(head.expandtabs(TAB)) + 1
    margin = "\t" * (width // TAB) + " " * (width % TAB)
    lines = [f"{head}({items[0]}"]
    used = width + len(items[0])
    for item in items[1:]:
        if used + 2 + len(item) + len(tail) > COLUMNS:
            lines[-1] += ","
            lines.append(margin + item)
            used = width + len(item)
        else:
            lines[-1] += f", {item}"
            used += 2 + len(item)
    return "\n".join(lines) + tail
