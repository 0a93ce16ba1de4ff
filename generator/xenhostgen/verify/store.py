# SPDX-License-Identifier: GPL-2.0-only
"""What is kept of one judged tree for the next one of the same spec."""

import hashlib
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from xenhostgen.csource.debug_info import Unit
from xenhostgen.csource.facts import Facts
from xenhostgen.sandbox.files import read_file
from xenhostgen.sandbox.process import Complaint
from xenhostgen.spec.model import Interface
from xenhostgen.verify.driver import Answer, Program


class Reading(NamedTuple):
    """What a file declares, and what a compiler understood of it; none of that where it fails."""

    facts: Facts = ()
    unit: Unit | None = None
    complaints: tuple[Complaint, ...] = ()
    """Why it can't be parsed, or else why it can't be compiled."""


class Store:
    """Objects and declarations of one spec's trees, kept by what they were made from.

    Variants of a tree that are judged one after another, such as mutants, share what they have in
    common. They differ in files that the spec names.
    """

    def __init__(self, spec: Interface, folder: Path) -> None:
        self.headers = (spec.header.file, spec.predicates.file)
        self.folder = folder
        self.lock, self.oracle_lock = Lock(), Lock()
        self.readings: dict[str, Reading] = {}
        self.due: dict[str, Unit] = {}
        """What each compiler understands of what is due."""
        self.glue = ""
        """What the judged files are run by."""
        self.oracles: dict[tuple[str, ...], Program] = {}
        """What does what is due, by the options that are off."""
        self.answers: dict[tuple[str, ...], dict[str, Answer]] = {}
        """What that has answered to each call."""

    def key(self, tree: Path, source: Path, *words: str) -> str:
        """A text that differs when the file, a header of the spec's or a word does."""
        digest = hashlib.sha256("\0".join(words).encode())
        for file in (source, *(tree / header for header in self.headers)):
            folder = tree if file.is_relative_to(tree) else file.parent
            content = read_file(folder, str(file.relative_to(folder)))
            content = b"missing" if content is None else content
            digest.update(b"%d " % len(content) + content)
        return digest.hexdigest()
