# SPDX-License-Identifier: GPL-2.0-only
"""Whatever the text, loading it ends in a spec or in ``SpecError`` with good positions."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xenhostgen.api import SpecError, load_text

MINIMAL = (Path(__file__).parent / "cases" / "succ_minimal.yaml").read_text()
MARKS = [
    "a: ",
    "- ",
    "\n",
    "  ",
    "[",
    "]",
    "{",
    "}",
    ",",
    ": ",
    "#",
    "'",
    '"',
    "|\n",
    ">-\n",
    "&a ",
    "*a",
    "!!int ",
]
ODD = [
    "\t",
    "---\n",
    "...\n",
    "? ",
    "~",
    "\\x00",
    "\0",
    "\ufeff",
    "\x85",
    "\u2028",
    "é",
    "%YAML 1.1\n",
    "<<: ",
    "\r\n",
]
WORDS = ["interface", "types", "values", "guests", "0x", "9" * 5000]
YAML_WORDS = st.sampled_from(MARKS + ODD + WORDS)


def loaded(source: str) -> None:
    try:
        load_text(source, "any.yaml")
    except SpecError as error:
        assert error.problems
        lines = source.split("\n")
        for problem in error.problems:
            assert 1 <= problem.at.line <= len(lines) + 1
            assert problem.at.column >= 1
            problem.shown()


@given(st.lists(YAML_WORDS, max_size=30).map("".join))
@settings(max_examples=300, deadline=None)
def test_yaml_like_text(source: str) -> None:
    loaded(source)


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text(source: str) -> None:
    loaded(source)


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(MINIMAL)), st.integers(0, 12), YAML_WORDS | st.text(max_size=3)
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=400, deadline=None)
def test_mutations_of_a_good_spec(edits: list[tuple[int, int, str]]) -> None:
    source = MINIMAL
    for start, length, text in edits:
        source = source[:start] + text + source[start + length :]
    loaded(source)


TOKENS = MINIMAL.replace(",", " , ").replace("{", " { ").replace("}", " } ").split(" ")


@given(st.integers(0, len(TOKENS) - 1), st.integers(0, len(TOKENS) - 1))
@settings(max_examples=300, deadline=None)
def test_swapped_words(first: int, second: int) -> None:
    words = list(TOKENS)
    words[first], words[second] = words[second], words[first]
    loaded(" ".join(words))


@pytest.mark.parametrize(
    "added",
    [
        'fields: [{c: "' + "x" * 200_000 + ' 1"}]\n',
        'fields: [{c: "' + "(*x[" * 50_000 + '"}]\n',
        "".join(f"a{number}: 1\n" for number in range(15_000)) * 2,
        "x" * 5_000_000 + ": 1\n",
        "kernel:\n  constants: {"
        + ", ".join(f"known{row}: {row}" for row in range(2_000))
        + "}\n  macros:\n"
        + "".join(f"    m{row}: know{row}\n" for row in range(2_000)),
    ],
    ids=["name", "pointer", "duplicates", "key", "guesses"],
)
def test_much_of_it(added: str) -> None:
    """Each of these once took from half a minute to several, or told megabytes."""
    begun = time.process_time()
    with pytest.raises(SpecError) as caught:
        load_text(MINIMAL + added, "any.yaml")
    assert max(len(problem.shown()) for problem in caught.value.problems) < 4_000
    assert time.process_time() - begun < 25


def test_a_long_chain_of_slots_takes_no_time() -> None:
    chain = [
        f"{{name: s{row}, pointer: p{row}, accepts: [near], requires: s{row + 1}}}"
        for row in range(1500)
    ]
    source = MINIMAL.replace("accepts: [near]}]", f"accepts: [near]}}, {', '.join(chain)}]")
    begun = time.process_time()
    with pytest.raises(SpecError):
        load_text(source, "any.yaml")
    assert time.process_time() - begun < 5
