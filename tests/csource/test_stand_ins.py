# SPDX-License-Identifier: GPL-2.0-only
"""Each stand-in for a kernel header has what that header has, in the kernels that we build in."""

import re
from pathlib import Path

import pytest

from xenhostgen.csource.preprocess import SHIM

TREES = sorted((Path(__file__).parents[2] / ".cache").glob("linux-source-*"))
HEADERS = sorted(str(path.relative_to(SHIM)) for path in SHIM.glob("*/*.h"))
FOLDERS = ("include", "include/uapi", "arch/x86/include", "arch/x86/include/uapi")
DEFINED = re.compile(r"^#define (\w+)|^static inline .*?(\w+)\(|^typedef .*?(\w+);", re.M)

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not TREES, reason="no kernel tree; run: make kernel-source"),
    pytest.mark.parametrize("tree", TREES, ids=lambda path: path.name),
]


def closure(tree: Path, header: str) -> str:
    """The text of a header and of all that it includes; what a build generates is missing."""
    texts: dict[Path, str] = {}
    wanted = [header]
    while wanted:
        name = wanted.pop()
        # What an architecture doesn't have, a build takes from asm-generic.
        names = {name, re.sub("^asm/", "asm-generic/", name)}
        for file in (tree / folder / name for folder in FOLDERS for name in names):
            if file.is_file() and file not in texts:
                texts[file] = file.read_text(errors="replace")
                wanted += re.findall(r"^[ \t]*#[ \t]*include[ \t]*<(.*?)>", texts[file], re.M)
    return "\n".join(texts.values())


@pytest.mark.parametrize("header", HEADERS)
def test_the_kernel_has_it(header: str, tree: Path) -> None:
    text = (SHIM / header).read_text()
    names = {name for groups in DEFINED.findall(text) for name in groups if name}
    names = {name for name in names if not name.lower().startswith("shim_")}
    kernel = closure(tree, header)
    if not kernel and header == "linux/array_size.h":  # 6.1 has that in linux/kernel.h
        kernel = closure(tree, "linux/kernel.h")
    known = set(re.findall(r"\w+", kernel))
    assert not sorted(names - known)
