# SPDX-License-Identifier: GPL-2.0-only
"""The real command in a process of its own: exit status, streams, and never a traceback."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from forked import run_forked
from patching import spec_of_case
from tools import main, need
from xenhostgen.cli import all_commands

CASES = Path(__file__).parents[1] / "spec" / "cases"
SPECS = Path(__file__).parents[2] / "specs"
COMMAND = [sys.executable, "-m", "xenhostgen"]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    shutil.copy(CASES / "succ_minimal.yaml", tmp_path / "specs" / "small.yaml")
    return tmp_path


def run(
    cwd: Path, *arguments: str, status: int, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The command in a folder, as it runs once it is imported."""
    return checked(run_forked(cwd, arguments, {**os.environ, **environment}), status)


def start(
    cwd: Path, *arguments: str, status: int, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The command in a folder, by an interpreter of its own."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return checked(done, status)


def checked(
    done: subprocess.CompletedProcess[str], status: int
) -> subprocess.CompletedProcess[str]:
    assert "Traceback" not in done.stderr
    assert done.returncode == status, done.stderr
    return done


def test_generate_then_nothing_to_do(work: Path) -> None:
    first = start(work, "generate", status=0)
    assert "5 written, 0 unchanged in out/small" in first.stdout
    second = start(work, "generate", status=0)
    assert second.stdout == "specs/small.yaml: 5 unchanged in out/small\n"
    start(work, "generate", "--check", status=0)


def test_unchanged_files_are_left_as_they_are(work: Path) -> None:
    run(work, "generate", status=0)
    paths = sorted((work / "out").rglob("*"))
    before = [(path.stat().st_ino, path.stat().st_mtime_ns) for path in paths]
    run(work, "generate", status=0)
    assert sorted((work / "out").rglob("*")) == paths
    assert [(path.stat().st_ino, path.stat().st_mtime_ns) for path in paths] == before


def test_generating_imports_neither_a_c_parser_nor_what_only_errors_need(work: Path) -> None:
    probe = (
        "import sys; from xenhostgen import cli; cli.main(['generate']);"
        "print(sorted({'pycparser', 'tree_sitter', 'rich', 'difflib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=work, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("in out/small\n[]\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda spec, out: (out / "lib/widget.c").write_text("edited\n"),
        lambda spec, out: (out / "lib/widget.c").unlink(),
        lambda spec, out: (out / "lib/widget.c").rename(out / "lib/other.c"),
        lambda spec, out: shutil.rmtree(out),
        lambda spec, out: spec.write_text(spec.read_text().replace("widget", "gadget")),
        lambda spec, out: os.utime(out / "lib/widget.c", (0, 0)),
    ],
)
def test_any_change_is_mended(work: Path, change: Callable[[Path, Path], object]) -> None:
    """Whatever became of the files and the spec: after another run they agree, leftovers aside."""
    spec, out = work / "specs/small.yaml", work / "out/small"
    run(work, "generate", status=0)
    change(spec, out)
    run(work, "generate", status=0)
    run(work, "generate", "-o", "anew", status=0)
    for path in (work / "anew").rglob("*.[ch]"):
        assert (work / "out" / path.relative_to(work / "anew")).read_bytes() == path.read_bytes()


def test_a_link_to_the_same_text_is_refused(work: Path) -> None:
    run(work, "generate", status=0)
    path = work / "out/small/lib/widget.c"
    path.rename(work / "elsewhere.c")
    path.symlink_to(work / "elsewhere.c")
    for option in ([], ["--check"]):
        assert "is a symbolic link" in run(work, "generate", *option, status=2).stderr


def test_another_spec_of_the_same_name_is_seen(work: Path) -> None:
    run(work, "generate", status=0)
    (work / "sub").mkdir()
    shutil.copy(work / "specs/small.yaml", work / "sub/small.yaml")
    assert "5 written" in run(work, "generate", "sub/small.yaml", status=0).stdout


