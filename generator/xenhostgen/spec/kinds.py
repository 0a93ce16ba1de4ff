# SPDX-License-Identifier: GPL-2.0-only
"""The kinds of text in a spec: names, pieces of C, paths and prose."""

import re
from collections.abc import Iterator

from xenhostgen.spec.c_names import is_type
from xenhostgen.spec.shape import Kind
from xenhostgen.spec.source import Fault, Inside, Text

_COMMENT_END = re.compile(
    r"\*/|/\*|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_SPDX = r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*"


def check_comment(text: Text) -> Iterator[Fault]:
    """A text that lands in a C comment can't end the comment nor hide what it says."""
    if not (match := _COMMENT_END.search(text)):
        return
    place = Inside(text, match.start())
    if match[0] in ("*/", "/*"):
        message = f"'{match[0]}' in a text that lands in a C comment"
        yield "comment-break", message, place, "put a blank between '*' and '/'"
    else:
        message = f"character U+{ord(match[0]):04X} in a text that lands in a C comment"
        yield "comment-control", message, place, "remove it"


def _check_path(path: Text) -> Iterator[Fault]:
    """A path leads straight down from the root."""
    if path.startswith(("/", "~")) or "\\" in path or path[1:2] == ":":
        message = f"'{path}' is not a path below the tree's root"
        yield "absolute-path", message, path, "write it relative to the root, with '/'"
    elif not {"", ".", ".."}.isdisjoint(path.split("/")):
        message = f"'{path}' has a part '.', '..' or an empty one"
        yield "path-escapes", message, path, "write the path straight down from the root"


def _check_type(c: Text) -> Iterator[Fault]:
    if not is_type(str(c)):
        hint = "write it as 'int' or 'struct page *'"
        yield "not-a-type", f"'{c[:60]}' is no type of C", c, hint


def _check_licence(licence: Text) -> Iterator[Fault]:
    if not re.fullmatch(_SPDX, licence):
        message = f"'{licence[:40]}' is not an SPDX licence expression"
        yield "spdx", message, licence, "write it as 'GPL-2.0-only'"


# A line of C that we place in a declaration: no control characters, comment marks or directive.
_C = r"(?!\s)(?!.*(?:/\*|\*/|//))[^\x00-\x1f\x7f\\#;{}]+(?<!\s)"
_C_SAYS = "one line of C without ';', braces or comments"
_C_HINT = "write one declaration; the ';' is added, comments go into 'doc'"
_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+"
_LINE_HINT = "remove control characters and line ends"

NAME = Kind(
    "name",
    r"[a-z][a-z0-9_]*",
    "a name of small letters, digits and '_'",
    "begin with a letter; the C name is made from it",
)
SYMBOL = Kind(
    "symbol",
    r"[A-Za-z_][A-Za-z0-9_]*",
    "a C identifier",
    "letters, digits and '_', not a digit first",
)
C_TEXT = Kind("c-text", _C, _C_SAYS, _C_HINT)
C_TYPE = Kind("c-text", _C, _C_SAYS, _C_HINT, _check_type)
STATEMENT = Kind("statement", f"{_C}|", _C_SAYS, "write one statement; the ';' is added")
PATH = Kind(
    "path",
    r"[A-Za-z0-9_.+,@/\\~:-]+",
    "a file's path in the kernel tree",
    "letters, digits and '_.+,@-', as 'include/linux/x.h'",
    _check_path,
)
HEADER = Kind(
    "header",
    r'<[A-Za-z0-9_./+-]+>|"[A-Za-z0-9_./+-]+"',
    'a header, as <linux/x.h> or "x.h"',
    "write it with the brackets or quotes of its #include",
)
LINE = Kind("line", _LINE, "one line of text", _LINE_HINT)
LICENCE = Kind("line", _LINE, "one line of text", _LINE_HINT, _check_licence)
DOC = Kind("doc", "", "a text", check=check_comment)  # lands in a C comment
PROSE = Kind("doc", "", "a text")
DOC.empty = PROSE.empty = Text()
