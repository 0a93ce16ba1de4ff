# SPDX-License-Identifier: GPL-2.0-only
"""Messages that git would take otherwise than they are written are refused at their place."""

from pathlib import Path

import pytest
import yaml

from tools import need
from xenhostgen.api import Interface, Refused, load_text
from xenhostgen.extensions.patches.series import check_messages, message

SPEC = Path(__file__).parents[2] / "specs" / "xenhost.yaml"


def spec_with(subject: str, body: str) -> Interface:
    data = yaml.load(SPEC.read_text(), yaml.CSafeLoader)
    area, _, words = subject.partition(": ")
    messages = {"interface": {"subject": words, "body": body}}
    data["series"] = {"area": area, "messages": messages}
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10_000)
    return load_text(text, str(SPEC))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Plain words.",
        "A line.\n\n\nAnother, behind two blank ones.   \n",
        "Grüße\n\n    indented\n\n# no comment\n\n> quoted",
        "A scissors line:\n-- >8 --\nis kept.",
        "It says: 'From here on'.\n\nFrom the beginning\n",
        'Fixes: 0123456789ab ("x")\nLink: https://example.org/',
    ],
)
def test_what_git_gives_back_is_fine(body: str) -> None:
    need("git", "git")
    check_messages(spec_with("xen: add it", body))


@pytest.mark.parametrize(
    ("subject", "body", "lost"),
    [
        ("xen: add it", "Before.\n---\nBehind.", "text"),
        ("xen: add it", "Before.\n\ndiff --git a/x b/x\nnew file mode 100644\n", "text"),
        ("xen: add it", "Before.\n\nIndex: x.c\n", "text"),
        ("xen: add it", "Before.\n\ndiff -u a b\n", "text"),
        ("xen: add it", "From: Eve <eve@example.org>\n\nWords.", "author"),
        ("xen: add it", "Subject: drop it\n\nWords.", "subject"),
        ("[xen]: add it", "Words.", "subject"),
        ("Re: add it", "Words.", "subject"),
    ],
)
def test_what_git_would_lose_is_refused(subject: str, body: str, lost: str) -> None:
    need("git", "git")
    spec = spec_with(subject, body)
    with pytest.raises(Refused) as caught:
        check_messages(spec)
    (problem,) = caught.value.problems
    assert problem.rule == "message-lost"
    assert f"the {lost} of 'interface'" in problem.message
    assert problem.at.line > 1


@pytest.mark.parametrize("doc", ["From: Eve <eve@example.org>", f"{'word ' * 14}diff -u a b"])
def test_the_headers_text_is_a_message_too(doc: str) -> None:
    need("git", "git")
    data = yaml.load(SPEC.read_text(), yaml.CSafeLoader)
    del data["series"]
    data["header"]["doc"] = doc
    spec = load_text(yaml.safe_dump(data, sort_keys=False, width=10_000), str(SPEC))
    with pytest.raises(Refused, match="git am would lose part of the") as caught:
        check_messages(spec)
    assert {problem.at for problem in caught.value.problems} == {spec.header.doc.at}


@pytest.mark.parametrize("doc", [True, False], ids=["a doc", "no doc"])
def test_made_up_mails_differ(doc: bool) -> None:
    data = yaml.load(SPEC.read_text(), yaml.CSafeLoader)
    del data["series"]
    if not doc:
        del data["header"]["doc"]
    spec = load_text(yaml.safe_dump(data, sort_keys=False), str(SPEC))
    parts = ["interface", "predicates", *(guest.name for guest in spec.guests)]
    mails = [message(spec, part) for part in parts]
    assert len({body for _, body in mails}) == len(parts)
    for subject, body in mails[1:]:
        assert body == f"{subject[0].upper()}{subject[1:]}."
