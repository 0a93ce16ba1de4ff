# SPDX-License-Identifier: GPL-2.0-only
"""The manual pages, from what ``--help`` says: xenhostgen(1), and one a command.

As for git, ``man xenhostgen verify`` shows a command's own page. The build calls this (see
hatch_build.py at the top), so that a page is never older than its command.
"""

import argparse
from collections.abc import Iterable, Iterator

from argparse_manpage.manpage import Manpage

from xenhostgen import __version__
from xenhostgen.commands import all_commands
from xenhostgen.extensions.shell.parsers import DESCRIPTION, FORM, whole_parser

SUMMARY = "generate, verify and send kernel C from a spec of a host interface"


def pages(date: str) -> Iterator[tuple[str, str]]:
    """Name and text of each page, dated as given. Raises ``Refused`` if a package is missing."""
    summaries = {name: summary for name, (_, summary) in sorted(all_commands().items())}
    usage = "xenhostgen [--help] [--version] COMMAND …"
    top = argparse.ArgumentParser("xenhostgen", usage, DESCRIPTION, formatter_class=FORM)
    top.add_argument("--version", action="version", help="print the version")
    commands = "\n".join(
        f".TP\n.BR xenhostgen\\-{name} (1)\n{_escaped(text)}" for name, text in summaries.items()
    )
    yield "xenhostgen.1", _page(top, "xenhostgen", SUMMARY, date, {"commands": commands})
    _, parsers = whole_parser()
    for name, parser in parsers.items():
        _, *examples = (parser.epilog or "").splitlines()
        parser.epilog = None
        sections = {"examples": _verbatim(examples), "see also": ".BR xenhostgen (1)"}
        title = f"xenhostgen-{name}"
        yield f"{title}.1", _page(parser, title, summaries[name], date, sections)


def _page(
    parser: argparse.ArgumentParser, title: str, summary: str, date: str, sections: dict[str, str]
) -> str:
    data = {"date": date, "project_name": "xenhostgen", "version": __version__}
    page = Manpage(parser, {**data, "manual_title": "xenhostgen", "description": summary})
    page.prog = title
    for heading, content in sections.items():
        page.add_section(heading, "=", content)
    escaped_date = date.replace("-", r"\-")  # which mandoc can't read
    return str(page).replace(escaped_date, date, 1)


def _verbatim(lines: Iterable[str]) -> str:
    return "\n".join([".nf", *map(_escaped, lines), ".fi"])


def _escaped(text: str) -> str:
    r"""A line of text for roff: nothing in it is an escape, nor begins a request."""
    return r"\&" + text.replace("\\", r"\e").replace("-", r"\-")
