# SPDX-License-Identifier: GPL-2.0-only
"""What many variants of one tree have in common, compiled and parsed once.

For whoever judges variants one after another, such as mutants: they differ in a file or two.
"""

import hashlib
from pathlib import Path

from xenhostgen.csource.facts import Facts
from xenhostgen.spec.model import Interface


class Store:
    """Objects and facts of one spec's files, by what they were made from.

    Variants may differ in the files that the spec names, and in no other.
    """

    def __init__(self, spec: Interface, folder: Path) -> None:
        self.headers = (spec.header.file, spec.predicates.file)
        self.folder = folder
        self.facts: dict[str, Facts] = {}

    def key(self, tree: Path, source: Path, *words: str) -> str:
        """A text that differs when the file, a header of the spec's or a word does."""
        digest = hashlib.sha256("\0".join(words).encode())
        for file in (source, *(tree / header for header in self.headers)):
            content = file.read_bytes() if file.is_file() else b"missing"
            digest.update(b"%d " % len(content) + content)
        return digest.hexdigest()

    def object(self, key: str, name: str) -> Path:
        """Where an object is kept, whether it is there or not."""
        return self.folder / f"{key}-{name}"
