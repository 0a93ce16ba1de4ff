# SPDX-License-Identifier: GPL-2.0-only
"""C that harms whoever runs it: bounded, reported as a finding, and nothing is left behind."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools import need, sampled
from xenhostgen.api import Interface, Refused, Verdict, load
from xenhostgen.verify import driver, makefile
from xenhostgen.verify.run import verify
from xenhostgen.verify.store import Store
from xenhostgen.verify.subject import Options, write_rendering

REPO = Path(__file__).parents[2]
SPEC = "tests/verify/succ_pair.yaml"
SOURCE = "drivers/pair/pair.c"

# What goes to the top of the C file, what into the unregistering function, the rule, words of
# the message.
HOSTILE = {
    "recursion": (
        "static int deep(volatile int n) { return deep(n + 1) + n; }",
        "return deep(0);",
        "crash",
        "stack",
    ),
    "endless": ("", "for (;;) ;", "crash", "doesn't end"),
    "null": ("", "*(volatile int *)0 = 1;", "crash", "null"),
    "wild": (
        "",
        "*(volatile char *)(unsigned long)(0x123456000 + type) = 1;",
        "crash",
        "Sanitizer",
    ),
    "division": ("", "return 1 / (type - type);", "crash", "division by zero"),
    "huge": ("static char huge[1 << 30];", "huge[type & 1]++;", "not-runnable", "memory"),
    "fork": ("int fork(void);", "fork();", "uncompilable", "fork"),
    "exit": ("void exit(int);", "exit(0);", "uncompilable", "exit"),
    "prints": (
        "int puts(const char *);",
        'puts("ok 0 0 0,NULL,0 0,NULL,1");',
        "uncompilable",
        "puts",
    ),
    "opens": (
        "void *fopen(const char *, const char *);",
        'fopen("stolen", "w");',
        "uncompilable",
        "fopen",
    ),
    "main": ("int main(void) { return 9; }", "", "declaration-unknown", "main"),
    "interposes": ("int prctl(int n, ...) { return 0; }", "", "declaration-unknown", "prctl"),
    "constructor": (
        "__attribute__((constructor)) static void early(void) { for (;;) ; }",
        "",
        "not-runnable",
        "constr",
    ),
    "ifunc": (
        "static void *choose(void) { for (;;) ; }\n"
        'void chosen(void) __attribute__((ifunc("choose")));',
        "chosen();",
        "not-runnable",
        "chosen",
    ),
    "section": (
        'static int hidden __attribute__((section("elsewhere"))) = 1;',
        "hidden++;",
        "not-runnable",
        "elsewhere",
    ),
    "device": ('#include "/dev/zero"', "", "uncompilable", ""),
    "no stand-in": (
        "#include <linux/slab.h>",
        "",
        "unparsable",
        "name <linux/slab.h> in the spec's includes",
    ),
    "itself": ('#include "pair.c"', "", "unparsable", "nested"),
    "unparsable": ("int int int;", "", "unparsable", "declaration"),
    "brackets": ("(" * 50_000, "", "unparsable", ""),
    "big_initialiser": ("char big[1ul << 33] = { 1 };", "", "uncompilable", ""),
}
# Machine code, by which a file gets past the check of what it calls: nothing comes of it.
SYSTEM_CALL = (
    'long r; asm volatile("syscall" : "=a"(r) : "a"({}), "D"({}), "S"({}), "d"({})'
    ' : "rcx", "r11", "memory");'
)


def hostile_tree(spec: Interface, folder: Path, top: str, inside: str) -> Path:
    tree = write_rendering(spec, folder)
    file = tree / SOURCE
    text = file.read_text().replace(
        "\txh->type = PAIR_NONE;", f"\t{inside}\n\txh->type = PAIR_NONE;"
    )
    file.write_text(f"{text}\n{top}\n" if top.startswith("(") else f"{top}\n{text}")
    return tree


Judged = Callable[[Interface, Path], Verdict]


@pytest.fixture
def judged(store_of: Callable[[Interface], Store]) -> Judged:
    """Judge a tree under gcc, in bounded time."""
    need("gcc", "gcc")

    def judge(spec: Interface, tree: Path) -> Verdict:
        started = time.monotonic()
        verdict = verify(spec, Options(tree, ("gcc",), store=store_of(spec)))
        assert time.monotonic() - started < 60
        return verdict

    return judge


@pytest.fixture(autouse=True)
def leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    yield
    assert not list(folder.iterdir())
    assert not running(folder)


@pytest.mark.parametrize("name", sampled(HOSTILE, lambda name: HOSTILE[name][2]))
def test_hostile(
    name: str, tmp_path: Path, load_spec: Callable[[str], Interface], judged: Judged
) -> None:
    top, inside, rule, words = HOSTILE[name]
    spec = load_spec(SPEC)
    verdict = judged(spec, hostile_tree(spec, tmp_path / "tree", top, inside))
    assert any(
        finding.rule == rule and words in finding.message for finding in verdict.unexpected
    ), verdict.unexpected
    for finding in verdict.unexpected:
        assert finding.where


# Harmless if they came through: signal 0 only asks whether there is such a process.
SYSTEM_CALLS = {
    "fork": (57, 0, 0, 0, "system call"),
    "kill": (62, 1, 0, 0, "system call"),
    "kill_thread": (234, 1, 1, 0, "system call"),
    "creates": (2, '"stolen"', 0o101, 0o777, ""),
    "answers": (1, 1, '"ok 0 0\\n"', 7, "invalid answers"),
    "pauses": (34, 0, 0, 0, ""),
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="system calls of x86-64")
@pytest.mark.parametrize("name", sampled(SYSTEM_CALLS))
def test_system_call(
    name: str,
    tmp_path: Path,
    load_spec: Callable[[str], Interface],
    judged: Judged,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = load_spec(SPEC)
    *call, words = SYSTEM_CALLS[name]
    tree = hostile_tree(spec, tmp_path / "tree", "", SYSTEM_CALL.format(*call))
    monkeypatch.chdir(tmp_path)
    verdict = judged(spec, tree)
    messages = [finding.message for finding in verdict.unexpected]
    assert not words or any(words in message for message in messages), messages
    assert not list(tmp_path.rglob("stolen"))


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 30)


# What lies in a file's place, and the words by which it is refused before anything reads it.
NO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (os.mkfifo, "is a named pipe"),
    "socket": (lambda path: os.mknod(path, 0o600 | stat.S_IFSOCK), "is a socket"),
    "folder": (Path.mkdir, "is a folder"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "is a link that leaves the tree"),
    "loop": (lambda path: path.symlink_to(path), "symbolic links"),
    "dangling": (lambda path: path.symlink_to("nothing"), "is a link to nothing"),
    "link out": (lambda path: path.symlink_to(__file__), "is a link that leaves the tree"),
    "sparse": (sparse, "is larger than"),
}


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize(
    "file", ["drivers/pair/pair.c", "include/linux/pair.h", "drivers/pair/Makefile"]
)
def test_file_that_is_none(
    file: str, kind: str, tmp_path: Path, load_spec: Callable[[str], Interface], judged: Judged
) -> None:
    spec = load_spec(SPEC)
    tree = write_rendering(spec, tmp_path / "tree")
    create, words = NO_FILES[kind]
    (tree / file).unlink()
    create(tree / file)
    begin = time.monotonic()
    with pytest.raises(Refused, match=words) as caught:
        judged(spec, tree)
    assert time.monotonic() - begin < 2
    assert [problem.path for problem in caught.value.problems] == [str(tree / file)]


def test_folder_that_leaves_the_tree(
    tmp_path: Path, load_spec: Callable[[str], Interface], judged: Judged
) -> None:
    spec = load_spec(SPEC)
    tree = write_rendering(spec, tmp_path / "tree")
    (tree / "drivers").rename(tmp_path / "elsewhere")
    (tree / "drivers").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="is a link that leaves the tree"):
        judged(spec, tree)


def test_links_within_the_tree_are_followed(
    tmp_path: Path, load_spec: Callable[[str], Interface]
) -> None:
    spec = load_spec(SPEC)
    tree = write_rendering(spec, tmp_path / "tree")
    (tree / "drivers").rename(tree / "moved")
    (tree / "drivers").symlink_to("moved")
    assert verify(spec, Options(tree, level="parse")).passed


@pytest.mark.parametrize("file", [SOURCE, "drivers/pair/Makefile"])
def test_missing_file(
    file: str, tmp_path: Path, load_spec: Callable[[str], Interface], judged: Judged
) -> None:
    spec = load_spec(SPEC)
    tree = write_rendering(spec, tmp_path / "tree")
    (tree / file).unlink()
    (finding, *_) = judged(spec, tree).unexpected
    assert finding.rule in ("file-missing", "declaration-missing")
    assert finding.where
    assert finding.where.file == file


@pytest.mark.parametrize("content", sampled([b"", bytes(range(256)) * 20]), ids=["empty", "binary"])
@pytest.mark.parametrize("file", ["drivers/pair/pair.c", "include/linux/pair.h"])
def test_odd_content(
    file: str, content: bytes, tmp_path: Path, load_spec: Callable[[str], Interface], judged: Judged
) -> None:
    spec = load_spec(SPEC)
    tree = write_rendering(spec, tmp_path / "tree")
    (tree / file).write_bytes(content)
    assert not judged(spec, tree).passed


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16(
    encoding: str, tmp_path: Path, load_spec: Callable[[str], Interface], judged: Judged
) -> None:
    spec = load_spec(SPEC)
    tree = write_rendering(spec, tmp_path / "tree")
    text = (tree / SOURCE).read_text()
    (tree / SOURCE).write_bytes(f"\ufeff{text}".encode(encoding))
    messages = {finding.rule: finding.message for finding in judged(spec, tree).unexpected}
    assert messages["unparsable"] == "is UTF-16, where compilers read UTF-8"


def test_empty_files_declare_nothing(tmp_path: Path, load_spec: Callable[[str], Interface]) -> None:
    spec = load_spec(SPEC)
    tree = write_rendering(spec, tmp_path / "tree")
    files = [file for file in tree.rglob("*") if file.is_file()]
    for file in files:
        file.write_text("\n")
    verdict = verify(spec, Options(tree, level="parse"))
    missing = {
        finding.where.file
        for finding in verdict.unexpected
        if finding.rule == "declaration-missing" and finding.where
    }
    assert missing == {str(file.relative_to(tree)) for file in files}


def test_wrong_types_point_into_the_judged_file(
    tmp_path: Path, load_spec: Callable[[str], Interface], judged: Judged
) -> None:
    spec = load_spec(SPEC)
    tree = write_rendering(spec, tmp_path / "tree")
    for file in ("include/linux/pair.h", SOURCE):
        text = (tree / file).read_text()
        (tree / file).write_text(
            text.replace("pair_unregister(enum pair_type type)", "pair_unregister(char *type)")
        )
    rules = {finding.rule: finding for finding in judged(spec, tree).unexpected}
    assert rules["declaration-differs"].subject == "pair_unregister"
    assert all(finding.where for finding in rules.values())


def has_driver(folder: Path) -> bool:
    """Whether a driver has been linked. Folders come and go meanwhile, which walk() forgives."""
    return any("driver" in files for _, _, files in os.walk(folder))


@pytest.mark.parametrize(
    "signals",
    sampled([[signal.SIGINT] * 5, [signal.SIGTERM], [signal.SIGHUP] * 2]),
    ids=["five times ctrl-c", "terminated", "hung up"],
)
def test_ended_from_outside(
    signals: list[signal.Signals], tmp_path: Path, load_spec: Callable[[str], Interface]
) -> None:
    process, folder = endless(tmp_path)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.01)
    assert "Traceback" not in process.communicate(timeout=20)[1]
    assert process.returncode not in (0, 1)
    assert not list(folder.iterdir())
    assert not running(folder)


def test_what_a_killed_run_left_goes_with_the_next(tmp_path: Path) -> None:
    process, folder = endless(tmp_path)
    process.kill()
    process.communicate(timeout=20)
    assert list(folder.iterdir())
    command = [sys.executable, "-m", "xenhostgen", "lint", str(REPO / SPEC)]
    subprocess.run(command, env={**os.environ, "TMPDIR": str(folder)}, check=True)
    assert not list(folder.iterdir())
    assert not running(folder)


def endless(tmp_path: Path) -> tuple[subprocess.Popen[str], Path]:
    """A verification of C that doesn't end, once it runs, and its folder for temporary files."""
    need("gcc", "gcc")
    spec = load(REPO / SPEC)
    tree = hostile_tree(spec, tmp_path / "tree", "", "for (;;) ;")
    folder = tmp_path / "scratch"
    folder.mkdir()
    command = [sys.executable, "-m", "xenhostgen", "verify", str(REPO / SPEC), "--tree", str(tree)]
    command += ["--cc", "gcc"]
    process = subprocess.Popen(
        command,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not has_driver(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    return process, folder


def running(folder: Path) -> str:
    """The processes that name a folder."""
    command = ["pgrep", "-f", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("create", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_its_c_would_wait_for_is_refused(
    create: Callable[[Path], object],
    tmp_path: Path,
    load_spec: Callable[[str], Interface],
    judged: Judged,
) -> None:
    spec = load_spec(SPEC)
    tree = write_rendering(spec, tmp_path / "tree")
    create(tree / "drivers/pair/other.h")
    source = tree / "drivers/pair/pair.c"
    source.write_text(f'#include "other.h"\n{source.read_text()}')
    with pytest.raises(Refused, match=r"other\.h.*is a named pipe or a device"):
        judged(spec, tree)


@pytest.mark.parametrize(
    ("search", "part"),
    [
        (driver._COMPLAINT.search, ":1"),
        (driver._PLACE.match, "a/"),
        (makefile._OF_OBJECT.fullmatch, "A_"),
    ],
)
def test_long_words_of_judged_c_take_no_time(search: Callable[[str], object], part: str) -> None:
    begin = time.process_time()
    search(part * 30_000)
    assert time.process_time() - begin < 2
