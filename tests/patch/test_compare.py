# SPDX-License-Identifier: GPL-2.0-only
"""A rendering against patches: made from it with git, or broken in one spot."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from posted import (
    BREAKS,
    HEADER,
    PV,
    PVH,
    SOURCE,
    SPEC,
    facts,
    git,
    kernel,
    posted,
    renderer,
    rendering,
    without_fragments,
)

from xenhostgen.api import Interface, Refused, Rendering, Text, load
from xenhostgen.csource.tokens import code_tokens
from xenhostgen.extensions.patches.compare import Comparison, compare
from xenhostgen.extensions.patches.fingerprint import (
    PatchPrint,
    read_fingerprints,
    shipped,
    to_json,
)
from xenhostgen.render.files import Renderer


def compared(data: bytes) -> Comparison:
    return compare(renderer(), rendering(), facts(data), "x.patch")


def answers(comparison: Comparison) -> list[tuple[object, ...]]:
    return [
        (file.path, file.code, file.place, file.comments, file.bytes) for file in comparison.files
    ]


def collapsed(data: bytes) -> bytes:
    """What a web archive makes of a mail's text."""
    _, text = data.decode().split("\n\n", 1)
    lines = (re.sub(r"[ \t]+", " ", line).removeprefix(" ") for line in text.split("\n"))
    head = "[PATCH] widget: change\n\nFrom: Wanda\nDate: Thu May 09 2019 - 13:29:05 EST\n\n"
    return (head + "\n".join(lines)).rstrip("\n").encode()


def test_every_form_of_a_patch_is_equal_to_the_byte(tmp_path: Path) -> None:
    mbox = posted(tmp_path, *kernel())
    bare = git(tmp_path, "diff", "HEAD~1..HEAD")
    unnamed = re.sub(rb"\nindex .*", b"", bare)  # the text itself shows the bytes
    quoted = mbox.replace(b"\n\n", b"\nContent-Transfer-Encoding: quoted-printable\n\n", 1).replace(
        b"=", b"=3D"
    )
    mail = mbox.split(b"\n", 1)[1].replace(b"\n", b"\r\n")
    for data in (
        mbox,
        bare,
        mail,
        quoted.replace(b"encoding=3D", b"encoding="),
        collapsed(mbox),
        unnamed,
    ):
        comparison = compared(data)
        assert comparison.same
        assert [(file.code, file.comments) for file in comparison.files] == [(True, True)] * 7
        assert sorted(str(file.place) for file in comparison.files) == ["None"] * 2 + ["True"] * 5
        assert [file.path for file in comparison.files if file.bytes] == [SOURCE, HEADER]
        assert not any(file.details for file in comparison.files)


@pytest.mark.parametrize("lost", [False, True], ids=["whole", "collapsed"])
def test_the_content_counts_and_not_what_the_index_line_says(lost: bool, tmp_path: Path) -> None:
    data = posted(tmp_path, *kernel())
    data = (collapsed(data) if lost else data).replace(b"invalid = 0", b"invalid = 3")
    (file,) = (file for file in compared(data).files if file.details)
    assert (file.path, file.code, file.bytes) == (HEADER, False, False)


def test_a_banner_is_no_comment_on_either_side(tmp_path: Path) -> None:
    own = Renderer(load(SPEC))
    ours = own.everything()
    data = posted(tmp_path, kernel()[0], {**kernel()[1], **ours.whole()})
    comparison = compare(own, ours, facts(data), "x.patch")
    assert [(file.comments, file.bytes) for file in comparison.files if file.place is None] == [
        (True, True)
    ] * 2
    assert not any(file.details for file in comparison.files)


@pytest.mark.parametrize("name", BREAKS)
def test_each_break_is_named(tmp_path: Path, name: str) -> None:
    path, edit, aspect, message = BREAKS[name]
    before, after = kernel()
    broken = {**after, path: edit(after[path])}
    assert broken != after
    if aspect == "place":  # the fragments are whole, and the kernel around them is another one
        before[path] = without_fragments(path, broken[path])
    told(tmp_path, posted(tmp_path, before, broken), path, aspect, message)


def told(folder: Path, data: bytes, path: str, aspect: str, message: str) -> None:
    """The difference is told, in this file only; and the facts alone give the same answers."""
    comparison = compared(data)
    (file,) = (file for file in comparison.files if file.path == path)
    assert any(message in detail.message for detail in file.details if detail.aspect == aspect), (
        file.details
    )
    assert getattr(file, aspect) is False
    assert [other.path for other in comparison.files if other.details] == [path]
    assert comparison.same == (aspect in ("comments", "bytes"))
    stored = folder / "facts.json"
    stored.write_text(to_json(facts(data)))
    by_facts = compare(
        renderer(), rendering(), read_fingerprints(stored.read_bytes(), stored), str(stored)
    )
    assert answers(by_facts) == answers(comparison)
    assert [other.path for other in by_facts.files if other.details] == [path]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_token_counts(data: st.DataObject) -> None:
    """A code token of the rendering that is changed, lost or doubled makes the code differ."""
    path = data.draw(st.sampled_from(sorted(rendering().files)))
    fragments = [fragment for fragment in rendering().fragments if fragment.file == path]
    text = data.draw(
        st.sampled_from([fragment.text for fragment in fragments] or [rendering().files[path]])
    )
    token = data.draw(
        st.sampled_from([token for token in code_tokens(text) if token.text and token.text != ""])
    )
    lines = text.split("\n")
    line, start = lines[token.line - 1], token.column - 1
    assert line[start:].startswith(token.text)
    other = data.draw(
        st.sampled_from(["", " zz ", f"{token.text} {token.text}", f"{token.text} /* x */ 7"])
    )
    lines[token.line - 1] = line[:start] + other + line[start + len(token.text) :]
    changed = "\n".join(lines)
    fragments = tuple(
        fragment._replace(text=changed) if fragment.text == text else fragment
        for fragment in rendering().fragments
    )
    texts = {**rendering().files, path: rendering().files[path].replace(text, changed)}
    comparison = compare(renderer(), Rendering(texts, fragments), own_facts(), "x.patch")
    differing = [file for file in comparison.files if not file.code]
    assert path in [file.path for file in differing]
    assert all(file.details for file in differing)


