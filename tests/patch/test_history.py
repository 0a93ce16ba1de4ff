# SPDX-License-Identifier: GPL-2.0-only
"""A series of twelve patches as kernel developers write them, through import and back."""

import base64
import copy
import quopri
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from interfaces import git

from tools import main, sampled
from xenhostgen.api import load, load_text
from xenhostgen.extensions.kernel_tree.placing import placed_alone, placed_in
from xenhostgen.extensions.patches.history import states
from xenhostgen.extensions.patches.lift_input import PatchedTree
from xenhostgen.extensions.patches.messages import read_messages
from xenhostgen.extensions.patches.yaml_writer import write_yaml

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "kernel"
DRIVER, LEGACY = "drivers/toy/user.c", "drivers/toy/legacy.c"
DRIVER_TEXT = """\
#include <toy/state.h>

int first(void)
{
	return ask_it();
}

int second(void)
{
	int rc = ask_it();

	return rc;
}

void third(void)
{
	tell_it(1);
	tell_it(2);
}
"""

Data = dict[str, Any]
Files = dict[str, bytes | None]


def op(returns: str, *tables: tuple[str, Any], **keys: Any) -> Data:
    return {"returns": returns, "args": ["int cpu"], "tables": dict(tables), **keys}


def adapter(function: str, body: str) -> Data:
    return {"function": function, "body": body}


def interface() -> Data:
    data: Data = yaml.load((TOY / "gate.yaml").read_text(), yaml.CSafeLoader)
    del data["typedefs"]
    data["templates"] = "kernel"
    data["header"]["includes"] = ["<linux/types.h>", "<linux/init.h>"]
    data["source"]["includes"] = ["<linux/errno.h>", "<linux/export.h>", "<toy/gate.h>"]
    del data["guests"]["big"]["place"]
    kinds = ("type", "occupied", "requires", "ops", "absent", "required")
    data["registry"]["misuse"] = dict.fromkeys(kinds, "-EINVAL")
    return data