def test_check_shows_the_diff_and_what_mends_it(work: Path) -> None:
    run(work, "generate", status=0)
    path = work / "out/small/lib/widget.c"
    path.write_text(path.read_text().replace("BUG_ON", "WARN_ON"))
    done = run(work, "generate", "--check", status=1)
    assert "-\t\t\tWARN_ON(" in done.stdout
    assert "+\t\t\tBUG_ON(" in done.stdout
    assert "run: xenhostgen generate specs/small.yaml" in done.stdout
    assert "WARN_ON" in path.read_text(), "--check writes nothing"
    run(work, "generate", status=0)
    run(work, "generate", "--check", status=0)


@pytest.mark.parametrize(
    ("out", "spec", "message"),
    [
        (".", "specs/small.yaml", "generate specs/small.yaml -o ."),
        ("", "specs/small.yaml", "generate specs/small.yaml -o ."),
        ("/", "specs/small.yaml", "generate specs/small.yaml -o /"),
        ("my out", "specs/a b.yaml", "generate 'specs/a b.yaml' -o 'my out'"),
        ("-o", "-x.yaml", "generate ./-x.yaml -o ./-o"),
    ],
)
def test_the_command_that_mends_it(work: Path, out: str, spec: str, message: str) -> None:
    (work / "specs/small.yaml").rename(work / spec)
    done = run(work, "generate", "--check", f"--output={out}", f"./{spec}", status=1)
    assert done.stdout.endswith(f"files are stale; run: xenhostgen {message}\n")
    if out != "/":
        run(work, *shlex.split(message), status=0)
        run(work, "generate", "--check", f"--output={out}", f"./{spec}", status=0)


def test_what_stands_behind_two_dashes_is_a_path(work: Path) -> None:
    (work / "specs/small.yaml").rename(work / "-x.yaml")
    assert run(work, "lint", "--", "-x.yaml", status=0).stdout == "-x.yaml: OK\n"


def test_check_fails_for_a_file_that_no_spec_makes(work: Path) -> None:
    run(work, "generate", status=0)
    (work / "out/small/old.c").write_text("\n")
    assert "no spec makes" in run(work, "generate", status=0).stdout
    assert "out/small/old.c" in run(work, "generate", "--check", status=1).stdout


def test_check_names_the_folder_of_a_spec_that_is_gone(work: Path) -> None:
    shutil.copy(work / "specs/small.yaml", work / "specs/a b.yaml")
    shutil.copy(work / "specs/small.yaml", work / "elsewhere.yaml")
    run(work, "generate", status=0)
    run(work, "generate", "elsewhere.yaml", status=0)
    (work / "out/mine").mkdir()
    (work / "out/mine/notes").write_text("Generated by hand\n")
    (work / "specs/a b.yaml").unlink()
    assert (
        "out/a b: its spec is gone; run: rm -r 'out/a b'\n"
        in run(work, "generate", "--check", status=1).stdout
    )
    outcome = json.loads(run(work, "generate", "--check", "--format", "json", status=1).stdout)
    assert outcome["left_over"] == ["out/a b"]
    run(work, "generate", "--check", "specs/small.yaml", status=0)
    (work / "out/a b/notes").touch()
    run(work, "generate", "--check", status=0)


