# SPDX-License-Identifier: GPL-2.0-only
"""What the headers of a kernel tree declare, as far as a spec asks for it."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from xenhostgen.csource.tokens import includes
from xenhostgen.extensions.kernel_tree.patching import Reader
from xenhostgen.extensions.patches.lift_c import Piece, pieces
from xenhostgen.spec.source import Refused

_WORD = re.compile(r"\W")
_BYTES_MAX = 2 << 20  # that are read; what is asked for stands in a header near by


class KernelHeaders:
    """C files and the headers that they include, read no further than to what is asked for."""

    def __init__(self, read: Reader, files: Sequence[str]) -> None:
        self._read = read
        self._paths = dict.fromkeys(files)  # in the order in which they are found
        self._texts: dict[str, str] = {}
        self._read_bytes = 0
        arches = dict.fromkeys(path.split("/")[1] for path in files if path.startswith("arch/"))
        tops = [*(f"arch/{name}/include" for name in arches), "include"]
        self._folders = [*tops, *(f"{top}/uapi" for top in tops)]

    def find(self, name: str, *kinds: str) -> Piece | None:
        """The first declaration of a name that is of one of these kinds, or the enum it is in."""
        for text in self._all():
            if not re.search(rf"\b{name}\b", text):
                continue
            for piece in (piece for piece in pieces(text) if piece.kind in kinds):
                values = piece.inner if piece.kind == "enum" else ()
                if name in (piece.name, *(_WORD.split(value.code)[0] for value in values)):
                    return piece
        return None

    def _all(self) -> Iterator[str]:
        """The text of each file, the nearest first."""
        paths = list(self._paths)
        for path in paths:
            if path not in self._texts and self._read_bytes < _BYTES_MAX:
                paths += self._open(path)
            if path in self._texts:
                yield self._texts[path]

    def _open(self, path: str) -> list[str]:
        """Read a file that may be there; where headers may be that it includes first of all."""
        try:
            content = self._read(path)
        except Refused:  # too large, or no file at all: a header that says nothing
            content = None
        if content is None:
            self._texts[path] = ""
            return []
        self._read_bytes += len(content)
        text = self._texts[path] = content[:_BYTES_MAX].decode(errors="replace")
        known = {*self._paths}
        for include in includes(text):
            for folder in (PurePath(path).parent, *self._folders):
                self._paths[f"{folder}/{include.header[1:-1]}"] = None
        return [header for header in self._paths if header not in known]
