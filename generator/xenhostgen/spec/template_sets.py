# SPDX-License-Identifier: GPL-2.0-only
"""The template sets: where they are, and what of a spec each of them can say."""

from pathlib import Path
from typing import Literal, NamedTuple


def template_root() -> Path:
    """The folder of template sets: in a checkout beside the sources, else in the package."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent.parent / "templates"
    return checkout if checkout.is_dir() else package / "templates"


def template_sets() -> list[str]:
    """The sets that a spec may name: those that make an interface's header."""
    return sorted(header.parent.name for header in template_root().glob("*/interface.h.j2"))


class Style(NamedTuple):
    """What the C of a template set is like. A spec need not say so, and can't say otherwise."""

    typedefs: bool = False
    cursor: Literal["host", "pointer"] = "host"  # of the iterator, as the spec's key has it
    helpers: tuple[
        str, ...
    ] = ()  # its functions beyond those of every interface, without the prefix


_STYLES = {"kernel": Style(helpers=("next", "slot")), "rfc": Style(typedefs=True, cursor="pointer")}


def style(template_set: str) -> Style:
    """What is known of a set; one of which nothing is known leaves all to the spec."""
    return _STYLES.get(template_set, Style())
