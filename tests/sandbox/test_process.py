# SPDX-License-Identifier: GPL-2.0-only
"""The process runner: what a program gets, what it may use, and that nothing of it is left."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest

from tools import need, sampled
from xenhostgen.sandbox.confinement import Inmate, View
from xenhostgen.sandbox.ending import ENDING
from xenhostgen.sandbox.process import (
    UNLIMITED,
    BuildError,
    Job,
    Limits,
    run,
    run_all,
    started,
    user_environment,
)


def is_running(file: Path) -> bool:
    """Whether the process runs whose id a file holds."""
    status = Path(f"/proc/{file.read_text().strip()}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def shell(script: str) -> list[str]:
    return ["sh", "-c", script]


def test_output_errors_and_status_are_kept_apart(tmp_path: Path) -> None:
    done = run(Job(shell("cat; echo bad >&2; exit 3"), tmp_path, input=b"text\xff"))
    assert (done.status, done.output, done.errors, done.exceeded) == (3, b"text\xff", b"bad\n", "")
    assert done.text == "text\\xff"


def test_errors_go_to_the_output_or_to_a_log(tmp_path: Path) -> None:
    command = shell("echo good; echo bad >&2")
    assert run(Job(command, merge_errors=True)).text == "good\nbad\n"
    assert run(Job(command, log=tmp_path / "log")).output == b""
    assert (tmp_path / "log").read_text() == "good\nbad\n"


def test_only_who_gives_an_environment_passes_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPATH", "/evil")
    command = shell('echo "$CPATH,$OTHER,$LC_ALL"; test -d "$TMPDIR"')
    assert run(Job(command)) == (0, b",,C\n", b"", "")
    assert run(Job(command, environment=user_environment())).output == b"/evil,,C\n"


def test_limits_end_a_program() -> None:
    late = run(Job(shell("sleep 60"), limits=Limits(seconds=0.2)))
    assert (late.status, late.exceeded) == (-9, "takes more than 0.2 seconds")
    loud = run(Job(shell("exec yes"), limits=Limits(output_bytes=5000)))
    assert (len(loud.output), loud.exceeded) == (5000, "gives more than 5000 bytes")
    chatty = run(Job(shell("exec yes >&2"), limits=Limits(seconds=20, message_bytes=5000)))
    outcome = (chatty.status, len(chatty.errors), chatty.exceeded)
    status, *rest = outcome
    assert status in (-signal.SIGKILL, -signal.SIGXFSZ)  # whichever limit is hit first
    assert rest == [5000, "prints more than 5000 bytes of messages"]
    greedy = shell("exec python3 -c 'bytes(1 << 30)'")
    assert run(Job(greedy, limits=Limits(memory_bytes=1 << 28))).status == 1
    assert run(Job(greedy, limits=UNLIMITED)).status == 0


def test_a_compiler_that_takes_too_long_is_said_to() -> None:
    need("gcc", "gcc")
    c = b"int " + b"*" * 60_000 + b"x;\n"
    job = Job(["gcc", "-fsyntax-only", "-x", "c", "-"], limits=Limits(cpu_seconds=1), input=c)
    assert run(job).exceeded == "takes more than 1 seconds"


def test_the_first_failure_is_raised_with_its_messages() -> None:
    failing = Job(shell("echo words >&2; exit 2"))
    with pytest.raises(BuildError, match="words"):
        run_all([Job(["true"]), failing, Job(shell("exit 3"))])
    with pytest.raises(BuildError, match=r"^baking takes more than 0\.1 seconds$"):
        run_all([Job(["sleep", "60"], limits=Limits(seconds=0.1))], "baking")
    with pytest.raises(BuildError, match=r"'no-such-program' is not installed"):
        run(Job(["no-such-program"]))


def test_programs_run_side_by_side() -> None:
    begin = time.monotonic()
    assert run_all([Job(shell(f"sleep 0.5; echo {n}")) for n in range(4)]) == [
        "0\n",
        "1\n",
        "2\n",
        "3\n",
    ]
    assert time.monotonic() - begin < 1.9


def test_nothing_is_left_running(tmp_path: Path) -> None:
    leave = shell("sleep 60 & echo $! >left")
    run(Job(leave, tmp_path))
    deadline = time.monotonic() + 5  # the signal is sent; dying may take it a moment
    while is_running(tmp_path / "left") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(tmp_path / "left")
    with started(Job(["cat"], tmp_path), PIPE, PIPE, DEVNULL) as running:
        process = running.process
        assert process.stdin and process.stdout
        process.stdin.write(b"hello\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"hello\n"
    assert process.returncode == -9


def test_a_program_is_stopped_from_outside() -> None:
    begin = time.monotonic()
    done = run(Job(["sleep", "60"]), stop=lambda: time.monotonic() > begin + 0.3)
    assert (done.status, done.exceeded) == (-9, "")
    assert time.monotonic() - begin < 5


# Each asks for 40 of them, which do nothing: whether that is too many is said by the limits.
CROWDS = {
    "processes": "for n in $(seq 40); do sleep 20 & done; wait",
    "threads": "exec python3 -c 'import threading as t, time\n"
    "for n in range(40): t.Thread(target=time.sleep, args=(20,)).start()'",
}


@pytest.mark.parametrize("kind", sampled(CROWDS))
def test_too_many_processes_end_a_confined_program(kind: str) -> None:
    need("bwrap", "bubblewrap")
    limits = Limits(seconds=3, group_size=30)
    done = run(Job(shell(CROWDS[kind]), Path("/"), limits, view=View()))
    assert done.exceeded == "starts more than 30 processes"
    enough = limits._replace(group_size=60)
    done = run(Job(shell(CROWDS[kind]), Path("/"), enough, view=View()))
    assert done.exceeded == "takes more than 3 seconds"


def test_a_program_that_cannot_be_watched_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    need("bwrap", "bubblewrap")

    def fail(inmate: Inmate, most: int) -> None:
        raise OSError("no")

    monkeypatch.setattr(Inmate, "threads", fail)
    before = len(list(Path("/proc/self/fd").iterdir()))
    done = run(Job(["sleep", "20"], Path("/"), view=View()))
    assert done.exceeded == "can't be watched: no"
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("folder", ["", "bin", ".local/bin"])
def test_a_program_of_the_users_own_shows_nothing_beside_it(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("bwrap", "bubblewrap")
    program = tmp_path / folder / "show"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text('#!/bin/sh\nls "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path))
    secret = program.parent.parent / "secret" if folder else tmp_path / "secret"
    secret.touch()
    done = run(Job([program, program, secret], Path("/"), view=View()))
    assert done.output.decode() == f"{program}\n"
    assert b"No such file" in done.errors


@pytest.mark.parametrize(
    ("output", "complaints"),
    [
        ("./a.c:3:7: error: unknown type 'b'\n note", [("unknown type 'b'", "a.c:3:7", "b")]),
        (
            "a.c:3: fatal error: no\nb.h:1:2: error: nor",
            [("no", "a.c:3", ""), ("nor", "b.h:1:2", "")],
        ),
        ("x.o: undefined reference to `f'\nld: 1", [("undefined reference to 'f'", "", "f")]),
        ("first\nlast\n", [("last", "", "")]),
        ("", [("no reason given", "", "")]),
    ],
)
def test_complaints_have_the_places_and_symbols_that_a_message_names(
    output: str, complaints: list[tuple[str, str, str]]
) -> None:
    read = [
        (text, at.file and str(at), symbol) for text, at, symbol in BuildError(output).complaints()
    ]
    assert read == complaints


def test_a_signal_ends_what_another_thread_waits_for() -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(run, Job(["sleep", "60"]))
        ENDING.set()
        try:
            assert waiting.result(timeout=30).status == -signal.SIGKILL
        finally:
            ENDING.clear()
