# SPDX-License-Identifier: GPL-2.0-only
"""Programs of ours that read what a stranger wrote: confined, and within limits.

A module ends in ``serve(answer)``. A ``Reader`` runs it and asks it: the questions are ours, so
they are pickled; the answers aren't trusted, so they are JSON, which whoever asks has to check.
"""

import json
import pickle
import signal
import site
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Any

from xenhostgen.sandbox.confinement import View
from xenhostgen.sandbox.process import BuildError, Job, LimitHit, Limits, started

LIMITS = Limits(cpu_seconds=10, output_bytes=64 << 20, memory_bytes=1 << 30)
"""Of all answers about one tree together."""
_PACKAGE = Path(__file__).parents[1]
# An isolated interpreter leaves out what 'pip install' puts there for a user or a PYTHONPATH.
_SITES = (_PACKAGE.parent, *([Path(site.getusersitepackages())] if site.ENABLE_USER_SITE else []))
_OWN = (Path(sys.base_prefix), Path(sys.prefix))
_START = "import runpy, site, sys; *sites, module = sys.argv[1:]; [*map(site.addsitedir, sites)]; "
_START += "runpy.run_module(module, run_name='__main__', alter_sys=True)"
_OUT_OF_TIME = 128 + signal.SIGXCPU  # as bubblewrap says it
_OUT_OF_MEMORY = b"out of memory\n"


class Reader:
    """A module that runs as a program of its own while the block does.

    It ends with the thread that enters the block, too: bubblewrap takes that for its parent.
    """

    def __init__(self, module: str, readable: Sequence[Path] = ()) -> None:
        command = [sys.executable, "-I", "-B", "-c", _START, *map(str, _SITES), module]
        view = View((*_OWN, *_SITES, *readable))
        self.job = Job(command, Path("/"), LIMITS, view=view)
        self.lock, self.stack = Lock(), ExitStack()
        self.has_failed = False

    def __enter__(self) -> "Reader":
        streams = (subprocess.PIPE, subprocess.PIPE, subprocess.DEVNULL)
        self.process = self.stack.enter_context(started(self.job, *streams)).process
        return self

    def __exit__(self, *error: object) -> None:
        self.stack.close()

    def ask(self, *question: object) -> Any:
        """The answer, unchecked. Raises BuildError, also for all questions after that."""
        with self.lock:
            if self.has_failed:
                raise BuildError("not read: reading another file of the tree has failed")
            self.has_failed = True
            try:
                answer = json.loads(self._answer(question))
            except (ValueError, RecursionError) as error:
                raise BuildError("what reads it gives an answer that makes no sense") from error
            self.has_failed = False
            return answer

    def _answer(self, question: object) -> bytes:
        process = self.process
        assert process.stdin
        assert process.stdout
        try:
            pickle.dump(question, process.stdin)
            process.stdin.flush()
            answer = process.stdout.readline(LIMITS.output_bytes or -1)
        except BrokenPipeError:
            answer = b""
        if answer == _OUT_OF_MEMORY:
            raise LimitHit(
                f"to read it needs more than {(LIMITS.memory_bytes or 0) >> 20} MiB of memory"
            )
        if not answer and process.wait() == _OUT_OF_TIME:
            raise LimitHit(f"to read it takes more than {LIMITS.cpu_seconds} seconds")
        if not answer.endswith(b"\n"):
            raise BuildError("what reads it ends before it has an answer")
        return answer


def serve(answer: Callable[..., object]) -> None:
    """Answer a reader's questions, in the program that it runs; null where that fails."""
    while True:
        try:
            question = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            text = json.dumps(answer(*question)).encode() + b"\n"
        except MemoryError:
            text = _OUT_OF_MEMORY
        except Exception:  # a stranger's file can trip a library anywhere
            text = b"null\n"
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
