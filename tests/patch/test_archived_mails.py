# SPDX-License-Identifier: GPL-2.0-only
"""Mails as web archives show them, with collapsed white space and masked addresses.

`mails/mooring.txt` is the patch of an invented interface, sent by git and then treated like that;
`mooring.yaml` is a spec of its code with comments in other words, `mooring.json` the mail's facts.
The first patch of the RFC is tried as well where a copy of its mail lies beside this repository.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from tools import Golden, main
from xenhostgen.api import Interface, Rendering, Text, load, load_text, render
from xenhostgen.extensions.kernel_tree.placing import placed_in
from xenhostgen.extensions.patches.diff import files_of
from xenhostgen.extensions.patches.hunks import PatchFile
from xenhostgen.extensions.patches.lift import lift
from xenhostgen.extensions.patches.lift_c import pieces
from xenhostgen.extensions.patches.messages import read_messages

ROOT = Path(__file__).parents[2]
MAILS = Path(__file__).parent / "mails"


class ArchivedMail(NamedTuple):
    """A mail, a spec of its code, and the facts that `diff` goes by without the mail."""

    path: Path
    spec: Path
    facts: Path

    @property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def files(self) -> list[PatchFile]:
        (message,) = read_messages([self.path])
        return files_of(message)

    def added(self, path: str) -> str:
        """The lines that the mail adds to a file."""
        _, _, rest = self.text.partition(f"diff --git a/{path} ")
        hunks = rest.split("\ndiff --git")[0].split("\n@@", 1)[1]
        return "".join(f"{line[1:]}\n" for line in hunks.split("\n") if line[:1] == "+")


ALL = [
    ArchivedMail(MAILS / "mooring.txt", MAILS / "mooring.yaml", MAILS / "mooring.json"),
    ArchivedMail(
        ROOT.parent / "shared/reference/rfc-v1-01.txt",
        ROOT / "specs/rfc-v1.yaml",
        ROOT / "specs/reference/rfc-v1-01.json",
    ),
]


@pytest.fixture(
    params=[mail for mail in ALL if mail.path.is_file()], ids=lambda mail: mail.path.stem
)
def mail(request: pytest.FixtureRequest) -> ArchivedMail:
    assert isinstance(request.param, ArchivedMail)
    return request.param


@pytest.fixture
def spec(mail: ArchivedMail) -> Interface:
    """The spec of the mail's code, without the banner that no mail has."""
    return load(mail.spec).with_(banner=False)


def indexed(mail: ArchivedMail) -> dict[str, tuple[str, str]]:
    """The blobs before and after, as the mail's index lines name them."""
    pattern = r"^diff --git a/(\S+) .*\n(?:new file.*\n)?index (\w+)\.\.(\w+)"
    return {path: (pre, post) for path, pre, post in re.findall(pattern, mail.text, re.MULTILINE)}


def blob(text: str) -> str:
    """The abbreviated name that git gives to a text."""
    return hashlib.sha1(f"blob {len(text.encode())}\0{text}".encode()).hexdigest()[:12]


def assert_bytes_of(mail: ArchivedMail, rendering: Rendering, spec: Interface) -> None:
    """The new files are those whose blobs the mail names."""
    blobs = {path: blob(text) for path, text in rendering.whole().items()}
    assert blobs == {path: indexed(mail)[path][1] for path in (spec.source.file, spec.header.file)}


def shown(file: PatchFile, kinds: Iterable[str]) -> str:
    """What the hunks show of a file, closed to whole functions."""
    lines: list[str] = []
    depth = 0
    for hunk in file.hunks:
        texts = [line.text for line in hunk.lines if line.kind in kinds]
        if "(" in hunk.section and hunk.section not in lines:
            lines += ["}"] * depth + [hunk.section] + ["{"] * (texts[0] != "{")
            depth = int(texts[0] != "{")
        depth += sum(line.count("{") - line.count("}") for line in texts)
        lines += texts
    return "\n".join([*lines, *["}"] * depth]) + "\n"


def layout(text: str) -> list[str]:
    """Lines without their white space; of a comment only that it is there."""
    return [
        " ".join(line.split())
        for line in re.sub(r"/\*.*?\*/", "/* */", text, flags=re.S).split("\n")
    ]


def with_comments_of(mail: ArchivedMail, spec: Interface) -> Interface:
    """The spec with the mail's comments, which stand in the order of the templates."""

    def words(path: str) -> list[Text]:
        blocks = re.findall(r"/\*\n(.*?)\*/", mail.added(path), re.DOTALL)
        return [
            Text("\n".join(re.sub(r"^ ?\* ?", "", line) for line in block.rstrip().split("\n")))
            for block in blocks
        ]

    header, source = words(spec.header.file), words(spec.source.file)
    first, *others = spec.types.values
    values = [value.with_(doc=doc) for value, doc in zip(others, header[2:5], strict=True)]
    exports = zip(spec.registry.exports, source[1:3], strict=True)
    slot, remote = spec.registry.slots
    registry = spec.registry.with_(
        doc=source[0],
        exports=tuple(export.with_(doc=doc) for export, doc in exports),
        slots=(slot, remote.with_(requires_doc=source[3])),
        unregister_doc=source[4],
        register_doc=header[5],
        iterator_doc=header[6],
    )
    types = spec.types.with_(doc=header[1], values=(first, *values))
    return spec.with_(types=types, registry=registry, header=spec.header.with_(doc=header[0]))


