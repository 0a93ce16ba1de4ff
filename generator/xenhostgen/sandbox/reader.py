# SPDX-License-Identifier: GPL-2.0-only
"""Programs of ours that read what a stranger wrote: confined, and within limits.

A ``Reader`` has functions of ours called in a program of its own, which this module is, too. What
it asks is ours, so it is pickled; the answers aren't trusted, so they are JSON, to be checked.
"""

import json
import pickle
import signal
import site
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from xenhostgen.sandbox.confinement import View
from xenhostgen.sandbox.process import BuildError, Job, Limits, started

LIMITS = Limits(cpu_seconds=10, output_bytes=64 << 20, memory_bytes=1 << 30)
"""Of all answers about one tree together."""
_PACKAGE = Path(__file__).parents[1]
# An isolated interpreter leaves out what 'pip install' puts there for a user or a PYTHONPATH.
_SITES = (_PACKAGE.parent, *([Path(site.getusersitepackages())] if site.ENABLE_USER_SITE else []))
_OWN = (Path(sys.base_prefix), Path(sys.prefix))
_START = "import runpy, site, sys; *sites, module = sys.argv[1:]; [*map(site.addsitedir, sites)]; "
_START += "runpy.run_module(module, run_name='__main__', alter_sys=True)"
_NONSENSE = "what reads it gives an answer that makes no sense"
_OUT_OF_TIME = 128 + signal.SIGXCPU  # as bubblewrap says it
_OUT_OF_MEMORY = b"out of memory\n"


@contextmanager
def reader(readable: Sequence[Path] = ()) -> Iterator["Reader"]:
    """A program that runs while the block does, and sees some folders.

    It ends with the thread that enters the block, too: bubblewrap takes that for its parent.
    """
    command = [sys.executable, "-I", "-B", "-c", _START, *map(str, _SITES), __name__]
    job = Job(command, Path("/"), LIMITS, view=View((*_OWN, *_SITES, *readable)))
    with started(job, subprocess.PIPE, subprocess.PIPE, subprocess.DEVNULL) as running:
        yield Reader(running.process)


class Reader:
    """The program, which can be asked."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process, self.lock = process, Lock()
        self.has_failed = False

    def ask(self, function: Callable[..., object], *arguments: object) -> Any:
        """What a function of a module returns, unchecked. Raises BuildError where that does.

        Where the program fails that is raised for all questions after that, too.
        """
        with self.lock:
            if self.has_failed:
                raise BuildError("not read: reading another file of the tree has failed")
            self.has_failed = True
            try:
                answer, refusal = json.loads(self._answer((function, *arguments)))
            except (ValueError, TypeError, RecursionError) as error:
                raise BuildError(_NONSENSE) from error
            self.has_failed = False
        if refusal:
            raise BuildError(str(refusal))
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
            raise BuildError(
                f"to read it needs more than {(LIMITS.memory_bytes or 0) >> 20} MiB of memory"
            )
        if not answer and process.wait() == _OUT_OF_TIME:
            raise BuildError(f"to read it takes more than {LIMITS.cpu_seconds} seconds")
        if not answer.endswith(b"\n"):
            raise BuildError("what reads it ends before it has an answer")
        return answer


def _serve() -> None:
    """Answer a reader's questions in its program: a result, or why there is none."""
    while True:
        try:
            function, *arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            text = json.dumps([function(*arguments), ""]).encode() + b"\n"
        except BuildError as error:
            text = json.dumps([None, str(error)]).encode() + b"\n"
        except MemoryError:
            text = _OUT_OF_MEMORY
        except Exception:  # a stranger's file can trip a library anywhere
            text = b"[null, null]\n"
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve()
