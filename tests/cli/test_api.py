# SPDX-License-Identifier: GPL-2.0-only
"""The public face: its documentation runs, and what is missing is refused in words."""

import doctest
import re
from pathlib import Path

import pytest

from tools import need
from xenhostgen import api, extension_points

REPO = Path(__file__).parents[2]


def examples(page: Path) -> doctest.DocTest:
    """The examples of a page of Markdown, in which a fence ends what is printed."""
    text = re.sub("^```.*$", "", page.read_text(), flags=re.M)
    return doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)


def test_the_page_of_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    need("gcc", "gcc")
    monkeypatch.chdir(REPO)
    page = examples(REPO / "docs" / "api.md")
    assert len(page.examples) > 10
    output: list[str] = []
    doctest.DocTestRunner().run(page, out=output.append)
    assert not output, "".join(output)


def test_the_page_names_each_function() -> None:
    text = (REPO / "docs" / "api.md").read_text()
    functions = [name for name in api.__all__ if name.islower()]
    assert functions == ["diff", "generate", "load", "load_text", "render", "verify"]
    for name in functions:
        assert f"`{name}` " in text or f"`{name}`\n" in text
        assert getattr(api, name).__doc__


def test_diff_without_its_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extension_points, "extensions", lambda: iter(()))
    with pytest.raises(api.Refused) as refusal:
        api.diff(api.load(REPO / "specs" / "rfc-v1.yaml"))
    assert "pip install 'xenhostgen[patches]'" in refusal.value.problems[0].hint
