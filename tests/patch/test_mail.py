# SPDX-License-Identifier: GPL-2.0-only
"""One patch in every wrapping that mail has for it, and the real mail, if it is at hand."""

import bz2
import gzip
import lzma
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xenhostgen.api import Refused
from xenhostgen.extensions.patches.diff import files_of
from xenhostgen.extensions.patches.messages import Left, Message, read_messages

DIFF = """\
diff --git a/lib/widget.c b/lib/widget.c
index 1111111..2222222 100644
--- a/lib/widget.c
+++ b/lib/widget.c
@@ -1,3 +1,4 @@ int gear(void)
 {
+\tspin("schön = 1, and a line that is longer than the seventy-six columns of a mail");
 \treturn 0;
 }
"""
TEXT = "The gear has to spin schön.\n\nSigned-off-by: Wanda <w@example.org>\n---\n\n" + DIFF


def plain(cte: str) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "[PATCH] widget: schön"
    mail["From"] = "Wandä <w@example.org>"
    mail.set_content(TEXT, cte=cte)
    return mail.as_bytes()


def attached(whole: bool) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "the patch" if whole else "[PATCH] widget: schön"
    mail["From"] = "Wandä <w@example.org>"
    mail.set_content("See below.\n" if whole else TEXT.split("---")[0])
    data = plain("8bit") if whole else DIFF.encode()
    mail.add_attachment(data, "application", "octet-stream", filename="x.patch")
    mail.add_attachment(b"\0\1", "image", "png", filename="x.png")
    return mail.as_bytes()


def twofold() -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "[PATCH] widget: schön"
    mail["From"] = "Wandä <w@example.org>"
    mail.set_content(TEXT, cte="8bit")
    mail.add_alternative(f"<html><pre>{TEXT}</pre></html>", subtype="html")
    return mail.as_bytes()


def flowed() -> bytes:
    lines = []
    for line in TEXT.split("\n"):
        stuffed = " " + line if line.startswith((" ", ">", "From ")) else line
        # A line is broken behind a blank; with DelSp that blank is one more.
        lines += [stuffed[:40] + " ", stuffed[40:]] if len(stuffed) > 60 else [stuffed]
    head = "Subject: [PATCH] widget: schön\nFrom: Wandä <w@example.org>\n"
    kind = "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n\n"
    return (head + kind + "\n".join(lines)).encode()


WRAPPED = {
    "8bit": plain("8bit"),
    "quoted-printable": plain("quoted-printable"),
    "base64": plain("base64"),
    "crlf": plain("8bit").replace(b"\n", b"\r\n"),
    "crlf in quoted-printable": plain("quoted-printable").replace(b"\n", b"\r\n"),
    "attached diff": attached(whole=False),
    "attached mail": attached(whole=True),
    "once more in HTML": twofold(),
    "flowed": flowed(),
    "byte order mark": b"\xef\xbb\xbf" + plain("8bit"),
    "mbox": b"From w@example.org Tue Mar  4 10:00:00 2025\n" + plain("base64") + b"\n",
}


def read(folder: Path, data: bytes) -> Message:
    (folder / "x").write_bytes(data)
    (message,) = read_messages([folder / "x"])
    return message


@pytest.mark.parametrize("name", WRAPPED)
def test_every_wrapping_gives_the_same_patch(tmp_path: Path, name: str) -> None:
    message = read(tmp_path, WRAPPED[name])
    assert message.title == "[PATCH] widget: schön"
    (file,) = files_of(message)
    kinds = [line.kind for line in file.hunks[0].lines]
    assert kinds == ["context", "added", "context", "context"]
    assert file.hunks[0].lines[1].full in DIFF


@pytest.mark.parametrize("name", ["8bit", "crlf", "byte order mark"])
def test_lines_keep_their_number_in_the_input(tmp_path: Path, name: str) -> None:
    raw = WRAPPED[name].split(b"\n")
    (file,) = files_of(read(tmp_path, WRAPPED[name]))
    for line in file.hunks[0].lines:
        assert line.text.encode() in raw[line.number - 1]


