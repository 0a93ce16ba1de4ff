# SPDX-License-Identifier: GPL-2.0-only
"""Measures the source against the budget in size.toml: tokens, line length, function length.

    python tests/house/size.py           print each room's tokens beside its budget
    python tests/house/size.py --lower   lower the budget of each room to what it holds now

Tokens are counted because lines can be made dense. Of Python these are the tokens of the standard
library's tokenizer without comments, docstrings, line ends and indentation; of C and Jinja2 words,
strings and marks without comments.
"""

import ast
import io
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

REPO = Path(__file__).parents[2]
PACKAGE = REPO / "generator" / "xenhostgen"
BUDGET = Path(__file__).with_name("size.toml")
COLUMNS = 100
FUNCTION_LINES = 40
C_FOLDERS = ("templates", "generator")
C_SUFFIXES = (".j2", ".c", ".h")

_LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
_C_TOKEN = re.compile(
    r"(?P<comment>/\*.*?\*/|//[^\n]*|\{#.*?#\})"
    r"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\w+|[^\w\s]""",
    re.DOTALL,
)
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def python_tokens(text: str) -> int:
    """How many tokens a Python text holds, layout, comments and docstrings left out."""
    docstrings = {
        (node.body[0].lineno, node.body[0].col_offset)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None
    }
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sum(token.type not in _LAYOUT and token.start not in docstrings for token in tokens)


def c_tokens(text: str) -> int:
    """How many tokens a C or Jinja2 text holds, comments left out."""
    return sum(match["comment"] is None for match in _C_TOKEN.finditer(text))


def long_lines(text: str) -> Iterator[int]:
    """The numbers of the lines that are too long."""
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > COLUMNS:
            yield number


def long_functions(text: str) -> Iterator[tuple[str, int]]:
    """Name and length of each function that is too long, its docstring included."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield node.name, lines


def room_of(file: Path) -> str:
    """The room that a module belongs to: its folder, or ``top`` for modules beside the rooms."""
    parts = file.relative_to(PACKAGE).parts[:-1]
    if parts[:1] == ("extensions",):
        return "/".join(parts[:2])
    return parts[0] if parts else "top"


def measure() -> dict[str, int]:
    """Tokens by room of Python, and of all C and Jinja2."""
    rooms: dict[str, int] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        room = room_of(file)
        rooms[room] = rooms.get(room, 0) + python_tokens(file.read_text())
    files = (file for folder in C_FOLDERS for file in (REPO / folder).rglob("*"))
    c_text = (file.read_text() for file in files if file.suffix in C_SUFFIXES)
    return rooms | {"c": sum(map(c_tokens, c_text))}


def budget() -> dict[str, int]:
    """The budget's numbers, as ``measure`` names them."""
    return tomllib.loads(BUDGET.read_text())


def totals(rooms: dict[str, int]) -> dict[str, int]:
    """Tokens of the core and of all Python."""
    python = {room: tokens for room, tokens in rooms.items() if room != "c"}
    core = {room: python[room] for room in python if not room.startswith("extensions")}
    return {"core": sum(core.values()), "python": sum(python.values())}


def lower() -> None:
    """Write each room's measure into the budget where that is lower."""
    measured, rooms = measure(), budget()
    lines = []
    for line in BUDGET.read_text().splitlines():
        name, _, _ = line.partition(" = ")
        room = name.strip('"')
        if room in rooms:
            lines.append(f"{name} = {min(rooms[room], measured[room])}")
        else:
            lines.append(line)
    BUDGET.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--lower"]:
        lower()
    measured, limits = measure(), budget()
    for name, tokens in (measured | totals(measured)).items():
        print(f"{name:25}{tokens:8}{(limits | totals(limits)).get(name, 0):8}")