class Series:
    """Writes a repository, a commit a step: the interface by its spec, all else by hand."""

    def __init__(self, folder: Path) -> None:
        self.tree = Path(shutil.copytree(TOY / "tree", folder / "tree"))
        for path, text in {DRIVER: DRIVER_TEXT, LEGACY: "int legacy;\n" * 30}.items():
            (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / path).write_text(text)
        (self.tree / "arch/toy/third.c").write_text(
            (self.tree / "arch/toy/big.c").read_text().replace("big", "third")
        )
        git(self.tree, "init", "-q")
        self.edits: list[tuple[str, str, str]] = []
        self.base = self.contents()
        self.commit("as it was")

    def contents(self) -> dict[str, bytes]:
        paths = [path for path in self.tree.rglob("*") if path.is_file()]
        return {
            str(path.relative_to(self.tree)): path.read_bytes()
            for path in paths
            if ".git" not in path.parts
        }

    def commit(self, subject: str) -> None:
        git(self.tree, "add", "-A", "-f")
        git(self.tree, "commit", "-q", "-m", f"toy: {subject}\n\nBecause of it.")

    def state(self, subject: str, data: Data, *edits: tuple[str, str, str]) -> None:
        """Commit what the spec renders, with all edits so far: path, old text, new text."""
        spec = load_text(write_yaml(data, "schema.json", {}), "made-up.yaml")
        after: Files = {**self.base, **placed_alone(spec, self.base.get, "tree").after}
        self.edits += edits
        for path, old, new in self.edits:
            text = (after.get(path) or b"").decode()
            assert old in text, (path, old)
            after[path] = text.replace(old, new, 1).encode()
        for path, content in after.items():
            if content is not None:
                (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
                (self.tree / path).write_bytes(content)
        self.commit(subject)


def steps(data: Data) -> Iterator[tuple[str, Data, list[tuple[str, str, str]]]]:
    """Each patch's subject, the interface after it, and what it edits by hand."""
    data = copy.deepcopy(data)
    small = {"small.direct": adapter("small_clock_id", "toy_clock_id(cpu)")}
    yield "add the gate interface", data, []
    data["kernel"]["functions"] = {"toy_clock_id": {"returns": "int", "args": ["int cpu"]}}
    data["ops"] = {"clock_id": op("int", *small.items(), no_host="-ENODEV")}
    yield "an op with an adapter above its table", data, []
    data["ops"] |= {"open": op("void"), "close": op("int", ("small.nested", "NULL"))}
    data["ops"]["close"]["no_host"] = "0"
    yield "two ops at once", data, []
    data["fields"] = [{"struct": ["int first", "unsigned long second"]}, {"c": "void *data"}]
    yield "members, one an anonymous structure", data, []
    yield (
        "convert the call sites",
        data,
        [
            (DRIVER, "\treturn ask_it();", "\treturn gate_close(gate_main, 0);"),
            (DRIVER, "\tint rc = ask_it();\n", "\tint rc;\n\n\trc = gate_close(gate_main, 1);\n"),
            (DRIVER, "\ttell_it(1);\n\ttell_it(2);\n", "\ttell(1);\n\ttell(2);\n"),
            (DRIVER, "int second", "#include <toy/gate.h>\nint second"),
        ],
    )
    yield (
        "say why",
        data,
        [
            ("arch/toy/big.c", "\tgate_register(", "\t/* Once. */\n\tgate_register("),
            ("include/toy/gate.h", "struct gate;\n", "struct page;\nstruct gate;\n"),
        ],
    )
    data["ops"]["close"]["no_host"] = "-EINVAL"
    yield "another fallback", data, []
    data["ops"] = {"shut" if name == "close" else name: it for name, it in data["ops"].items()}
    yield (
        "rename an op",
        data,
        [
            (DRIVER, "gate_close(gate_main, 0)", "gate_shut(gate_main, 0)"),
            (DRIVER, "gate_close(gate_main, 1)", "gate_shut(gate_main, 1)"),
        ],
    )
    del data["ops"]["open"]
    yield "remove an op", data, []
    data["types"]["values"].append({"name": "third"})
    third = {"name": "third", "pointer": "gate_last", "accepts": ["third"], "requires": "main"}
    data["registry"]["slots"].append(third)
    yield "a third slot", data, []
    guest = copy.deepcopy(data["guests"]["big"])
    guest["file"] = "arch/toy/third.c"
    guest["boot"]["function"] = "third_start"
    data["guests"]["third"] = guest
    data["kinds"]["third"] = {"runs": ["third"]}
    yield "a third guest", data, []
    yield (
        "drop what nobody calls",
        data,
        [(LEGACY, "int legacy;\n", ""), (LEGACY, "int legacy;\n", "int one;\r\n")],
    )


@pytest.fixture
def series(tmp_path: Path) -> Series:
    series = Series(tmp_path)
    for subject, data, edits in steps(interface()):
        series.state(subject, data, *edits)
    git(series.tree, "format-patch", "-q", "-o", str(tmp_path / "mails"), "HEAD~12")
    return series


def test_twelve_patches_come_back_to_the_byte(series: Series, tmp_path: Path) -> None:
    log = git(series.tree, "log", "--format=%T %an %aI %B", "-12")
    history = tmp_path / "history"
    mails = sorted(str(path) for path in (tmp_path / "mails").iterdir())
    tree = f"{series.tree}@HEAD~12"
    assert main(["import", *mails, "--tree", tree, "-o", str(history)]) == 0
    git(series.tree, "checkout", "-q", "HEAD~12")
    out = tmp_path / "out"
    assert main(["patch", str(history), "--tree", str(series.tree), "-o", str(out)]) == 0
    git(series.tree, "am", "-q", "--keep-cr", *sorted(str(path) for path in out.iterdir()))
    assert git(series.tree, "log", "--format=%T %an %aI %B", "-12") == log
    end = git(series.tree, "rev-parse", "HEAD^{tree}")
    git(series.tree, "checkout", "-q", "HEAD~12")
    assert main(["apply", str(history), "--tree", str(series.tree)]) == 0
    git(series.tree, "add", "-A", ".", ":!.xenhostgen*")
    assert git(series.tree, "write-tree") == end
    assert main(["apply", str(history), "--tree", str(series.tree), "--revert"]) == 0
    (history / "12.yaml").rename(history / "12-mine.yaml")
    assert main(["apply", str(history), "--tree", str(series.tree)]) == 2


@pytest.mark.thorough
def test_refresh_makes_carries_anew_and_keeps_specs(
    series: Series, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history, tree = tmp_path / "history", f"{series.tree}@HEAD~12"
    mails = sorted(str(path) for path in (tmp_path / "mails").iterdir())[:2]
    assert main(["import", *mails, "--tree", tree, "-o", str(history)]) == 0
    mbox = tmp_path / "mbox"
    mbox.write_bytes(b"".join(Path(mail).read_bytes() for mail in mails))
    compared = ["diff", str(history), str(mbox), "--tree", str(series.tree), "--rev", "HEAD~12"]
    assert main(compared) == 0
    spec = history / "02.yaml"
    edited = spec.read_text().replace("-EINVAL", "-ENODEV", 1)
    spec.write_text(edited)
    command = ["import", "--refresh", str(history), "--tree", tree]
    assert main(compared) == 1
    assert "arch/toy/gate.c: DIFFERS, line " in capsys.readouterr().out
    assert main([*command, mails[0]]) == 2
    assert "isn't a history of 1 patches" in capsys.readouterr().err
    assert main([*command, *mails]) == 0
    printed = capsys.readouterr().out
    assert f"{history}/02.carry.patch: made anew\n  arch/toy/gate.c: " in printed
    assert f"{history}: 1 of 2 carry patches made anew" in printed
    assert spec.read_text() == edited
    content = placed_in(load(spec), series.base.get, "tree").after["arch/toy/gate.c"]
    assert content == git(series.tree, "show", "HEAD~10:arch/toy/gate.c")


@pytest.mark.thorough
def test_the_interfaces_own_files_are_lifted(series: Series, tmp_path: Path) -> None:
    mails = sorted((tmp_path / "mails").iterdir())
    listed = list(states(read_messages(mails), series.base.get, "tree", "schema.json"))
    assert len(listed) == 12
    own = ("include/toy/gate.h", "arch/toy/gate.c")
    for number, state in enumerate(listed, 1):
        assert state.lifted, number
        shares = [share for share in state.lifted.shares if share.path in own]
        lines = sum(share.lines for share in shares)
        carried = sum(len(share.carried) for share in shares)
        assert carried <= lines * 0.05, (number, state.message.subject, state.carry.decode())
        assert state.lifted.text.count("\n") < 400


@pytest.mark.thorough
def test_each_state_is_a_spec_that_verifies(series: Series, tmp_path: Path) -> None:
    history = tmp_path / "history"
    mails = sorted(str(path) for path in (tmp_path / "mails").iterdir())
    tree = f"{series.tree}@HEAD~12"
    assert main(["import", *mails, "--tree", tree, "-o", str(history)]) == 0
    for path in (history / "01.yaml", history / "12.yaml"):
        assert load(path).interface == "gate"
        assert main(["verify", str(path), "--level", "parse", "--cc", "gcc"]) in (0, 1)


def attached(mails: list[bytes]) -> bytes:
    parts = [b"--x\nContent-Type: message/rfc822\n\n" + mail for mail in mails]
    head = b"From: A <a@example.org>\nSubject: see below\nMIME-Version: 1.0\n"
    return (
        head + b'Content-Type: multipart/mixed; boundary="x"\n\n' + b"\n".join(parts) + b"\n--x--\n"
    )


def flowed(mail: bytes) -> bytes:
    head, _, body = mail.partition(b"\n\n")
    # A blank at a line's end means that the line goes on.
    fixed = [line if line == b"-- " else line.rstrip(b" ") for line in body.split(b"\n")]
    stuffed = [b" " + line if line[:1] in (b" ", b">") else line for line in fixed]
    # Broken after a blank, as a mail program does with long lines.
    lines = [line.replace(b"tell_it(", b"tell_it \n(") for line in stuffed]
    kind = b"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8; format=flowed; delsp=yes"
    return head + b"\n" + kind + b"\n\n" + b"\n".join(lines)


def encoded(mail: bytes, how: str) -> bytes:
    head, _, body = mail.partition(b"\n\n")
    coding = "base64" if how == "base64" else "quoted-printable"
    encode = base64.encodebytes if how == "base64" else quopri.encodestring
    kind = f"MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: {coding}"
    return head + b"\n" + kind.encode() + b"\n\n" + encode(body)


FORMS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "attached mails": lambda mails: [attached(mails)],
    "format=flowed": lambda mails: [flowed(mail) for mail in mails],
    "base64": lambda mails: [encoded(mail, "base64") for mail in mails],
    "quoted-printable": lambda mails: [encoded(mail, "qp") for mail in mails],
    "one mbox, twice": lambda mails: [b"\n".join(mails), *mails],
    "out of order": lambda mails: mails[::-1],
    "a reply and a cover letter": lambda mails: [
        b"\n".join(
            [
                mails[0].replace(b"[PATCH 01/12]", b"[PATCH 00/12]"),
                mails[1].replace(b"Subject: [", b"Subject: Re: ["),
                *mails,
            ]
        )
    ],
    "no prefix": lambda mails: [re.sub(rb" [ab]/(?=\w)", b" ", mail) for mail in mails],
    "old and new": lambda mails: [
        re.sub(
            rb"(?m)^(---|\+\+\+) [ab]/",
            rb"\1 some/",
            re.sub(rb"(?m)^(diff|new|index) .*\n", b"", mail),
        )
        for mail in mails
    ],
}


@pytest.mark.parametrize("form", sampled(FORMS))
def test_mails_of_many_forms_are_read(form: str, series: Series, tmp_path: Path) -> None:
    mails = [path.read_bytes() for path in sorted((tmp_path / "mails").iterdir())][:11]
    paths = [tmp_path / f"{number:02}" for number, _ in enumerate(FORMS[form](mails))]
    for path, mail in zip(paths, FORMS[form](mails), strict=True):
        path.write_bytes(mail)
    messages = read_messages(paths)
    assert [message.number for message in messages] == list(range(1, 12))
    state = PatchedTree(series.base.get, "tree")
    for message in messages:
        assert message.body.startswith("Because of it.")
        state.take(message)
    git(series.tree, "checkout", "-q", "HEAD~1")
    wanted = series.contents()
    assert {**series.base, **state.after} == wanted


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda mails: mails[:3] + mails[4:], "patch 4 of 12 is missing"),
        (
            lambda mails: [
                mails[0]
                .replace(b"Subject:", b"Content-Type: text/html\nSubject:")
                .partition(b"---")[0]
            ],
            "HTML",
        ),
        (lambda mails: [mails[0][: len(mails[0]) // 2]], "lines were lost"),
        (lambda mails: [mails[1]], "doesn't fit"),
    ],
)
def test_a_series_that_is_not_whole_is_refused(
    edit: Callable[[list[bytes]], list[bytes]],
    message: str,
    series: Series,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mails = edit([path.read_bytes() for path in sorted((tmp_path / "mails").iterdir())])
    (tmp_path / "mbox").write_bytes(b"\n".join(mails))
    command = ["import", str(tmp_path / "mbox"), "--tree", f"{series.tree}@HEAD~12"]
    assert main([*command, "-o", str(tmp_path / "history")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "history").exists()
