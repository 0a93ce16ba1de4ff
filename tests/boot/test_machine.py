# SPDX-License-Identifier: GPL-2.0-only
"""Machines that come to their end, and that don't; scripts stand for them."""

from pathlib import Path

import pytest

from xenhostgen.api import Refused
from xenhostgen.extensions.boot import console
from xenhostgen.extensions.boot.run import Lab

SILENT = "sleep 60"
TALKING = "while sleep 0.1; do echo on >>consoles/guest.log; done"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "SILENT_SECONDS", 0.5)
    monkeypatch.setattr(console, "WAKE_SECONDS", 0.2)


def shown(folder: Path, script: str, seconds: float = 20) -> tuple[str, list[str]]:
    """A machine's console, and the progress. The script counts its runs in ``runs``."""
    (folder / "consoles").mkdir()
    messages: list[str] = []
    lab = Lab(folder, "6.12", False, messages.append)
    command = ["sh", "-c", f"echo >>runs; {script}"]
    return lab._shown(command, "guest", seconds, b"the end"), messages


def test_it_is_ended_at_its_last_words(tmp_path: Path) -> None:
    assert shown(tmp_path, "echo the end >consoles/guest.log; sleep 60") == ("the end\n", [])


@pytest.mark.parametrize(("stands_still", "seconds"), [(SILENT, 20), (TALKING, 0.7)])
def test_what_stands_still_once_is_started_again(
    stands_still: str, seconds: float, tmp_path: Path
) -> None:
    script = (
        f"echo begin >consoles/guest.log; [ $(wc -l <runs) = 1 ] && {stands_still};"
        " echo the end >>consoles/guest.log"
    )
    assert shown(tmp_path, script, seconds) == (
        "begin\nthe end\n",
        ["booting guest once more, as it comes to no end"],
    )


def test_what_stands_still_twice_is_told_as_far_as_it_came(tmp_path: Path) -> None:
    text, messages = shown(tmp_path, f"echo begin >consoles/guest.log; {SILENT}")
    assert (text, len(messages), (tmp_path / "runs").read_text()) == ("begin\n", 1, "\n\n")


def test_what_talks_takes_its_time(tmp_path: Path) -> None:
    script = (
        "for i in 1 2 3 4 5; do sleep 0.3; echo on >>consoles/guest.log; done;"
        " echo the end >>consoles/guest.log"
    )
    assert shown(tmp_path, script) == ("on\n" * 5 + "the end\n", [])


def test_what_sleeps_is_woken(tmp_path: Path) -> None:
    assert shown(tmp_path, "head -c 1 >key; echo the end >consoles/guest.log") == ("the end\n", [])


def test_what_goes_off_is_not_started_again(tmp_path: Path) -> None:
    assert shown(tmp_path, "echo begin >consoles/guest.log") == ("begin\n", [])


def test_what_shows_nothing_is_refused_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no such machine"):
        shown(tmp_path, "echo no such machine; exit 1")
