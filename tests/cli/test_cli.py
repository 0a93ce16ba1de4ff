# SPDX-License-Identifier: GPL-2.0-only
"""The real command in a process of its own: exit status, streams, and no traceback whatever comes."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import need
from xenhostgen.cli import COMMANDS

CASES = Path(__file__).parents[1] / "spec" / "cases"
SPECS = Path(__file__).parents[2] / "specs"
COMMAND = [sys.executable, "-m", "xenhostgen"]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    shutil.copy(CASES / "succ_minimal.yaml", tmp_path / "specs" / "small.yaml")
    return tmp_path


def run(cwd: Path, *arguments: str, status: int, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == status, done.stderr
    return done


def test_generate_then_nothing_to_do(work: Path) -> None:
    first = run(work, "generate", status=0)
    assert "5 written, 0 unchanged in out/small" in first.stdout
    second = run(work, "generate", status=0)
    assert second.stdout == "specs/small.yaml: 5 unchanged in out/small\n"
    run(work, "generate", "--check", status=0)


def test_nothing_to_do_imports_no_engine(work: Path) -> None:
    run(work, "generate", status=0)
    probe = (
        "import sys; from xenhostgen import cli; cli.main(['generate']);"
        "print(sorted({'jinja2', 'yaml', 'dataclasses', 'rich', 'difflib', 'json'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=work, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("in out/small\n[]\n")


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
    ("out", "spec", "said"),
    [
        (".", "specs/small.yaml", "generate specs/small.yaml -o ."),
        ("", "specs/small.yaml", "generate specs/small.yaml -o ."),
        ("/", "specs/small.yaml", "generate specs/small.yaml -o /"),
        ("my out", "specs/a b.yaml", "generate 'specs/a b.yaml' -o 'my out'"),
        ("-o", "-x.yaml", "generate ./-x.yaml -o ./-o"),
    ],
)
def test_the_command_that_mends_it(work: Path, out: str, spec: str, said: str) -> None:
    (work / "specs/small.yaml").rename(work / spec)
    done = run(work, "generate", "--check", f"--output={out}", f"./{spec}", status=1)
    assert done.stdout.endswith(f"files are stale; run: xenhostgen {said}\n")
    if out != "/":
        subprocess.run([*COMMAND, *shlex.split(said)], cwd=work, check=True, capture_output=True)
        run(work, "generate", "--check", f"--output={out}", f"./{spec}", status=0)


def test_check_fails_for_a_file_that_no_spec_makes(work: Path) -> None:
    run(work, "generate", status=0)
    (work / "out/small/old.c").write_text("\n")
    assert "no spec makes" in run(work, "generate", status=0).stdout
    assert "out/small/old.c" in run(work, "generate", "--check", status=1).stdout


def test_check_believes_no_stamp(work: Path) -> None:
    run(work, "generate", status=0)
    path = work / "out/small/lib/widget.c"
    stamp = work / "out/.fresh/small.stamp"
    from xenhostgen.render.fresh import digest_of

    forged = digest_of(b"forged\n")
    lines = [line if "lib/widget.c" not in line else f"{forged} lib/widget.c" for line in stamp.read_text().split("\n")]
    path.write_text("forged\n")
    stamp.write_text("\n".join(lines))
    run(work, "generate", "--check", status=1)


def test_json(work: Path) -> None:
    told = json.loads(run(work, "generate", "--format", "json", status=0).stdout)
    assert told["specs"][0]["written"][0] == "out/small/arch/small.c"
    told = json.loads(run(work, "lint", "--format", "json", str(CASES / "err_c_keyword.yaml"), status=2).stdout)
    assert told["problems"] == [
        {
            "rule": "c-keyword",
            "message": "'register' is a keyword of C",
            "path": str(CASES / "err_c_keyword.yaml"),
            "line": 9,
            "column": 33,
            "hint": "choose another name",
        }
    ]


def test_errors_of_several_specs_are_all_shown(work: Path) -> None:
    broken = [str(CASES / "err_c_keyword.yaml"), str(CASES / "err_empty.yaml")]
    done = run(work, "generate", *broken, "specs/small.yaml", status=2)
    assert "[c-keyword]" in done.stderr
    assert "[empty]" in done.stderr
    assert (work / "out/small/lib/widget.c").exists()
    assert not (work / "out/err_empty").exists()


def test_two_specs_of_one_name(work: Path) -> None:
    (work / "more").mkdir()
    shutil.copy(work / "specs/small.yaml", work / "more/small.yaml")
    done = run(work, "generate", "specs/small.yaml", "more/small.yaml", status=2)
    assert "both would go into OUT/small" in done.stderr
    assert not (work / "out").exists()


def test_no_specs(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    assert "holds no *.yaml" in run(tmp_path, "lint", status=2).stderr


def test_shipped_specs_where_there_is_no_folder(tmp_path: Path) -> None:
    assert "rfc-v1.yaml: OK" in run(tmp_path, "lint", status=0).stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples(tmp_path: Path, name: str) -> None:
    done = run(tmp_path, name, "--help", status=0)
    assert f"xenhostgen {name}" in done.stdout
    assert "examples:" in done.stdout
    assert name in run(tmp_path, "--help", status=0).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["genrate"], "did you mean 'generate'?"),
        (["generate", "--chek"], "did you mean '--check'?"),
        (["generate", "--format", "xml"], "invalid choice: 'xml'"),
        (["--versoin"], "did you mean '--version'?"),
        (["verify", "--level", "kernel"], "add --tree LINUX"),
        (["verify", "--level", "kernel", "--tree", "specs"], "specs:1:1: is not a kernel tree"),
        (["verify", "--tree", "nowhere"], "nowhere:1:1: is no folder"),
        (["verify", "--cc", "nope"], "compiler 'nope':1:1: is not installed"),
        (["verify", "--cc", ""], "compiler '':1:1: is not installed"),
        (["verify", "--cc", "gcc -O2"], "compiler 'gcc -O2':1:1: is not installed"),
        (["verify", "--cc", "false"], "compiler 'false':1:1: is no compiler"),
        (["schema", "--check"], "add -o FILE"),
        (["lint", "nowhere.yaml"], "no such file"),
        (["lint", "specs"], "is a directory"),
        (["generate", "-o", "specs/small.yaml"], "is a file where a folder must be"),
        (["schema", "-o", "nowhere/schema.json"], "No such file or directory"),
    ],
)
def test_usage_errors(work: Path, arguments: list[str], said: str) -> None:
    assert said in run(work, *arguments, status=2).stderr


@pytest.mark.parametrize("command", ["verify", "mutate"])
def test_a_missing_compiler_is_no_fault_of_the_c(work: Path, command: str) -> None:
    (work / "sh").symlink_to("/bin/sh")
    done = run(work, command, status=2, PATH=str(work))
    assert done.stdout == ""
    assert done.stderr.startswith("compiler 'gcc':1:1: is not installed [no-compiler]\n    hint: name gcc or clang")


def test_a_compiler_by_its_path(work: Path) -> None:
    need("gcc", "gcc")
    (work / "cc").symlink_to(shutil.which("gcc") or "")
    assert "verified" in run(work, "verify", f"{SPECS}/xenhost.yaml", "--cc", "./cc", status=0).stdout


def test_version(tmp_path: Path) -> None:
    assert run(tmp_path, "--version", status=0).stdout.startswith("xenhostgen 1.")
    assert run(tmp_path, status=2).stderr.startswith("usage:")


def test_a_fault_of_our_own_is_one_line(work: Path) -> None:
    (work / "xenhostgen_fault.py").write_text(
        "from xenhostgen import cli\n"
        "from xenhostgen.commands import lint\n"
        "def fault(arguments): raise ZeroDivisionError('one\\ntwo')\n"
        "lint.run = fault\n"
        "raise SystemExit(cli.main(['lint']))\n"
    )
    command = [sys.executable, "xenhostgen_fault.py"]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("xenhostgen: internal error: ZeroDivisionError: one two")
    assert done.stderr.count("\n") == 1
    environment = {**os.environ, "XENHOSTGEN_TRACEBACK": "1"}
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" in done.stderr


def test_a_reader_that_goes_away(work: Path) -> None:
    script = f"{sys.executable} -m xenhostgen schema | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], cwd=work, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.startswith("{")


def test_a_closed_output(work: Path) -> None:
    for script, status in {"lint >&-": 0, "schema >&-": 0, "lint 2>&-": 0, "lint absent.yaml 2>&-": 2}.items():
        shell = ["bash", "-c", f"{sys.executable} -m xenhostgen {script}"]
        done = subprocess.run(shell, cwd=work, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (status, "")


def test_a_terminal_that_lacks_our_characters(work: Path) -> None:
    assert "COMMAND \\u2026" in run(work, "--help", status=0, PYTHONIOENCODING="ascii").stdout


def test_options_may_stand_anywhere(work: Path) -> None:
    shutil.copy(work / "specs/small.yaml", work / "other.yaml")
    done = run(work, "lint", "specs/small.yaml", "--format", "json", "other.yaml", status=0)
    assert len(json.loads(done.stdout)["specs"]) == 2


def test_nothing_of_the_user_s_moves_the_cursor(work: Path) -> None:
    replayed = ["verify", f"{SPECS}/xenhost.yaml", "--replay", "x\x1b[31m"]
    for arguments in (["x\x1b[31m"], ["lint", "x\x1b[31m.yaml"], ["lint", "--x\x1b[31m"], replayed):
        assert "\x1b" not in run(work, *arguments, status=2).stderr
    (work / "specs/small.yaml").rename(work / "a\x1b[31m.yaml")
    assert "a?[31m.yaml: OK" in run(work, "lint", "a\x1b[31m.yaml", status=0).stdout
    run(work, "generate", "a\x1b[31m.yaml", status=0)
    path = work / "out/a\x1b[31m/lib/widget.c"
    path.write_text(path.read_text() + "\tx\x1b[31m\n")
    checked = run(work, "generate", "a\x1b[31m.yaml", "--check", status=1).stdout
    assert "\n-\tx?[31m\n" in checked
    explained = run(work, "explain", "include/widget.h:1", "a\x1b[31m.yaml", status=0).stdout
    for told in (checked, explained, run(work, "generate", "a\x1b[31m.yaml", status=0).stdout):
        assert "\x1b" not in told


def test_a_full_output(work: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*COMMAND, "lint"], cwd=work, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "xenhostgen: No space left on device\n"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_it_quietly(work: Path, number: int, status: int) -> None:
    # Reading the spec from a terminal-like source would end it; here a slow writer keeps it waiting.
    (work / "slow.py").write_text(
        "import sys, time\n"
        "from xenhostgen import cli\n"
        "from xenhostgen.render import write\n"
        "real = write.Path.replace\n"
        "def slow(self, target):\n"
        "    print('now', flush=True)\n"
        "    time.sleep(30)\n"
        "write.Path.replace = slow\n"
        "sys.exit(cli.main(['generate']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "slow.py"], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout and child.stdout.readline() == "now\n"
        child.send_signal(number)
        _, said = child.communicate(timeout=20)
    assert child.returncode == status
    assert "Traceback" not in said
    assert not list(work.rglob("*.tmp"))
    assert not list(work.rglob("*.c"))


def test_two_runs_at_once(work: Path) -> None:
    children = [subprocess.Popen([*COMMAND, "generate"], cwd=work, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [child.wait(60) for child in children] == [0, 0, 0, 0]
    run(work, "generate", "--check", status=0)
    assert not list(work.rglob("*.tmp"))


def test_output_does_not_depend_on_hash_seed_or_time(work: Path) -> None:
    run(work, "generate", "-o", "one", status=0, PYTHONHASHSEED="1", TZ="UTC")
    time.sleep(0.01)
    run(work, "generate", "-o", "two", status=0, PYTHONHASHSEED="2", TZ="Asia/Tokyo", LC_ALL="C")
    one = {path.relative_to(work / "one"): path.read_bytes() for path in (work / "one/small").rglob("*.[ch]")}
    two = {path.relative_to(work / "two"): path.read_bytes() for path in (work / "two/small").rglob("*.[ch]")}
    assert one == two
    assert len(one) == 4
