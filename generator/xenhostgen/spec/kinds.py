# SPDX-License-Identifier: GPL-2.0-only
"""The kinds of text in a spec: names, pieces of C, paths and prose."""

import re
from collections.abc import Iterator

from xenhostgen.spec.c_names import declares_one, is_expression, is_type
from xenhostgen.spec.paths import fault
from xenhostgen.spec.shape import Kind, Prose
from xenhostgen.spec.source import Fault, Inside, Text

_SPDX = r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*"


def check_comment(text: Text) -> Iterator[Fault]:
    """A text that lands in a C comment can't end the comment nor hide what it says."""
    if match := re.search(r"\*/|/\*", text):
        message = f"'{match[0]}' in a text that becomes a C comment"
        place = Inside(text, match.start())
        yield "comment-break", message, place, "put a blank between '*' and '/'"


def _check_path(path: Text) -> Iterator[Fault]:
    """A path leads straight down from the root."""
    if reason := fault(path):
        hint = "write it from the kernel tree's root, without '..', as 'include/linux/x.h'"
        yield "unsafe-path", f"the path '{path[:60]}' {reason}", path, hint


def _check_header(header: Text) -> Iterator[Fault]:
    """A header's name leads straight down from a folder of headers."""
    if reason := fault(header[1:-1]):
        hint = "write it relative to include/, as <linux/x.h>"
        yield "unsafe-path", f"the header {header[:60]} {reason}", header, hint


def _check_value(c: Text) -> Iterator[Fault]:
    if c and not is_expression(c):
        hint = "write one value or one call, as '-EINVAL' or 'f(cpu)'"
        yield "not-an-expression", f"'{c[:60]}' is not one expression of C", c, hint


def _check_declaration(c: Text) -> Iterator[Fault]:
    if not declares_one(c):
        hint = "write one name with its type, as 'int cpu'"
        yield "not-one-declaration", f"'{c[:60]}' is not one declaration of C", c, hint


def _check_type(c: Text) -> Iterator[Fault]:
    if not is_type(str(c)):
        hint = "write it as 'int' or 'struct page *'"
        yield "not-a-type", f"'{c[:60]}' is no type of C", c, hint


def _check_licence(licence: Text) -> Iterator[Fault]:
    if not re.fullmatch(_SPDX, licence):
        message = f"'{licence[:40]}' is not an SPDX licence expression"
        yield "spdx", message, licence, "write it as 'GPL-2.0-only'"


# A line of C that we place in a declaration: no comment, directive or second spelling of a mark.
_DIGRAPH = r"%:|:>|<:|<%|%>|\?\?"
_C = rf"(?!\s)(?!.*(?:/\*|\*/|//|{_DIGRAPH}))[^\x00-\x1f\x7f\\#;{{}}]+(?<!\s)"
_C_SAYS = "one line of C without ';', '#', braces, digraphs or comments"
_C_HINT = "write one declaration; the ';' is added, comments go into 'doc'"
_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+"
_LINE_HINT = "remove control characters and line ends"

NAME = Kind(
    "name",
    r"[a-z][a-z0-9_]*",
    "a name of small letters, digits and '_'",
    "begin with a letter; the C name is made from it",
    example="remote",
)
SYMBOL = Kind(
    "symbol",
    r"[A-Za-z_][A-Za-z0-9_]*",
    "a C identifier",
    "letters, digits and '_', not a digit first",
    example="xen_nested",
)
OPTION = Kind(
    "option",
    r"CONFIG_[A-Za-z0-9_]+",
    "an option of the kernel",
    "begin it with 'CONFIG_'",
    example="CONFIG_XEN_DOM0",
)
C_TEXT = Kind("c-text", _C, _C_SAYS, _C_HINT)
C_TYPE = Kind("c-text", _C, _C_SAYS, _C_HINT, _check_type, example="struct page *")
C_DECLARATION = Kind("c-text", _C, _C_SAYS, _C_HINT, _check_declaration, example="unsigned int cpu")
C_VALUE = Kind(
    "c-text", _C, _C_SAYS, "write one value, as '-EINVAL'", _check_value, example="-EINVAL"
)
FORWARD = Kind(
    "forward-declaration",
    r"(?:struct|union|enum) [A-Za-z_][A-Za-z0-9_]*",
    "a structure's tag, as 'struct page'",
    "write one structure without its members; the ';' is added",
    example="struct page",
)
STATEMENT = Kind(
    "statement",
    f"{_C}|",
    _C_SAYS,
    "write one statement; the ';' is added",
    _check_value,
    example="xen_vcpu_nr(cpu)",
)
PATH = Kind(
    "path",
    r"[A-Za-z0-9_.+,@/\\~:-]+",
    "a file's path in the kernel tree",
    "letters, digits and '_.+,@-', as 'include/linux/x.h'",
    _check_path,
    example="include/xen/xen.h",
)
HEADER = Kind(
    "header",
    r'<[A-Za-z0-9_./+-]+>|"[A-Za-z0-9_./+-]+"',
    'a header, as <linux/x.h> or "x.h"',
    "write it with the brackets or quotes of its #include",
    _check_header,
    example="<xen/xen.h>",
)
LINE = Kind("line", _LINE, "one line of text", _LINE_HINT)
LICENCE = Kind(
    "line", _LINE, "one line of text", _LINE_HINT, _check_licence, example="GPL-2.0-only"
)
DOC = Prose("doc", "", "a text", check=check_comment)  # lands in a C comment
PROSE = Prose("doc", "", "a text")