def test_forged_text_is_seen_whatever_its_size_and_time(work: Path) -> None:
    run(work, "generate", status=0)
    path = work / "out/small/lib/widget.c"
    status = path.stat()
    path.write_text(path.read_text().replace("BUG_ON", "GUB_ON"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    run(work, "generate", "--check", status=1)


def test_json(work: Path) -> None:
    outcome = json.loads(run(work, "generate", "--format", "json", status=0).stdout)
    (small,) = outcome["specs"]
    assert small.pop("written")[0] == "out/small/arch/small.c"
    spec, folder = "specs/small.yaml", "out/small"
    assert small == {"spec": spec, "folder": folder, "unchanged": [], "unknown": []}
    (work / "keyword.yaml").write_bytes(spec_of_case(CASES / "err_c_keyword.diff"))
    outcome = json.loads(run(work, "lint", "--format", "json", "keyword.yaml", status=2).stdout)
    assert outcome["problems"] == [
        {
            "rule": "c-keyword",
            "message": "'register' is a keyword of C",
            "path": "keyword.yaml",
            "line": 9,
            "column": 33,
            "hint": "choose another name",
        }
    ]


def test_errors_of_several_specs_are_all_shown(work: Path) -> None:
    broken = [str(CASES / "err_line_separator.yaml"), str(CASES / "err_empty.yaml")]
    done = start(work, "generate", *broken, "specs/small.yaml", status=2)
    assert "[line-break]" in done.stderr
    assert "[empty]" in done.stderr
    assert (work / "out/small/lib/widget.c").exists()
    assert not (work / "out/err_empty").exists()


def test_two_specs_of_one_name(work: Path) -> None:
    (work / "more").mkdir()
    shutil.copy(work / "specs/small.yaml", work / "more/small.yaml")
    done = run(work, "generate", "specs/small.yaml", "more/small.yaml", status=2)
    assert "both would go into OUT/small" in done.stderr
    assert not (work / "out").exists()
    named_twice = ["specs/small.yaml", "./specs/small.yaml"]
    run(work, "generate", "--dry-run", *named_twice, status=0)
    printed = run(work, "lint", *named_twice, "more/small.yaml", status=0).stdout
    assert printed == "specs/small.yaml: OK\nmore/small.yaml: OK\n"


def test_specs_that_may_not_be_read(work: Path) -> None:
    # Root may read all folders, so that the system's refusal is made up.
    script = (
        "import pathlib, sys\n"
        "from xenhostgen import cli\n"
        "def denied(folder): raise PermissionError(13, 'Permission denied', str(folder))\n"
        "pathlib.Path.iterdir = denied\n"
        "sys.exit(cli.main(['lint']))\n"
    )
    done = run_forked(work, ["lint"], program=script)
    assert (done.returncode, done.stderr) == (2, "xenhostgen: specs: Permission denied\n")


def test_no_specs(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    assert "holds no *.yaml" in run(tmp_path, "lint", status=2).stderr


@pytest.mark.parametrize("command", ["generate", "lint", "verify"])
def test_without_a_spec_is_said_what_to_do(command: str, tmp_path: Path) -> None:
    errors = run(tmp_path, command, status=2).stderr
    assert "xenhostgen init PREFIX" in errors
    assert not list(tmp_path.iterdir())


def test_help_has_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overview = run(tmp_path, "--help", status=0).stdout
    for name in all_commands():
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        text = capsys.readouterr().out
        assert text.startswith(f"usage: xenhostgen {name}")
        assert "examples:" in text
        assert name in overview


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["genrate"], "did you mean 'generate'?"),
        (["generate", "--chek"], "did you mean '--check'?"),
        (["generate", "--format", "xml"], "invalid choice: 'xml'"),
        (["--versoin"], "did you mean '--version'?"),
        (["verify", "--level", "kernel"], "add --tree LINUX"),
        (["verify", "--level", "kernel", "--tree", "specs"], "specs: is not a kernel tree"),
        (["apply", "specs/small.yaml", "--tree", "gone"], "gone: is no folder"),
        (["verify", "--tree", "nowhere"], "nowhere: is no folder"),
        (["verify", "--cc", "nope"], "compiler 'nope': is not installed"),
        (["verify", "--cc", ""], "compiler '': is not installed"),
        (["verify", "--cc", "gcc -O2"], "compiler 'gcc -O2': is not installed"),
        (["verify", "--cc", "false"], "compiler 'false': is no compiler"),
        (["lint", "nowhere.yaml"], "no such file"),
        (["lint", "specs"], "is a folder"),
        (["generate", "-o", "specs/small.yaml"], "is a file where a folder must be"),
        (["init", "a", "-o", "nowhere/a.yaml"], "No such file or directory"),
    ],
)
def test_usage_errors(
    work: Path,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(work)
    try:
        assert main(arguments) == 2
    except SystemExit as error:  # argparse's
        assert error.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["verify", "mutate"])
