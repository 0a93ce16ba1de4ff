# SPDX-License-Identifier: GPL-2.0-only
"""Files of strangers: what isn't one, has no end or is too long is named, and nothing waits."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from xenhostgen.sandbox.files import UnreadableFile, blocking, read_file, read_given


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_file(tmp_path, "file", 5) == b"12345"
    assert read_given(tmp_path / "file", 5) == b"12345"
    assert read_given(tmp_path / "none") is None
    with pytest.raises(UnreadableFile, match="is larger than 4 bytes"):
        read_given(tmp_path / "file", 4)


def test_a_folder_may_be_missing_but_no_link_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nothing")
    assert read_file(tmp_path, "none/file") is None
    with pytest.raises(UnreadableFile, match="is a link to nothing"):
        read_file(tmp_path, "link/file")


def test_a_file_that_says_no_size_is_limited_too() -> None:
    assert Path("/proc/self/smaps").stat().st_size == 0
    with pytest.raises(UnreadableFile, match="is larger than 10 bytes"):
        read_given(Path("/proc/self/smaps"), 10)


PIPED = """\
import sys
from pathlib import Path
from xenhostgen.sandbox.files import UnreadableFile, read_given
try:
    print(read_given(Path(sys.argv[1]), 5))
except UnreadableFile as error:
    print(error)
"""


@pytest.mark.parametrize("path", ["/dev/stdin", "/dev/fd/0"])
@pytest.mark.parametrize(
    ("text", "message"), [(b"12345", "b'12345'"), (b"123456", "is larger than")]
)
def test_what_is_piped_is_read_up_to_the_limit(path: str, text: bytes, message: str) -> None:
    command = [sys.executable, "-c", PIPED, path]
    printed = subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True).stdout
    assert printed.decode().startswith(message)


@pytest.mark.parametrize("path", ["pipe", "nul\0l", "/dev/zero"])
def test_nothing_waits(path: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableFile):
        read_given(tmp_path / path)


def test_what_blocks_is_found_wherever_it_is(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/file").touch()
    (tmp_path / "a/up").symlink_to("..")
    assert not list(blocking(tmp_path))
    os.mkfifo(tmp_path / "a/b/pipe")
    (tmp_path / "link").symlink_to("a/b/pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    names = {str(path.relative_to(tmp_path)) for path in blocking(tmp_path)}
    assert names == {"a/b/pipe", "link", "null"}


def test_the_log_of_the_kernel_ends() -> None:
    begin = time.monotonic()
    with suppress(UnreadableFile):
        read_given(Path("/proc/kmsg"))
    assert time.monotonic() - begin < 2


WRITING = """\
from xenhostgen.sandbox.scratch import scratch_folder, sweep

for _ in range(300):
    sweep()
    with scratch_folder() as folder:
        (folder / "file").touch()
"""


def test_scratch_folders_come_and_go_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    command = [sys.executable, "-c", WRITING]
    running = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait() for process in running] == [0, 0, 0, 0]
    assert not list(tmp_path.iterdir())