NAMES = {
    "git": ("diff --git a/lib/x.c b/lib/x.c\n", "a/lib/x.c", "b/lib/x.c"),
    "no prefix": ("diff --git lib/x.c lib/x.c\n", "lib/x.c", "lib/x.c"),
    "mnemonic": ("diff --git i/lib/x.c w/lib/x.c\n", "i/lib/x.c", "w/lib/x.c"),
    "folders": ("", "old/lib/x.c\t2025-03-04 10:00", "new/lib/x.c\t2025-03-04 11:00"),
    "quilt": ("Index: linux/lib/x.c\n=====\n", "linux.orig/lib/x.c", "linux/lib/x.c"),
    "svn": ("Index: lib/x.c\n=====\n", "lib/x.c\t(revision 1)", "lib/x.c\t(working copy)"),
    "hg": ("# HG changeset patch\n\ndiff -r 12 -r 34 lib/x.c\n", "a/lib/x.c", "b/lib/x.c"),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_are_told_by_themselves(tmp_path: Path, name: str) -> None:
    head, old, new = NAMES[name]
    (file,) = files_of(
        read(tmp_path, f"{head}--- {old}\n+++ {new}\n@@ -1 +1 @@\n-a\n+b\n".encode())
    )
    assert (file.path, file.change) == ("lib/x.c", "modified")


def thread(*subjects: str) -> bytes:
    mails = []
    for number, subject in enumerate(subjects):
        diff = DIFF.replace("widget", f"widget{subject[7:8]}")
        text = f"Text.\n---\n\n{diff}" if subject[7:8] in "12" else f"> {diff}"
        head = f"From w@example.org Tue Mar  4 10:00:0{number} 2025\nSubject: {subject}\n"
        mails.append(f"{head}From: W <w@example.org>\n\n{text}\n")
    return "".join(mails).encode()


def test_a_thread_is_put_in_order(tmp_path: Path) -> None:
    subjects = ["[PATCH 2/2] b", "Re: [PATCH 2/2] b", "[PATCH 0/2] all", "[PATCH 1/2] a"]
    (tmp_path / "x").write_bytes(thread(*subjects, *subjects))
    left: list[Left] = []
    assert [message.title for message in read_messages([tmp_path / "x"], left)] == [
        "[PATCH 1/2] a",
        "[PATCH 2/2] b",
    ]
    reasons = {"a reply or a forwarded mail", "a cover letter", "there already"}
    assert {message.reason for message in left} == reasons


def test_covers_and_replies_may_have_files_of_their_own(tmp_path: Path) -> None:
    subjects = ["[PATCH 0/1] all", "[PATCH 1/1] a", "Re: [PATCH 1/1] a"]
    paths = [tmp_path / str(number) for number, _ in enumerate(subjects)]
    for path, subject in zip(paths, subjects, strict=True):
        path.write_bytes(thread(subject))
    left: list[Left] = []
    assert [message.title for message in read_messages(paths, left)] == subjects[1:2]
    assert [mail.subject for mail in left] == subjects[::2]
    with pytest.raises(Refused, match=r"0:\d+:1: no patch in it: a cover letter"):
        read_messages(paths[::2])


def test_a_missing_patch_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(thread("[PATCH 1/3] a", "[PATCH 3/3] b").replace(b" 3/3", b" 3/3"))
    with pytest.raises(Refused, match=r"x:\d+:1: patch 2 of 3 is missing"):
        read_messages([tmp_path / "x"])


def test_other_charsets_in_headers_and_text(tmp_path: Path) -> None:
    head = b"Subject: =?iso-8859-1?q?sch=F6n?= =?no-such-charset?q?x?=\nFrom: W\xe4nda\n\n"
    message = read(tmp_path, head + DIFF.encode("latin-1"))
    assert message.title
    added = files_of(message)[0].hunks[0].lines[1].text
    assert "schön".encode("latin-1") in added.encode("utf-8", "surrogateescape")


def test_settings_of_the_call_change_no_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'mailinfo.scissors=true'")
    cut = plain("8bit").replace(b"Signed", b"-- >8 --\nSigned")
    assert read(tmp_path, cut).body.startswith("The gear")


@pytest.mark.parametrize("end", ["\f", "\x1c", "\x85", "\u2028"])
def test_no_character_of_a_subject_begins_another_field(tmp_path: Path, end: str) -> None:
    head = f"From: W <w@example.org>\nSubject: good{end}Email: eve@example.org\n\n"
    message = read(tmp_path, (head + TEXT).encode())
    assert message.author == "W <w@example.org>"
    assert message.subject.endswith("eve@example.org")


def test_bytes_of_two_charsets_above_a_diff(tmp_path: Path) -> None:
    text = "schön\n".encode("latin-1") + "schön\n\n".encode() + DIFF.encode()
    assert files_of(read(tmp_path, text))[0].path == "lib/widget.c"


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_a_packed_patch_is_refused_by_name(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Refused, match=r"x: no patch in it: a binary file"):
        read(tmp_path, pack(DIFF.encode()))


@given(
    st.lists(st.binary(max_size=20) | st.sampled_from([DIFF.encode(), b"Subject: x\n", b"\n\n"]))
)
@settings(deadline=None, max_examples=60)
def test_any_bytes_are_read_or_refused(parts: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder, suppress(Refused):
        files_of(read(Path(folder), b"".join(parts)))


def test_time_grows_with_the_size(tmp_path: Path) -> None:
    def seconds(count: int) -> float:
        body = "".join(f"+\tspin({n});\n" for n in range(count))
        head = f"Subject: x\n\n--- /dev/null\n+++ b/lib/x.c\n@@ -0,0 +1,{count} @@\n"
        start = time.process_time()
        files_of(read(tmp_path, (head + body).encode()))
        return time.process_time() - start

    assert seconds(40_000) < 12 * max(seconds(10_000), 0.01)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ['multipart/mixed; boundary="b"', "message/rfc822"])
def test_parts_nested_without_end_are_refused(tmp_path: Path, kind: str) -> None:
    mark = "" if "rfc822" in kind else "--b\n"
    data = f"Subject: x\nContent-Type: {kind}\n\n{mark}" * 5000 + "hello\n"
    with pytest.raises(Refused, match="no patch in it"):
        read(tmp_path, data.encode())
