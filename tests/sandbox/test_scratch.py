# SPDX-License-Identifier: GPL-2.0-only
"""Where scratch folders and the user's state lie, and that what others put there is refused."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from xenhostgen.sandbox.scratch import scratch_folder, state_folder, sweep, temporary


@pytest.fixture(autouse=True)
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("state", "folder"),
    [
        ("TMP/state", "state/xenhostgen"),
        ("", "home/.local/state/xenhostgen"),
        ("relative", "home/.local/state/xenhostgen"),
        ("/dev/null", f".xenhostgen-{os.geteuid()}-state"),
    ],
)
def test_state_is_kept_in_the_first_folder_that_can_be_written_to(
    state: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", state.replace("TMP", str(tmp_path)))
    assert state_folder() == tmp_path / folder
    assert (tmp_path / folder).stat().st_mode & 0o777 == 0o700


def test_temporary_files_go_to_tmp_where_their_own_folder_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TMPDIR", "/nowhere")
    assert temporary() == Path("/tmp")


@pytest.mark.parametrize("prepare", [Path.touch, lambda path: path.symlink_to("/usr")])
def test_what_is_no_folder_of_ours_is_refused(
    prepare: Callable[[Path], None], tmp_path: Path
) -> None:
    prepare(tmp_path / f".xenhostgen-{os.geteuid()}")
    with pytest.raises(PermissionError, match="somebody else's"), scratch_folder():
        pass


def test_what_is_in_use_is_not_swept_away() -> None:
    with scratch_folder() as folder:
        sweep()
        assert folder.is_dir()
