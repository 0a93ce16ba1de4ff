# SPDX-License-Identifier: GPL-2.0-only
"""Raw blocks stand where the spec says, and a place that isn't rendered any more is told."""

from pathlib import Path

import pytest

from xenhostgen.api import Refused, Text, load, render

CASE = Path(__file__).parent / "raw.yaml"


def test_blocks_stand_in_their_places() -> None:
    spec = load(CASE)
    plain, kept = render(spec.with_(raw=())), render(spec)
    header = spec.header.file
    wanted = plain.files[header].replace(
        "struct widget_ops;\n", "struct widget_ops;\nstruct other;\n", 1
    )
    assert kept.files[header] == wanted
    assert kept.files["lib/new.txt"] == "words\n"
    assert kept.whole().keys() == plain.whole().keys() | {"lib/new.txt"}
    (fragment,) = (one for one in kept.fragments if one.kind == "raw")
    assert (fragment.file, fragment.text, fragment.place.landmark) == (
        "arch/other.c",
        "int more;\n",
        "int other;",
    )


def test_a_fragment_takes_blocks_and_its_stub_goes_without() -> None:
    spec = load(CASE)
    block = spec.raw[0].with_(
        file=spec.guests[0].file, after=Text("#include <widget.h>\n"), text=Text("odd\n")
    )
    kept = render(spec.with_(raw=(block,)))
    assert [one.text for one in kept.fragments if one.kind == "include"] == [
        "#include <widget.h>\nodd\n"
    ]
    assert "odd" not in kept.files[spec.guests[0].file]


def test_a_place_that_is_not_rendered_is_told() -> None:
    spec = load(CASE)
    with pytest.raises(Refused) as caught:
        render(spec.with_(raw=(spec.raw[0].with_(after=Text("struct gone;\n")),)))
    (problem,) = caught.value.problems
    assert (problem.rule, problem.at) == ("raw-place", spec.raw[0].at)
