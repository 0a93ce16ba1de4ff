# SPDX-License-Identifier: GPL-2.0-only
"""Run the command in a process of its own that needn't import anything first.

One process for all tests has imported the command and runs nothing itself: each run is a fork of
it, with a current folder, an environment and streams of its own. What depends on how the
interpreter starts (PYTHON… and the locale in the environment) needs one of its own.
"""

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

_SECONDS_MAX = 60
COMMAND = "from xenhostgen.__main__ import main; main()"


def run_forked(
    folder: Path,
    arguments: Sequence[object],
    environment: Mapping[str, str] = os.environ,
    stdin: bytes = b"",
    program: str = COMMAND,
) -> subprocess.CompletedProcess[str]:
    """Run the command, or a program in Python, in a folder.

    The exit status is negative for a signal; what is printed is UTF-8.
    """
    server = _server()
    assert server.stdin and server.stdout
    with TemporaryDirectory() as name:
        streams = [Path(name, stream) for stream in ("stdin", "stdout", "stderr")]
        streams[0].write_bytes(stdin)
        words = [*map(str, arguments)]
        request = (program, str(folder.absolute()), dict(environment), words, [*map(str, streams)])
        server.stdin.write(f"{json.dumps(request)}\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        outputs = (stream.read_text(encoding="utf-8") for stream in streams[1:])
        return subprocess.CompletedProcess(words, status, *outputs)


@cache
def _server() -> subprocess.Popen[str]:
    """The process that forks, which ends with this one; a signal to this one isn't meant for it."""
    command = [sys.executable, __file__]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True)


def _serve() -> None:
    """Fork for each request, and answer with the exit status of the fork."""
    from xenhostgen.commands import COMMANDS, command_module

    for command in COMMANDS:
        command_module(command, "xenhostgen")
    gc.freeze()  # what is collected in a fork would be copied first
    for request in sys.stdin:
        if child := os.fork():
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
        else:
            _run(*json.loads(request))


def _run(
    program: str, folder: str, environment: dict[str, str], words: list[str], streams: list[str]
) -> None:
    signal.alarm(_SECONDS_MAX)
    for number, stream in enumerate(streams):
        os.dup2(os.open(stream, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["xenhostgen", *words]
    exec(program, {"__name__": "__main__"})
    sys.exit()  # else the fork would wait for requests, too


if __name__ == "__main__":
    _serve()