def test_a_missing_compiler_is_no_fault_of_the_c(work: Path, command: str) -> None:
    (work / "sh").symlink_to("/bin/sh")
    done = run(work, command, status=2, PATH=str(work))
    assert done.stdout == ""
    assert done.stderr.startswith(
        "compiler 'gcc': is not installed [no-compiler]\n    hint: name gcc or clang"
    )


def test_a_compiler_by_its_path(work: Path) -> None:
    need("gcc", "gcc")
    (work / "cc").symlink_to(shutil.which("gcc") or "")
    command = ["verify", f"{SPECS}/xenhost.yaml", "--level", "parse", "--cc", "./cc"]
    assert "verified" in run(work, *command, status=0).stdout


def test_a_compiler_by_another_way_to_the_systems_folder(work: Path) -> None:
    """Where /bin is a link and stands before /usr/bin."""
    need("gcc", "gcc")
    run(work, "lint", f"{SPECS}/xenhost.yaml", status=0, PATH="/bin:/usr/bin")


def test_version(tmp_path: Path) -> None:
    assert start(tmp_path, "--version", status=0).stdout.startswith("xenhostgen 2.")
    assert start(tmp_path, status=2).stderr.startswith("usage:")


def test_a_fault_of_our_own_is_one_line(work: Path) -> None:
    program = (
        "from xenhostgen import cli\n"
        "from xenhostgen.commands import lint\n"
        "def fault(arguments): raise ZeroDivisionError('one\\ntwo')\n"
        "lint.run = fault\n"
        "raise SystemExit(cli.main(['lint']))\n"
    )
    done = run_forked(work, [], program=program)
    assert done.returncode == 2
    assert done.stderr.startswith("xenhostgen: internal error: ZeroDivisionError: one two")
    assert done.stderr.count("\n") == 1
    done = run_forked(work, [], {**os.environ, "XENHOSTGEN_TRACEBACK": "1"}, program=program)
    assert "Traceback" in done.stderr


