# SPDX-License-Identifier: GPL-2.0-only
"""One patch in every wrapping that mail has for it, and the real mail, if it is at hand."""

import base64
import bz2
import gzip
import lzma
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xenhostgen.extensions.patches.diff import parse_diff
from xenhostgen.extensions.patches.errors import PatchError
from xenhostgen.extensions.patches.mail import patches_in, read_patches

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
    "flowed": flowed(),
    "byte order mark": b"\xef\xbb\xbf" + plain("8bit"),
    "mbox": b"From w@example.org Tue Mar  4 10:00:00 2025\n" + plain("base64") + b"\n",
}


@pytest.mark.parametrize("name", WRAPPED)
def test_every_wrapping_gives_the_same_patch(name: str) -> None:
    (mail,) = patches_in(WRAPPED[name], "x")
    assert mail.subject == "[PATCH] widget: schön"
    lines = list(mail.diff.lines)
    while lines[-1] == "":
        lines.pop()
    assert lines == DIFF.rstrip("\n").split("\n")
    (file,) = parse_diff(mail.diff)
    assert [line.kind for line in file.hunks[0].lines] == ["context", "added", "context", "context"]


@pytest.mark.parametrize("name", [name for name in WRAPPED if name != "attached diff"])
def test_lines_keep_their_number_in_the_input(name: str) -> None:
    (mail,) = patches_in(WRAPPED[name], "x")
    raw = WRAPPED[name].split(b"\n")
    for line, number in zip(mail.diff.lines, mail.diff.numbers, strict=True):
        here = raw[number - 1]
        if name in ("base64", "mbox", "attached mail"):
            here = base64.b64decode(b"".join(raw[number - 1 :][:4]).partition(b"=")[0] + b"==")
        assert line.strip()[:4].encode() in here, (line, number)


def test_other_charsets_in_headers_and_text() -> None:
    head = b"Subject: =?iso-8859-1?q?sch=F6n?= =?no-such-charset?q?x?=\nFrom: W\xe4nda\n\n"
    (mail,) = patches_in(head + DIFF.encode("latin-1"), "x")
    assert mail.subject
    added = parse_diff(mail.diff)[0].hunks[0].lines[1].text
    assert "schön".encode("latin-1") in added.encode("utf-8", "surrogateescape")


def test_bytes_of_two_charsets_above_a_diff() -> None:
    (mail,) = patches_in("schön\n".encode("latin-1") + "schön\n\n".encode() + DIFF.encode(), "x")
    assert parse_diff(mail.diff)[0].path == "lib/widget.c"


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_a_packed_patch_is_refused_by_name(pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(
        PatchError, match=r"x:1:1: the patch is packed by (gzip|xz|bzip2) \[input-binary\]"
    ):
        patches_in(pack(DIFF.encode()), "x")


@given(
    st.lists(st.binary(max_size=20) | st.sampled_from([DIFF.encode(), b"Subject: x\n", b"\n\n"]))
)
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(parts: list[bytes]) -> None:
    with suppress(PatchError):
        patches_in(b"".join(parts), "x")


def test_time_grows_with_the_size() -> None:
    def seconds(count: int) -> float:
        body = "".join(f"+\tspin({n});\n" for n in range(count))
        head = f"Subject: x\n\n--- /dev/null\n+++ b/lib/x.c\n@@ -0,0 +1,{count} @@\n"
        start = time.process_time()
        (mail,) = patches_in((head + body).encode(), "x")
        parse_diff(mail.diff)
        return time.process_time() - start

    assert seconds(40_000) < 12 * max(seconds(10_000), 0.01)


def test_the_real_mail(reference_mail: Path) -> None:
    (mail,) = read_patches(reference_mail)
    patch = parse_diff(mail.diff, mail.announced_files)
    assert mail.subject.startswith("[RFC PATCH 01/16] x86/xen")
    kinds = Counter(line.kind for file in patch for hunk in file.hunks for line in hunk.lines)
    assert (kinds["added"], kinds["removed"]) == (215, 0)
    assert all(file.collapsed for file in patch)
    assert {file.path: (file.pre, file.post) for file in patch} == {
        "arch/x86/xen/Makefile": ("084de77a109e", "564b4dddbc15"),
        "arch/x86/xen/enlighten_hvm.c": ("0e75642d42a3", "100452f4f44c"),
        "arch/x86/xen/enlighten_pv.c": ("c54a493e139a", "bb6e811c1525"),
        "arch/x86/xen/enlighten_pvh.c": ("35b7599d2d0b", "826c296d27a3"),
        "arch/x86/xen/xenhost.c": ("000000000000", "ca90acd7687e"),
        "include/xen/xen.h": ("0e2156786ad2", "540db8459536"),
        "include/xen/xenhost.h": ("000000000000", "a58e883f144e"),
    }


@pytest.mark.parametrize("kind", ['multipart/mixed; boundary="b"', "message/rfc822"])
def test_parts_nested_without_end_are_refused(kind: str) -> None:
    mark = "" if "rfc822" in kind else "--b\n"
    data = f"Subject: x\nContent-Type: {kind}\n\n{mark}" * 5000 + "hello\n"
    with pytest.raises(PatchError) as caught:
        patches_in(data.encode(), "x.eml")
    assert caught.value.problem.rule in ("mail-nested", "no-diff")
