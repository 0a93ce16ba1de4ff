# SPDX-License-Identifier: GPL-2.0-only
"""What once failed under fuzzing doesn't any more, and the fuzzer sees what fails."""

from pathlib import Path

import pytest
from targets import TARGETS, Fault, run

import fuzz
from tools import need

CASES = sorted(file for name in TARGETS for file in (Path(__file__).parent / name).glob("*"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_mended(case: Path) -> None:
    target, _ = TARGETS[case.parent.name]
    assert not fuzz.survives(target, case.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_has_inputs_to_begin_with(name: str) -> None:
    _, files = TARGETS[name]
    assert len(files) >= 3


def raise_error(data: bytes) -> None:
    raise ValueError(data)


def never_end(data: bytes) -> None:
    while data:
        pass


def fill_memory(data: bytes) -> None:
    len(data * 2 * fuzz.MEMORY_MAX)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (raise_error, "ValueError: b'x'"),
        (never_end, "takes more than"),
        (fill_memory, "MemoryError"),
        (lambda data: None, ""),
    ],
)
def test_failures_are_seen(target: object, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "SECONDS_MAX", 0.5)
    message = fuzz.survives(target, b"x")  # type: ignore[arg-type]
    assert message.startswith(reason)
    assert bool(message) == bool(reason)


def test_what_inputs_came_to_is_counted() -> None:
    tally = fuzz.Tally()
    target, _ = TARGETS["spec"]
    for data in (b"interface: [", b""):
        assert not fuzz.survives(target, data, tally)
    assert (tally.runs, tally.statuses) == (2, {"2": 2})
    assert 0 < tally.slowest < fuzz.SECONDS_MAX
    assert 1 << 20 < tally.peak_bytes < fuzz.MEMORY_MAX
    assert str(tally).startswith("2 inputs, exit statuses 2 x 2, slowest 0.")


def test_a_right_header_is_found_right() -> None:
    need("gcc", "gcc")
    tally = fuzz.Tally()
    target, files = TARGETS["tree"]
    assert not fuzz.survives(target, files[0].read_bytes(), tally)
    assert set(tally.statuses) < {"0", "1"}


def test_an_internal_error_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def main(words: list[str]) -> int:
        raise SystemExit(3)

    monkeypatch.setattr("xenhostgen.cli.main", main)
    with pytest.raises(Fault, match="status 3"):
        run("lint", "any.yaml")
