# SPDX-License-Identifier: GPL-2.0-only
"""Files are written whole or not at all, only when they differ, and nothing else is touched."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from forked import run_forked
from xenhostgen.api import Refused
from xenhostgen.render.write import alone, write_files
from xenhostgen.sandbox.journal import staging_folder

MINIMAL = Path(__file__).parents[1] / "spec/cases/succ_minimal.yaml"
FILES = {"spec/include/a.h": "a\n", "spec/lib/b.c": "b\n"}
OTHERS = {"spec/include/a.h": "A\n", "spec/lib/b.c": "B\n"}


def put(out: Path, files: dict[str, str] = FILES) -> dict[str, bytes | None]:
    return write_files(out, {name: text.encode() for name, text in files.items()})


def content(out: Path) -> dict[str, str]:
    """Every file below OUT."""
    paths = [path for path in out.rglob("*") if path.is_file()]
    return {str(path.relative_to(out)): path.read_text() for path in paths}


def test_written_once(tmp_path: Path) -> None:
    put(tmp_path)
    assert content(tmp_path) == {"spec/include/a.h": "a\n", "spec/lib/b.c": "b\n"}
    before = (tmp_path / "spec/lib/b.c").stat()
    assert put(tmp_path) == {}
    after = (tmp_path / "spec/lib/b.c").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_only_the_different_file_is_written(tmp_path: Path) -> None:
    put(tmp_path)
    untouched = (tmp_path / "spec/lib/b.c").stat().st_ino
    (tmp_path / "spec/include/a.h").write_text("edited\n")
    assert put(tmp_path) == {"spec/include/a.h": b"edited\n"}
    assert (tmp_path / "spec/lib/b.c").stat().st_ino == untouched
    assert (tmp_path / "spec/include/a.h").read_text() == "a\n"


def test_a_file_is_removed(tmp_path: Path) -> None:
    put(tmp_path)
    assert write_files(tmp_path, {"spec/lib/b.c": None, "absent.c": None}) == {
        "spec/lib/b.c": b"b\n"
    }
    assert content(tmp_path) == {"spec/include/a.h": "a\n"}


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        put(tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / "spec/lib/b.c").stat().st_mode & 0o777 == 0o640


def test_a_replaced_file_keeps_its_permissions_and_its_other_links_their_text(
    tmp_path: Path,
) -> None:
    put(tmp_path)
    path = tmp_path / "spec/lib/b.c"
    path.chmod(0o600)
    (tmp_path / "other").hardlink_to(path)
    put(tmp_path, OTHERS)
    assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "other").read_text() == "b\n"


def test_a_full_disk_leaves_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path)
    old = content(tmp_path)
    real = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if data == b"B\n":
            real(path, data[:1])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Refused, match="cannot be written: No space left on device"):
        put(tmp_path, OTHERS)
    assert content(tmp_path) == old


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_leaves_the_old_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    put(tmp_path)
    old = content(tmp_path)
    real = Path.write_bytes

    def interrupted(path: Path, data: bytes) -> int:
        real(path, data)
        if data == b"B\n":
            raise stop
        return len(data)

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(stop):
        put(tmp_path, OTHERS)
    assert content(tmp_path) == old


def test_what_was_moved_before_an_error_comes_back_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path)
    removed, old = tmp_path / "spec/include/a.h", content(tmp_path)
    removed.chmod(0o640)
    real = Path.replace

    def full(path: Path, target: Path) -> Path:
        if not path.suffix:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        return real(path, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(Refused, match="No space left on device"):
        write_files(tmp_path, {"spec/include/a.h": None, "spec/lib/b.c": b"B\n"})
    assert content(tmp_path) == old
    assert removed.stat().st_mode & 0o777 == 0o640


def file_for_folder(out: Path) -> None:
    (out / "spec").mkdir()
    (out / "spec/include").write_text("a file\n")


def folder_for_file(out: Path) -> None:
    (out / "spec/lib/b.c").mkdir(parents=True)


def file_for_out(out: Path) -> None:
    out.rmdir()
    out.write_text("a file\n")


def link_leads_out(out: Path) -> None:
    (out / "spec").mkdir()
    (out / "spec/include").symlink_to(out.parent)


def link_for_file(out: Path) -> None:
    (out / "spec/lib").mkdir(parents=True)
    (out / "spec/lib/b.c").symlink_to(out.parent / "outside.c")


def dangling_spec_folder(out: Path) -> None:
    (out / "spec").symlink_to(out.parent / "nowhere")


def pipe_for_file(out: Path) -> None:
    (out / "spec/lib").mkdir(parents=True)
    os.mkfifo(out / "spec/lib/b.c")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (file_for_folder, "is a file where a folder must be"),
        (folder_for_file, "is a folder where a file must be"),
        (file_for_out, "is a file where a folder must be"),
        (link_leads_out, "is a symbolic link"),
        (link_for_file, "is a symbolic link"),
        (dangling_spec_folder, "is a symbolic link"),
        (pipe_for_file, "is no regular file"),
    ],
)
def test_odd_places_are_refused(tmp_path: Path, spoil: object, message: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "outside.c").write_text("outside\n")
    assert callable(spoil)
    spoil(out)
    with pytest.raises(Refused, match=message) as caught:
        put(out)
    assert caught.value.problems[0].hint
    assert (tmp_path / "outside.c").read_text() == "outside\n"
    assert not list(tmp_path.rglob("*.tmp"))


# Root may write anywhere, unless it lacks the capability to.
WITHOUT_PRIVILEGE = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []


def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    command = [*WITHOUT_PRIVILEGE, sys.executable, "-m", "xenhostgen", "generate", str(MINIMAL)]
    subprocess.run([*command, "-o", str(tmp_path)], check=True, stdout=subprocess.DEVNULL)
    (source,) = tmp_path.rglob("widget.c")
    source.write_text("old\n")
    source.parent.chmod(0o555)
    try:
        again = [*command, "-o", str(tmp_path)]
        refused = subprocess.run(again, check=False, capture_output=True, text=True)
    finally:
        source.parent.chmod(0o755)
    assert refused.returncode == 2
    assert "the folder can't be written to" in refused.stderr
    assert source.read_text() == "old\n"


KILLED_AT = """\
import os, signal, sys
from pathlib import Path
from xenhostgen.render.write import write_files