def test_a_reader_that_goes_away(work: Path) -> None:
    script = f"{sys.executable} -m xenhostgen schema | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=work, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout.startswith("{")


def test_a_closed_output(work: Path) -> None:
    for script, status in {
        "lint >&-": 0,
        "schema >&-": 0,
        "lint 2>&-": 0,
        "lint absent.yaml 2>&-": 2,
    }.items():
        shell = ["bash", "-c", f"{sys.executable} -m xenhostgen {script}"]
        done = subprocess.run(shell, cwd=work, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (status, "")


def test_a_terminal_that_lacks_our_characters(work: Path) -> None:
    assert "COMMAND \\u2026" in start(work, "--help", status=0, PYTHONIOENCODING="ascii").stdout


def test_the_walk_of_the_readme(work: Path) -> None:
    need("gcc", "gcc")
    op, function, default = re.findall(
        r"```yaml\n(.*?)```", (SPECS.parent / "README.md").read_text(), re.S
    )
    doc = op.splitlines(keepends=True)[-1]
    text = (SPECS / "xenhost.yaml").read_text()
    for old, new in (
        ("ops:\n", f"ops:\n{op}"),
        ("  functions:\n", f"  functions:\n{function}"),
        (doc, default + doc),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
        (work / "specs/small.yaml").write_text(text)
        printed = run(work, "verify", "--cc", "gcc", status=int(new != default + doc)).stdout
        assert ("'xh_pv_nested_ops' doesn't set 'xen_version'" in printed) == (
            old == "  functions:\n"
        )


def test_the_findings_that_the_readme_shows() -> None:
    need("gcc", "gcc")
    readme = (SPECS.parent / "README.md").read_text()
    shown = readme.partition("verify specs/rfc-v1.yaml\n")[2].partition("\n\n")[0]
    printed = start(SPECS.parent, "verify", "specs/rfc-v1.yaml", "--cc", "gcc", status=0).stdout
    lines = [line.strip().removesuffix("…") for line in shown.split("\n")]
    assert len(lines) == 8
    assert not [line for line in lines if line not in printed]


def test_the_error_that_the_readme_shows(work: Path) -> None:
    readme = (SPECS.parent / "README.md").read_text()
    shown = readme.partition("lint specs/xenhost.yaml\n")[2].partition("\n\n")[0]
    text = (SPECS / "xenhost.yaml").read_text()
    (work / "specs/xenhost.yaml").write_text(text.replace("requires: default", "requires: defualt"))
    printed = run(work, "lint", "specs/xenhost.yaml", status=2).stderr
    assert printed.splitlines() == [line.removeprefix(" " * 4) for line in shown.splitlines()]


def test_options_may_stand_anywhere(work: Path) -> None:
    shutil.copy(work / "specs/small.yaml", work / "other.yaml")
    done = run(work, "lint", "specs/small.yaml", "--format", "json", "other.yaml", status=0)
    assert len(json.loads(done.stdout)["specs"]) == 2


def test_nothing_of_the_user_s_moves_the_cursor(work: Path) -> None:
    replayed = ["verify", f"{SPECS}/xenhost.yaml", "--replay", "x\x1b[31m"]
    for arguments in (["x\x1b[31m"], ["lint", "x\x1b[31m.yaml"], ["lint", "--x\x1b[31m"], replayed):
        assert "\x1b" not in run(work, *arguments, status=2).stderr
    shutil.copy(work / "specs/small.yaml", work / "a\x1b[31m.yaml")
    assert "\x1b" not in run(work, "lint", "a\x1b[31m.yaml", status=2).stderr
    (work / "b\x1b[31m").mkdir()
    run(work, "generate", "-o", "b\x1b[31m", status=0)
    path = work / "b\x1b[31m/small/lib/widget.c"
    path.write_text(path.read_text() + "\tx\x1b[31m\n")
    checked = run(work, "generate", "-o", "b\x1b[31m", "--check", status=1).stdout
    assert "\n-\tx?[31m\n" in checked
    for printed in (checked, run(work, "generate", "-o", "b\x1b[31m", status=0).stdout):
        assert "\x1b" not in printed


def test_a_full_output(work: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "lint"],
            cwd=work,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("xenhostgen: stdout or /")
    assert done.stderr.endswith(": No space left on device\n")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_it_quietly(work: Path, number: int, status: int) -> None:
    # A slow writer keeps the command waiting: in steps, as a signal just before a sleep is told
    # after it.
    (work / "slow.py").write_text(
        "import sys, time\n"
        "from xenhostgen import cli\n"
        "from xenhostgen.render import write\n"
        "real = write.Path.replace\n"
        "def slow(self, target):\n"
        "    print('now', flush=True)\n"
        "    for _ in range(600):\n"
        "        time.sleep(0.05)\n"
        "write.Path.replace = slow\n"
        "sys.exit(cli.main(['generate']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "slow.py"],
        cwd=work,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout and child.stdout.readline() == "now\n"
        child.send_signal(number)
        _, errors = child.communicate(timeout=20)
    assert child.returncode == status
    assert "Traceback" not in errors
    assert not list(work.rglob("*.tmp"))
    assert not list(work.rglob("*.c"))


def test_two_runs_at_once(work: Path) -> None:
    children = [
        subprocess.Popen([*COMMAND, "generate"], cwd=work, stdout=subprocess.DEVNULL)
        for _ in range(4)
    ]
    assert [child.wait(60) for child in children] == [0, 0, 0, 0]
    run(work, "generate", "--check", status=0)
    assert not list(work.rglob("*.tmp"))


def test_output_does_not_depend_on_hash_seed_or_time(work: Path) -> None:
    start(work, "generate", "-o", "one", status=0, PYTHONHASHSEED="1", TZ="UTC")
    time.sleep(0.01)
    start(work, "generate", "-o", "two", status=0, PYTHONHASHSEED="2", TZ="Asia/Tokyo", LC_ALL="C")
    first = {
        path.relative_to(work / "one"): path.read_bytes()
        for path in (work / "one/small").rglob("*.[ch]")
    }
    two = {
        path.relative_to(work / "two"): path.read_bytes()
        for path in (work / "two/small").rglob("*.[ch]")
    }
    assert first == two
    assert len(first) == 4
