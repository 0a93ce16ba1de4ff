# SPDX-License-Identifier: GPL-2.0-only
"""What a terminal shows while ``verify`` works, and when it has ended."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import need
from xenhostgen.report.terminal import progress, styled

FOLDER, SMALL = Path(__file__).parents[1] / "verify", "succ_pair.yaml"
WIDTH = 40
VERIFY = [sys.executable, "-m", "xenhostgen", "verify", "--level", "parse", "--cc", "gcc"]


def on_a_terminal(*arguments: str, term: str = "xterm", is_piped: bool = False) -> str:
    """What a terminal gets from ``verify``: all of its output, or that beside a pipe."""
    need("gcc", "gcc")
    terminal, end = pty.openpty()
    environment = os.environ | {"TERM": term, "COLUMNS": str(WIDTH)}
    stdout = subprocess.PIPE if is_piped else end
    with subprocess.Popen(
        [*VERIFY, *arguments], cwd=FOLDER, env=environment, stdin=end, stdout=stdout, stderr=end
    ) as process:
        os.close(end)
        received = b""
        while True:
            try:
                received += os.read(terminal, 4096)
            except OSError:  # how a terminal ends on Linux
                break
        process.communicate()
    os.close(terminal)
    return received.decode()


def screen(received: str) -> list[str]:
    """The lines that a terminal shows after what it received."""
    lines = [""]
    for part in re.split(r"(\r\n|\r\x1b\[K)", re.sub(r"\x1b\[\d*m", "", received)):
        if part == "\r\n":
            lines.append("")
        elif part.startswith("\r"):
            lines[-1] = ""
        else:
            lines[-1] += part
    return lines


def test_progress_is_shown_and_goes() -> None:
    received = on_a_terminal(SMALL)
    shown = [part for part in received.split("\r\x1b[K") if part.startswith(f"{SMALL}: p")]
    assert shown
    assert all(len(part) < WIDTH for part in shown)
    lines = screen(received)
    assert lines[-1] == ""
    assert not [line for line in lines if "…" in line or "\x1b" in line]


def test_progress_fits_the_width(tmp_path: Path) -> None:
    spec = tmp_path / f"{'long' * 20}.yaml"
    spec.write_text((FOLDER / SMALL).read_text())
    shown = on_a_terminal(str(spec), "--unconfined").split("\r\x1b[K")
    assert max(len(part) for part in shown if "\n" not in part) == WIDTH - 1


@pytest.mark.parametrize("options", [{"term": "dumb"}, {"is_piped": True}])
def test_no_progress_where_it_would_stay(options: dict[str, object]) -> None:
    received = on_a_terminal(SMALL, **options)  # type: ignore[arg-type]
    assert "…" not in received
    assert "\x1b" not in received
    assert "verified" in received or options.get("is_piped")


@pytest.mark.parametrize(
    ("log_seconds", "shown"), [((10,), ["x: 12 …", "x: 25 …"]), ((), [])], ids=["a log", "none"]
)
def test_a_log_has_progress_now_and_then(
    log_seconds: tuple[float, ...],
    shown: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    show = progress("x", *log_seconds)
    for second in (0, 5, 12, 13, 21, 25):
        clock[0] = second
        show(str(second))
    monkeypatch.undo()
    assert capsys.readouterr().err.splitlines() == shown


@pytest.mark.parametrize(
    ("term", "no_color", "shown"),
    [("xterm", "", "\x1b[2mx\x1b[0m"), ("xterm", "1", "x"), ("dumb", "", "x")],
)
def test_colour_is_for_terminals_whose_user_wants_it(
    term: str, no_color: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("NO_COLOR", no_color)
    terminal, end = pty.openpty()
    with os.fdopen(terminal), os.fdopen(end, "w") as stream:
        assert styled("x", "dim", stream) == shown
