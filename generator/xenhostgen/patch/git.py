# SPDX-License-Identifier: GPL-2.0-only
"""The git command: it makes, applies and sends what we place."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from xenhostgen.spec.source import Problem, Refused


class GitFailure(Refused):
    """Git refused; ``said`` is what it wrote on stderr."""

    def __init__(self, command: str, said: str) -> None:
        self.said = said.strip()
        super().__init__([Problem("git", self.said.split("\n")[0], f"git {command}")])


def git(folder: Path, *arguments: str, fine: tuple[int, ...] = (0,), given: Mapping[str, str] | None = None) -> str:
    """What git prints when run in a folder, without a look for repositories above it.

    Raises ``GitFailure`` unless it exits with one of the ``fine`` codes.
    """
    around = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.resolve().parent), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=around | dict(given or {}), capture_output=True, check=False
        )
    except FileNotFoundError:
        raise GitFailure(arguments[0], "the command is not installed") from None
    if done.returncode not in fine:
        raise GitFailure(arguments[0], done.stderr.decode(errors="replace") or f"exit status {done.returncode}")
    return done.stdout.decode(errors="surrogateescape")
