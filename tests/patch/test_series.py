# SPDX-License-Identifier: GPL-2.0-only
"""A series for the made-up tree of ``tests/kernel``: git takes it, and it says what it should."""

import re
import shutil
import subprocess
from email import message_from_bytes
from pathlib import Path

import pytest

from tools import main, need, sampled
from xenhostgen.api import Interface, Refused, load
from xenhostgen.extensions.kernel_tree.git import git
from xenhostgen.extensions.patches import recreation
from xenhostgen.extensions.patches.messages import Message, read_messages
from xenhostgen.extensions.patches.series import changes

KERNEL = Path(__file__).parents[1] / "kernel"
SPECS = Path(__file__).parents[2] / "specs"
SPEC = str(KERNEL / "gate.yaml")
MAINTAINERS = """\
$list = grep { $_ eq "--nom" } @ARGV;
print $list ? "toy\\@lists.example\\n" : "To Y. <toy\\@example.org>\\n";
"""


@pytest.fixture(autouse=True)
def sender(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "gitconfig").write_text(
        "[user]\n\tname = Ann Öther\n\temail = ann@example.org\n[format]\n\tsignature = x\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    for name in ("NAME", "EMAIL"):
        monkeypatch.delenv(f"GIT_COMMITTER_{name}", raising=False)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = Path(shutil.copytree(KERNEL / "tree", tmp_path / "tree"))
    (tree / "scripts/get_maintainer.pl").write_text(MAINTAINERS)
    git(tree, "init", "-q", "-b", "main")
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "base")
    return tree


def mails(tree: Path, output: Path, *options: str) -> list[Path]:
    assert main(["patch", SPEC, "--tree", str(tree), "-o", str(output), *options]) == 0
    return sorted(output.iterdir())


def same_as_applied(tree: Path, applied: Path) -> None:
    for path in (
        path for folder in ("arch", "include") for path in (applied / folder).rglob("*.*")
    ):
        assert (tree / path.relative_to(applied)).read_bytes() == path.read_bytes()