@cache
def own_facts() -> list[PatchPrint]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return facts(posted(Path(folder), *kernel()))


def test_a_series_is_taken_as_far_as_no_file_changes_twice(tmp_path: Path) -> None:
    before, after = kernel()
    first = {**before, **{path: text for path, text in after.items() if path not in (PV, PVH)}}
    later = {**after, HEADER: after[HEADER] + "/* more */\n"}
    comparison = compared(
        posted(tmp_path, before, first, {**after, "unrelated.c": "int a;\n"}, later)
    )
    assert comparison.patches == ("[PATCH 1/3] widget: change 1", "[PATCH 2/3] widget: change 2")
    assert comparison.left_out == ("[PATCH 3/3] widget: change 3",)
    assert [(file.path, file.only_in, file.code) for file in comparison.files if not file.same] == [
        ("unrelated.c", "patch", False)
    ]


def test_a_file_on_one_side_only_is_told(tmp_path: Path) -> None:
    before, after = kernel()
    comparison = compared(
        posted(tmp_path, before, {path: text for path, text in after.items() if path != SOURCE})
    )
    (file,) = (file for file in comparison.files if file.only_in)
    assert (file.path, file.only_in, file.same) == (SOURCE, "rendering", False)


def test_new_here_and_modified_there_is_another_place(tmp_path: Path) -> None:
    before, after = kernel()
    comparison = compared(
        posted(
            tmp_path,
            {**before, SOURCE: "/* old */\n"},
            {**after, SOURCE: "/* old */\n" + after[SOURCE]},
        )
    )
    (file,) = (file for file in comparison.files if file.details)
    assert (file.path, file.code, file.place, file.bytes) == (SOURCE, True, False, None)


def test_an_unrelated_patch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        Refused, match=r"x\.patch: no patch in it changes a file of this spec \[unrelated-patch\]"
    ):
        compared(posted(tmp_path, {"a.c": "int a;\n"}, {"a.c": "int b;\n"}))


def reference(folder: Path, name: str = "facts.json") -> Interface:
    return renderer().spec.with_(
        path=str(folder / "spec.yaml"), reference=renderer().spec.reference and at(name)
    )


def at(name: str) -> Text:
    placed = Text(name)
    placed.line, placed.column = renderer().spec.at
    return placed


GOOD = '{"subject": "", "message_id": "", "files": []}'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "facts.json:1:1: not the facts of a patch: Expecting value"),
        (
            '{"format": 2,\n  "patches" []}',
            "facts.json:2:13: not the facts of a patch: Expecting ':' delimiter",
        ),
        ("[]", "the format is None, not 2"),
        ('{"format": 1}', "the format is 1, not 2"),
        ('{"format": 2}', "not the facts of a patch: 'patches'"),
        ('{"format": 2, "patches": 3}', "not the facts of a patch"),
        ('{"format": 2, "patches": [{}]}', "'subject'"),
        (f'{{"format": 2, "patches": [{GOOD.replace("[]", "7")}]}}', "no list: 7"),
        (
            f'{{"format": 2, "patches": [{GOOD.replace(": []", ": [7]")}]}}',
            "not the facts of a patch",
        ),
        (f'{{"format": 2, "patches": [{{"subject": 1, {GOOD[15:]}]}}', "no str: 1"),
        ("[" * 100_000, "not the facts of a patch"),
        ("\xff", "not the facts of a patch"),
    ],
)
def test_other_files_are_no_facts(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "facts.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(Refused) as caught:
        shipped(reference(tmp_path))
    (problem,) = caught.value.problems
    assert message in str(problem)
    assert problem.hint.startswith("make it from the patch: xenhostgen facts PATCH -o ")


def test_no_facts_to_be_had(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "outside.json").write_text(json.dumps({"format": 2, "patches": []}))
    (tmp_path / "specs" / "link.json").symlink_to("../outside.json")
    (tmp_path / "specs" / "loop.json").symlink_to("loop.json")
    for name, reason in [
        ("none.json", "no such file"),
        ("link.json", "link"),
        ("loop.json", ""),
        (".", ""),
    ]:
        with pytest.raises(
            Refused, match=rf"spec\.yaml:6:1: the reference '{name}' can't be read: .*{reason}"
        ):
            shipped(reference(tmp_path / "specs", name))
    with pytest.raises(Refused, match="the spec names no reference"):
        shipped(renderer().spec.with_(reference=None))