def test_the_whole_mail_is_read(mail: ArchivedMail) -> None:
    assert {file.path: (file.pre, file.post) for file in mail.files} == indexed(mail)
    assert all(file.collapsed for file in mail.files)
    (total,) = re.findall(r"(\d+) insertions\(\+\)$", mail.text, re.MULTILINE)
    kinds = [line.kind for file in mail.files for hunk in file.hunks for line in hunk.lines]
    assert (kinds.count("added"), kinds.count("removed")) == (int(total), 0)


def test_an_import_lifts_the_whole_mail(
    mail: ArchivedMail,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    golden: Golden,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["import", str(mail.path), "-o", "lifted.yaml"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["lifted.yaml"]
    assert main(["diff", "lifted.yaml", str(mail.path)]) == 0
    printed = capsys.readouterr().out.replace(str(mail.path), mail.path.name)
    golden(MAILS / f"{mail.path.stem}.expected", printed)
    assert main(["lint", "lifted.yaml"]) == 0


def test_what_is_lifted_renders_the_mails_bytes(mail: ArchivedMail, spec: Interface) -> None:
    lifted = load_text(lift([mail.path], "lifted.yaml", "schema.json").text, "lifted.yaml")
    assert_bytes_of(mail, render(lifted), spec)


def test_an_import_takes_the_kernels_facts_from_a_spec(mail: ArchivedMail, spec: Interface) -> None:
    lifted = lift([mail.path], "lifted.yaml", "schema.json", spec)
    assert not lifted.assumed
    assert not lifted.carry
    assert [kind.kind for kind in lifted.spec.kinds] == [kind.kind for kind in spec.kinds]
    assert [slot.name for slot in lifted.spec.slots] == [slot.name for slot in spec.slots]
    blobs = {share.path: share.blob[:12] for share in lifted.shares if share.blob}
    assert blobs == {path: indexed(mail)[path][1] for path in (spec.source.file, spec.header.file)}


def test_an_import_tells_other_words_in_a_comment(
    mail: ArchivedMail, spec: Interface, tmp_path: Path
) -> None:
    changed = tmp_path / "changed.txt"
    head, header = mail.text.split(f"+++ b/{spec.header.file}\n")
    words = header.replace("\n+/*\n+ * ", "\n+/*\n+ * In other words: ", 1)
    changed.write_text(f"{head}+++ b/{spec.header.file}\n{words}")
    lifted = lift([changed], "lifted.yaml", "schema.json")
    same = {share.path: share.same for share in lifted.shares if share.blob}
    assert same == {spec.header.file: False, spec.source.file: True}


def test_the_mails_comments_make_the_mails_bytes(mail: ArchivedMail, spec: Interface) -> None:
    assert_bytes_of(mail, render(with_comments_of(mail, spec)), spec)


def test_diff_says_by_the_facts_what_it_says_by_the_mail(
    mail: ArchivedMail,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(load(mail.spec).reference).parent.mkdir(exist_ok=True)
    Path(load(mail.spec).reference).write_bytes(mail.facts.read_bytes())
    text = mail.spec.read_text().replace("banner: false\n", "")
    Path("spec.yaml").write_text(text + "\nbanner: false\n")
    assert main(["diff", "spec.yaml", str(mail.path)]) == 0
    by_mail = capsys.readouterr().out.splitlines()
    assert main(["diff", "spec.yaml"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == by_mail[1:]
    assert by_mail[-2:] == [
        "What differs is only comment wording.",
        "code tokens equal 7/7 · places equal 5/5 · comments equal 2/7"
        " · byte-identical 0/2 new files",
    ]


def test_shipped_facts_are_those_of_the_mail(
    mail: ArchivedMail, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["facts", str(mail.path)]) == 0
    facts, shipped = json.loads(capsys.readouterr().out), json.loads(mail.facts.read_text())
    (patch,) = shipped["patches"]
    patch["message_id"] = ""  # An archive shows none.
    assert facts == shipped


def test_the_mails_hunks_come_out(mail: ArchivedMail, spec: Interface) -> None:
    """The spec is placed into what the hunks' context shows."""
    modified = [file for file in mail.files if file.change == "modified"]
    base = {file.path: shown(file, ("context", "removed")).encode() for file in modified}
    placement = placed_in(spec, base.get, "v5.0")
    for file in modified:
        expected = layout(shown(file, ("context", "added")))
        assert layout(placement.after[file.path].decode()) == expected, file.path
    assert len(base) == 5


def test_pieces_of_the_header(mail: ArchivedMail, spec: Interface) -> None:
    kinds = [piece.kind for piece in pieces(mail.added(spec.header.file))]
    expected = "ifndef macro enum forward typedef typedef variable variable prototype prototype"
    assert kinds == [*expected.split(), "macro", "endif"]