def test_git_takes_it(tree: Path, tmp_path: Path) -> None:
    written = mails(tree, tmp_path / "out")
    git(tree, "am", "-q", *map(str, written[1:]))
    subjects = git(
        tree, "log", "--format=%s|%an <%ae>|%(trailers:key=Signed-off-by,valueonly)", "main~4.."
    )
    assert [line for line in subjects.splitlines() if line] == [
        f"{subject}|Ann Öther <ann@example.org>|Ann Öther <ann@example.org>"
        for subject in (
            "register the gates of big guests",
            "register the gates of small guests",
            "add predicates for gates",
            "add the gate interface",
        )
    ]
    applied = Path(shutil.copytree(KERNEL / "tree", tmp_path / "applied"))
    assert main(["apply", SPEC, "--tree", str(applied)]) == 0
    same_as_applied(tree, applied)
    # What the commits made is found to be applied, though no record is there to revert it by.
    assert main(["apply", SPEC, "--tree", str(tree)]) == 0
    assert main(["apply", SPEC, "--tree", str(tree), "--revert"]) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    sampled(
        [
            ("{name: toy_is_nested", "{name: toy_is_last, expands: 1}, {name: toy_is_nested"),
            ("pointer: gate_other", "pointer: gate_more"),
            ("doc: There is but one.", "doc: The only one."),
            (r"when: toy_is_nested\(\)", "when: toy_mode == MODE_SMALL && toy_is_nested()"),
            (r"  big:\n(?:    .*\n)+|  big: .*\n", ""),
            ("toy/gate.h", "toy/gates.h"),
            ("arch/toy/gate.c", "arch/toy/gates.c"),
        ]
    ),
    ids=["macro", "name", "comment", "condition", "a guest less", "the header", "the source"],
)
def test_a_step_goes_on_top_of_an_earlier_spec(
    before: str, after: str, tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = tmp_path / "later.yaml"
    later.write_text(re.sub(before, after, Path(SPEC).read_text()))
    git(tree, "am", "-q", *map(str, mails(tree, tmp_path / "first")[1:]))
    command = ["patch", str(later), "--tree", str(tree), "--since", SPEC, "-o"]
    assert main([*command, str(tmp_path / "second")]) == 0
    cover, *patches = sorted((tmp_path / "second").iterdir())
    is_told = "toy_is" in after or "/" in after or not after
    assert ("\nChanges:\n" in cover.read_text()) == is_told
    assert all(
        re.search(r"^Subject: \[PATCH.*\] change ", path.read_text(), re.M) for path in patches
    )
    mbox = tmp_path / "mbox"
    mbox.write_bytes(b"".join(path.read_bytes() for path in patches))
    capsys.readouterr()
    compared = ["diff", str(later), str(mbox), "--tree", str(tree), "--since", SPEC]
    assert main(compared) == 0
    assert re.search(r"byte-identical (\d+)/\1 files", capsys.readouterr().out)
    if "/" not in after:  # without a tree nothing moves
        assert main(["diff", str(later), str(mbox), "--since", SPEC]) == 0
        assert "byte-identical 2/2 files of its own" in capsys.readouterr().out
        assert main(["diff", SPEC, str(mbox), "--since", SPEC]) == ("pointer" in after)
    git(tree, "am", "-q", *map(str, patches))
    applied = Path(shutil.copytree(KERNEL / "tree", tmp_path / "applied"))
    assert main(["apply", str(later), "--tree", str(applied)]) == 0
    same_as_applied(tree, applied)
    assert main([*command, str(tmp_path / "third")]) == 2


def test_a_step_of_new_files_alone(tree: Path, tmp_path: Path) -> None:
    git(tree, "am", "-q", *map(str, mails(tree, tmp_path / "first")[1:]))
    later = tmp_path / "later.yaml"
    later.write_bytes(Path(SPEC).read_bytes())
    later.with_name("later.carry.patch").write_text(
        "--- /dev/null\n+++ b/Documentation/gate.txt\n@@ -0,0 +1 @@\n+It opens.\n"
    )
    command = ["patch", str(later), "--tree", str(tree), "--since", SPEC]
    assert main([*command, "-o", str(tmp_path / "second")]) == 0
    git(tree, "am", "-q", *map(str, sorted((tmp_path / "second").iterdir())[1:]))
    assert (tree / "Documentation/gate.txt").read_text() == "It opens.\n"


def test_an_emptied_file_is_not_one_that_goes(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = tmp_path / "later.yaml"
    later.write_text(Path(SPEC).read_text().replace("toy/gate.h", "toy/gates.h"))
    git(tree, "am", "-q", *map(str, mails(tree, tmp_path / "first")[1:]))
    git(tree, "tag", "first")
    out = tmp_path / "second"
    assert main(["patch", str(later), "--tree", str(tree), "--since", SPEC, "-o", str(out)]) == 0
    git(tree, "am", "-q", *map(str, sorted(out.iterdir())[1:]))
    (tree / "include/toy/gate.h").write_bytes(b"")
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "empty")
    mbox = tmp_path / "mbox"
    mbox.write_text(git(tree, "diff", "--no-renames", "first", "main"))
    git(tree, "checkout", "-q", "first")
    capsys.readouterr()
    assert main(["diff", str(later), str(mbox), "--tree", str(tree), "--since", SPEC]) == 1
    assert "include/toy/gate.h: DIFFERS, is no file, in the patch it is one" in (
        capsys.readouterr().out
    )


def test_an_earlier_spec_that_the_tree_never_had(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It gives the log alone, even if it doesn't fit; of another interface it's refused."""
    earlier = tmp_path / "earlier.yaml"
    earlier.write_text(Path(SPEC).read_text().replace("after: small_clock,", "after: small_tick,"))
    earlier.write_text(re.sub(r", alternatives: \[small_timer\]", "", earlier.read_text()))
    assert len(mails(tree, tmp_path / "out", "--since", str(earlier))) == 5
    git(tree, "am", "-q", *map(str, sorted((tmp_path / "out").iterdir())[1:]))
    command = ["patch", SPEC, "--tree", str(tree), "--since"]
    assert main([*command, str(earlier)]) == 2
    assert "has all of it already" in capsys.readouterr().err
    earlier.write_text(Path(SPEC).read_text().replace("interface: gate", "interface: door"))
    assert main([*command, str(earlier)]) == 2
    assert "is of 'door', " in capsys.readouterr().err


def test_what_came_since_stays_in_no_half(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `apply` recorded is less than a later series has brought."""
    earlier = tmp_path / "earlier.yaml"
    earlier.write_text(re.sub(r"  big:\n(?:    .*\n)+|  big: .*\n", "", Path(SPEC).read_text()))
    assert main(["apply", str(earlier), "--tree", str(tree)]) == 0
    git(tree, "add", "arch", "include")
    git(tree, "commit", "-q", "-m", "earlier")
    git(tree, "am", "-q", *map(str, mails(tree, tmp_path / "out", "--since", str(earlier))[1:]))
    after = (tree / "arch/toy/big.c").read_bytes()
    assert main(["apply", SPEC, "--tree", str(tree), "--revert"]) == 2
    assert "contains more of the interface than was applied" in capsys.readouterr().err
    assert (tree / "arch/toy/big.c").read_bytes() == after


def test_a_step_that_changes_nothing(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(tree, "am", "-q", *map(str, mails(tree, tmp_path / "first")[1:]))
    command = ["patch", SPEC, "--tree", str(tree), "--since", SPEC]
    assert main([*command, "-o", str(tmp_path / "second")]) == 2
    assert f"already is what {SPEC} gives" in capsys.readouterr().err
    assert main(["diff", str(tmp_path / "first"), "x", "--tree", str(tree), "--since", SPEC]) == 2


def test_a_hooks_repository_is_left_alone(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a hook git's environment names the repository, its index and more."""
    config, head = (tree / ".git/config").read_bytes(), git(tree, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tree / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tree / ".git/index"))
    assert len(mails(tree, tmp_path / "out")) == 5
    assert ((tree / ".git/config").read_bytes(), git(tree, "rev-parse", "HEAD")) == (config, head)


def prove(
    spec: Interface, messages: list[Message], tree: Path, revision: str | None = None
) -> list[recreation.Proof]:
    with recreation.reader(tree, revision) as read:
        return recreation.prove(spec, messages, read, str(tree))


def test_programs_that_a_repository_names_do_not_run(tree: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    git(tree, "config", "core.fsmonitor", f"touch {ran}; false")
    git(tree, "config", "filter.evil.clean", f"touch {ran}")
    (tree / ".gitattributes").write_text("* filter=evil\n")
    (tree / "scripts/get_maintainer.pl").write_text(f"open(my $f, '>', '{ran}'); print 'x';")
    assert len(mails(tree, tmp_path / "out")) == 5
    spec = load(Path(SPEC))
    prove(spec, [], tree, "HEAD")
    assert not ran.exists()
    git(tree, "status")
    assert ran.exists()


def test_blob_ids_prove_it(tree: Path, tmp_path: Path) -> None:
    """Placed, committed, sent, read back: N of N files identical, in a tree and at a revision."""
    spec = load(Path(SPEC))
    assert main(["apply", SPEC, "--tree", str(tree)]) == 0
    git(tree, "add", "arch", "include")
    git(tree, "commit", "-q", "-m", "all")
    mail = tmp_path / git(tree, "format-patch", "-o", str(tmp_path), "-1").strip()
    patch = read_messages([mail])
    proofs = prove(spec, patch, tree, "HEAD~1")
    assert len(proofs) == 7 and all(proof.identical for proof in proofs)
    base = Path(shutil.copytree(KERNEL / "tree", tmp_path / "base"))
    assert prove(spec, patch, base) == proofs
    small = base / "arch/toy/small.c"
    small.write_text(small.read_text() + "\n")
    lines = [proof.verdict for proof in prove(spec, patch, base) if "index line" in proof.verdict]
    assert len(lines) == 1 and lines[0].startswith("blob ")
    with pytest.raises(Refused, match="no revision"):
        prove(spec, patch, tree, "nothing")
    with pytest.raises(Refused, match="not a git repository"):
        prove(spec, patch, base, "HEAD")


def test_diff_proves_a_whole_series(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mbox = tmp_path / "mbox"
    mbox.write_bytes(b"".join(path.read_bytes() for path in mails(tree, tmp_path / "out")))
    capsys.readouterr()
    assert main(["diff", SPEC, str(mbox), "--tree", str(tree), "--rev", "HEAD"]) == 0
    assert "byte-identical 7/7 files" in capsys.readouterr().out
    # What a later patch changes again counts as that leaves it.
    git(tree, "am", "-q", *map(str, sorted((tmp_path / "out").iterdir())[1:]))
    for name in ("include/toy/gate.h", "arch/toy/small.c"):
        (tree / name).write_text((tree / name).read_text().replace("\n", "\n\n", 1))
    git(tree, "commit", "-q", "-a", "-m", "change it again")
    git(tree, "revert", "--no-edit", "HEAD")
    mbox.write_text(git(tree, "format-patch", "--stdout", "HEAD~6"))
    assert main(["diff", SPEC, str(mbox), "--tree", str(tree), "--rev", "HEAD~6"]) == 0
    assert "byte-identical 7/7 files" in capsys.readouterr().out
    for options, message in (
        (["--tree", str(tree)], "--tree: goes with --tree DIR and a PATCH"),
        ([str(mbox), "--rev", "HEAD"], "--rev: goes with --tree DIR"),
        ([str(mbox), "--tree", str(tree / "arch")], f"{tree}/arch: is not a kernel tree"),
    ):
        assert main(["diff", SPEC, *options]) == 2
        assert capsys.readouterr().err.startswith(message)


def test_dry_run_is_for_git_apply(
    tree: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Whatever bytes stand around the fragments."""
    small = tree / "arch/toy/small.c"
    small.write_bytes(small.read_bytes().replace(b"\n#ifdef", b"\n/* \xe9\x1b[m */\n#ifdef"))
    assert main(["apply", SPEC, "--tree", str(tree), "--dry-run"]) == 0
    (tmp_path / "diff").write_bytes(capfdbinary.readouterr().out)
    assert b"\xe9\x1b[m" in (tmp_path / "diff").read_bytes()
    git(tree, "apply", str(tmp_path / "diff"))
    assert main(["apply", SPEC, "--tree", str(tree)]) == 0
    assert b"nothing to do" in capfdbinary.readouterr().out


def test_the_first_difference_is_told(tree: Path, tmp_path: Path) -> None:
    spec = load(Path(SPEC))
    assert main(["apply", SPEC, "--tree", str(tree)]) == 0
    small = tree / "arch/toy/small.c"
    small.write_text(small.read_text().replace("gate_near", "gate_far"))
    mail = tmp_path / "mail"
    mail.write_text(git(tree, "diff"))
    proofs = {proof.path: proof for proof in prove(spec, read_messages([mail]), tree, "HEAD")}
    message = "line 34: '\tgate_register(gate_near, &small_ops);', "
    message += "in the patch '\tgate_register(gate_far, &small_ops);'"
    assert proofs["arch/toy/small.c"].verdict == message
    assert proofs["arch/toy/big.c"].identical
    assert proofs["arch/toy/gate.c"].verdict == "isn't in the patch"


@pytest.mark.thorough
def test_what_the_patch_shows_counts(tree: Path, tmp_path: Path) -> None:
    """What index lines say is compared, in the base and in a tree that has the patch."""
    spec = load(Path(SPEC))
    mail = b"".join(path.read_bytes() for path in mails(tree, tmp_path / "out"))

    def said(revision: str, edit: str = "", instead: str = "") -> dict[str, str]:
        (tmp_path / "mbox").write_bytes(re.sub(edit.encode(), instead.encode(), mail, flags=re.M))
        proofs = prove(spec, read_messages([tmp_path / "mbox"]), tree, revision)
        return {
            proof.path: ("same, " if proof.identical else "") + proof.verdict for proof in proofs
        }

    git(tree, "am", "-q", *map(str, sorted((tmp_path / "out").iterdir())[1:]))
    plain = said("main~4")
    assert plain == said("main") and all(
        verdict.startswith("same, blob ") for verdict in plain.values()
    )
    assert said("main~4", r"^index .*\n") == plain
    edited = said("main~4", "^\\+\tgate_register\\(gate_near", "+\tgate_register(gate_far")
    assert re.match(
        r"line 34: '\tgate_register\(gate_near, .*', "
        r"in the patch '\tgate_register\(gate_far.* as ours does",
        edited["arch/toy/small.c"],
    )
    edited = said("main~4", r"BUG_ON\(!gate_main\)", "BUG_ON()")
    assert "in the patch '\t\t\tBUG_ON();'" in edited["arch/toy/gate.c"]
    wrong = said("main~4", r"^(index \w+\.\.)\w{7}", r"\g<1>1234567")
    assert all(
        re.match(r"same, blob \w{12}, though the patch's index line says 1234567\w+", verdict)
        for verdict in wrong.values()
    )


def test_same_input_same_bytes(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, other = mails(tree, tmp_path / "one"), mails(tree, tmp_path / "other")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in other]
    assert mails(tree, tmp_path / "one") == first  # its own files it overwrites
    assert b"Date: Tue, 14 Nov 2023 22:13:20 +0000" in first[0].read_bytes()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    assert b"Date: Thu, 1 Jan 1970 00:00:01 +0000" in mails(tree, tmp_path / "one")[0].read_bytes()


def test_thread(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids depend on content and version, not on the day; patches answer the cover letter."""

    def ids(*options: str) -> list[str]:
        cover, *patches = (
            message_from_bytes(path.read_bytes())
            for path in mails(tree, tmp_path / "-".join(options), *options)
        )
        assert (cover["In-Reply-To"], cover["References"]) == (None, None)
        assert {(patch["In-Reply-To"], patch["References"]) for patch in patches} == {
            (cover["Message-Id"],) * 2
        }
        return [str(mail["Message-Id"]) for mail in (cover, *patches)]

    first = ids("--version", "2")
    assert all(
        re.fullmatch(rf"<[0-9a-f]{{16}}\.v2\.{n}\.git\.ann@example\.org>", mail)
        for n, mail in enumerate(first)
    )
    assert ids("--version", "1")[1].endswith(".v1.1.git.ann@example.org>")
    assert not set(first) & set(ids("--version", "2", "--prefix", "RESEND PATCH"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    assert ids("--version", "2") == first


def test_b4_takes_it(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("b4", "b4")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    mbox, output = tmp_path / "series.mbox", tmp_path / "b4"
    mbox.write_bytes(
        b"".join(path.read_bytes() for path in mails(tree, tmp_path / "out", "--version", "2"))
    )
    output.mkdir()
    command = ["b4", "--offline-mode", "--no-interactive", "am", "-m", str(mbox), "-o", str(output)]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ready = [str(path) for path in output.glob("*.mbx")]
    assert len(ready) == 1, done.stderr  # b4 ends 0 when it finds no patches, too
    git(tree, "am", "-q", *ready)
    assert git(tree, "rev-list", "--count", "main~4..").strip() == "4"
    applied = Path(shutil.copytree(KERNEL / "tree", tmp_path / "applied"))
    assert main(["apply", SPEC, "--tree", str(applied)]) == 0
    same_as_applied(tree, applied)


def test_nothing_of_others_reaches_the_terminal(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "\x1b[31m\x9b"
    odd.mkdir()
    tree = tree.rename(odd / "tree")
    written = mails(tree, odd / "out")
    for options in ([], [], ["--revert"], ["--revert"]):
        assert main(["apply", SPEC, "--tree", str(tree), *options]) == 0
    mbox = tmp_path / "mbox"
    text = b"".join(path.read_bytes() for path in written)
    mbox.write_bytes(text.replace(b"+\tgate_register(", b"+\tgate_\x1bregister("))
    assert main(["diff", SPEC, str(mbox), "--tree", str(tree)]) == 1
    mbox.write_bytes(text.replace(b"arch/toy/gate.c", "arch/toy/\x9bgate.c".encode()))
    assert main(["import", str(mbox), "-o", str(tmp_path / "new.yaml")]) == 2
    (odd / "mbox").write_bytes(text)
    assert main(["import", str(odd / "mbox"), "-o", str(tmp_path / "new.yaml")]) == 0
    printed = capsys.readouterr()
    assert printed.out.count("?") > 9 and not {"\x1b", "\x9b"} & {*printed.out, *printed.err}


def test_cover_letter(tree: Path, tmp_path: Path) -> None:
    need("bwrap", "bubblewrap")
    written = mails(
        tree, tmp_path / "out", "--version", "3", "--prefix", "RFC PATCH", "--since", SPEC
    )
    assert [path.name for path in written] == [
        "v3-0000-cover-letter.patch",
        "v3-0001-add-the-gate-interface.patch",
        "v3-0002-add-predicates-for-gates.patch",
        "v3-0003-register-the-gates-of-small-guests.patch",
        "v3-0004-register-the-gates-of-big-guests.patch",
    ]
    cover = message_from_bytes(written[0].read_bytes())
    assert cover["Subject"] == "[RFC PATCH v3 0/4] gates"
    assert (cover["To"], cover["Cc"]) == (
        "To Y. <toy@example.org>",
        "toy@lists.example",
    ) or '"To Y."' in cover["To"]
    body = str(cover.get_payload())
    assert "7 files changed" in body and "Changes in" not in body


def test_log_of_changes() -> None:
    log = changes(load(SPECS / "rfc-v1.yaml"), load(SPECS / "xenhost.yaml"))
    for line in (
        "type at distance 1: direct, was r1",
        "misuse: an errno, was a BUG",
        "storage: ro_after_init, was bss",
        "registration of pv.direct: after xen_start_flags, was after !xen_start_info",
        "storage: ro_after_init, was bss",
    ):
        assert line in log
    assert not changes(load(SPECS / "xenhost.yaml"), load(SPECS / "xenhost.yaml"))


def test_refusals(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["patch", SPEC, "--tree", str(tree), "-o", str(tmp_path / "out")]
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes").write_text("mine")
    assert main(arguments) == 2
    assert "notes: is no part of this series" in capsys.readouterr().err
    (tmp_path / "out/notes").unlink()
    for options, message in (
        (["--prefix", "RFC\nBcc: x@example.org"], "--prefix: has a line end or another character"),
        (["--version", "0"], "--version: 0 is below 1"),
        (["--version", "-1"], "--version: -1 is below 1"),
    ):
        assert main([*arguments, *options]) == 2
        assert capsys.readouterr().err.startswith(message)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    assert main(arguments) == 2
    assert "no name and address" in capsys.readouterr().err
    assert main(["apply", SPEC, "--tree", str(tree)]) == 0
    assert main(arguments) == 2
    assert "has all of it already" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())


def test_uncommitted_edits_are_told(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("bwrap", "bubblewrap")
    mails(tree, tmp_path / "out")
    others = capsys.readouterr().err
    assert "edits" not in others
    assert "name it in the spec, as 'series: {area: x86/xen}'" in others
    for name in ("arch/toy/small.c", "scripts/README"):
        (tree / name).write_text((tree / name).read_text() + "\n")
    mails(tree, tmp_path / "out")
    message = "small.c has edits that aren't committed; the patches are based on them\n"
    assert capsys.readouterr().err == f"xenhostgen: {tree}/arch/toy/{message}{others}"


def test_without_get_maintainer(tree: Path, tmp_path: Path) -> None:
    (tree / "scripts/get_maintainer.pl").write_text("exit 1;")
    assert message_from_bytes(mails(tree, tmp_path / "out")[0].read_bytes())["To"] is None


@pytest.mark.parametrize("script", ['print "a\\@b.c\\n" x 200000;', 'print "a\\0\\@b.c\\n";'])
def test_addressees_that_no_mail_has(
    script: str, tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("bwrap", "bubblewrap")
    (tree / "scripts/get_maintainer.pl").write_text(script)
    assert main(["patch", SPEC, "--tree", str(tree), "-o", str(tmp_path / "out")]) == 2
    assert "names more than 500 addressees, or such as no mail has" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_no_kernel_tree(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["patch", SPEC, "--tree", "/"]) == 2
    assert capsys.readouterr().err.startswith("/: is not a kernel tree")
