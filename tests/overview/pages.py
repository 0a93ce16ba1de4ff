# SPDX-License-Identifier: GPL-2.0-only
"""What tests of the page share: a page written by the command, and its elements."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib

from tools import main

REPO = Path(__file__).parents[2]
SHIPPED = sorted((REPO / "specs").glob("*.yaml"))
RFC = REPO / "specs" / "rfc-v1.yaml"
SMALL = REPO / "tests" / "verify" / "succ_pair.yaml"
FAULTY = Path(__file__).with_name("faulty.yaml")
"""A spec with one finding that it doesn't expect: ``unparsable``."""


def written(output: Path, *arguments: str | Path, status: int = 0) -> Path:
    """A page that ``report`` writes, by default without running the C."""
    level = () if "--level" in arguments else ("--level", "parse")
    specs = [str(argument) for argument in arguments]
    assert main(["report", *specs, *level, "--cc", "gcc", "-o", str(output)]) == status
    return output


def parsed(page: Path) -> Element:
    """The document; any error of HTML fails."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    document: Element = parser.parse(page.read_text())
    return document


def text_of(element: Element) -> str:
    """The text of an element and those in it, a blank between any two words."""
    return " ".join(" ".join(element.itertext()).split())


def elements(document: Element, *tags: str) -> Iterator[Element]:
    """The elements of some tags, in their order."""
    return (element for element in document.iter() if element.tag in tags)


def by_id(document: Element, name: str) -> Element:
    """The one element with an id."""
    (element,) = (element for element in document.iter() if element.get("id") == name)
    return element


def missing_targets(document: Element) -> set[str]:
    """The links to places that the page doesn't have."""
    links = {link.get("href", "")[1:] for link in elements(document, "a")}
    return links - {element.get("id", "") for element in document.iter()}