calls = 0

def count(event, arguments):
    global calls
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"):
        calls += 1
        if calls == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

files = {"a.h": b"A", "lib/b.c": b"B", "gone.c": None, "new.c": b"new"}
sys.addaudithook(count)
write_files(Path(sys.argv[1]), files)
"""
OLD = {"a.h": "a", "lib/b.c": "b", "gone.c": "g"}
NEW = {"a.h": "A", "lib/b.c": "B", "new.c": "new"}


@pytest.fixture
def killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, int], int]:
    """Write new files over old ones, killed at a step; the exit status."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def kill(out: Path, step: int) -> int:
        out.mkdir()
        put(out, OLD)
        return run_forked(tmp_path, (out, step), program=KILLED_AT).returncode

    return kill


def test_a_kill_at_any_step_leaves_all_or_nothing(
    tmp_path: Path, killed: Callable[[Path, int], int]
) -> None:
    outcomes = []
    for step in range(1, 1000):
        out = tmp_path / str(step)
        status = killed(out, step)
        with alone(out):
            pass
        assert content(out) in (OLD, NEW), step
        outcomes.append(content(out) == NEW)
        if status == 0:
            break
    assert status == 0
    assert outcomes == sorted(outcomes)  # none of them up to a step, and all of them from there on
    assert set(outcomes) == {False, True}
    assert not [path for path in (tmp_path / "state").rglob("*") if path.is_file()]


@pytest.mark.thorough
def test_what_was_edited_since_a_kill_is_kept(
    tmp_path: Path, killed: Callable[[Path, int], int]
) -> None:
    for step in range(1, 1000):
        out = tmp_path / str(step)
        if killed(out, step) == 0:
            break
        (out / "lib/b.c").write_text("precious")
        with alone(out) as lines:
            pass
        assert (out / "lib/b.c").read_text() == "precious"
        assert bool(lines) == any("edited since" in line for line in lines)


def test_what_another_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    with staging_folder(tmp_path) as (folder, record):
        record([["0", "a.h", None, "digest"]])
        with alone(tmp_path) as lines:
            assert not lines
        assert folder.is_dir()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_somebody_made_is_no_journal(tmp_path: Path) -> None:
    folder = tmp_path / "tree/.xenhostgen-evil"
    folder.mkdir(parents=True)
    (folder / "journal").write_text('{".git/hooks/pre-commit": true}')
    (folder / "new-0").write_text("evil")
    put(tmp_path / "tree")
    assert not (tmp_path / "tree/.git").exists()
    assert (folder / "new-0").read_text() == "evil"
