# SPDX-License-Identifier: GPL-2.0-only
"""The YAML reader: what a text means, where each node stands, and that it agrees with PyYAML."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from xenhostgen.spec.source import Problems
from xenhostgen.spec.yaml import Mapping, Node, Sequence, parse

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "cases"
MINIMAL = (CASES / "succ_minimal.yaml").read_text()


def read(source: str) -> Mapping | None:
    return parse(source, Problems("x.yaml", source))


def plain(node: Node) -> Any:
    if isinstance(node, Mapping):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node]
    return str(node)


def composed(node: yaml.Node) -> Any:
    """What PyYAML's own composer makes of the text, with places that count from 1."""
    at = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        return "mapping", at, [(composed(key), composed(value)) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return "sequence", at, [composed(item) for item in node.value]
    return node.value, at


def placed(node: Node) -> Any:
    if isinstance(node, Mapping):
        return "mapping", node.at, [(placed(key), placed(value)) for key, value in node.items()]
    if isinstance(node, Sequence):
        return "sequence", node.at, [placed(item) for item in node]
    return str(node), node.at


def check(source: str) -> None:
    """Whatever is read is what PyYAML composes, in the same places."""
    top = read(source)
    if top is not None:
        problems = Problems("x.yaml", source)
        parse(source, problems)
        if not problems.noted:  # no key stands there twice
            assert placed(top) == composed(yaml.compose(source, Loader=yaml.CBaseLoader))


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("a: |\n  b\n\n\n", {"a": "b\n"}),
        ("a: |-\n  b\n   c\n\n  d\ne: f\n", {"a": "b\n c\n\nd", "e": "f"}),
        ("a:\n- b\n- c: d\n  e: f\n", {"a": ["b", {"c": "d", "e": "f"}]}),
        ("a:\n  - - b\n", {"a": [["b"]]}),
        ("a: b\n  c\n", {"a": "b c"}),
        ("a: [b,\n  c]\n", {"a": ["b", "c"]}),
        ("a: 'b'  # c\n", {"a": "b"}),
        ("a: {b: [c], d: {e: f}}\n", {"a": {"b": ["c"], "d": {"e": "f"}}}),
        ("a: no\nb: 1\nc:\n", {"a": "no", "b": "1", "c": ""}),
    ],
)
def test_meaning(source: str, value: object) -> None:
    top = read(source)
    assert top is not None
    assert plain(top) == value


@pytest.mark.parametrize("source", ["a: 'b\n", "a: &b c\n", "a: *b\n", "- a\n"])
def test_refused(source: str) -> None:
    problems = Problems("x.yaml", source)
    assert parse(source, problems) is None
    assert len(problems.noted) == 1


@pytest.mark.parametrize(
    "path", sorted((ROOT / "specs").glob("*.yaml")), ids=lambda path: path.stem
)
def test_shipped_specs(path: Path) -> None:
    check(path.read_text())


PIECES = ["a", "b: ", "c:", "- ", "\n", "\n  ", "\n    ", "  ", " ", "{", "}", "[", "]", ", ", ","]
PIECES += [": ", ":", "#", " # ", "'", '"', "|\n", "|-\n", "| ", ">\n", "&", "*", "!", "?", "? "]
PIECES += ["-", "--- ", "...", "%", "@", "`", "~", "<<: ", "->", "()", "<x.h>", "1", "-1", "0x1"]
PIECES += ["yes", "é", "\t", "\r", "\\", "{a: b}", "[a, b]", "{a: [b], c: {d: e}}"]


@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
@example("- \n  - a")
@example("a:#\n  b: c\n")
@settings(max_examples=600, deadline=None)
def test_pieces(source: str) -> None:
    check("k:\n  " + source + "\n")
    check(source + "\n")


@given(
    st.integers(0, len(MINIMAL)),
    st.integers(0, 6),
    st.lists(st.sampled_from(PIECES), max_size=3).map("".join),
)
@settings(max_examples=300, deadline=None)
def test_edits_of_a_good_spec(start: int, length: int, text: str) -> None:
    check(MINIMAL[:start] + text + MINIMAL[start + length :])
