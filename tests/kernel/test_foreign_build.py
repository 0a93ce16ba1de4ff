# SPDX-License-Identifier: GPL-2.0-only
"""A stranger's kernel, whose makefile attacks what xenhostgen does beside its build."""

import shutil
from pathlib import Path

import pytest

from tools import need
from xenhostgen.api import Refused
from xenhostgen.extensions.kernel_tree.build import Scratch
from xenhostgen.extensions.kernel_tree.kernels import Kernel

HERE = Path(__file__).parent
FILES = ["arch/toy/big.c"]
KERNEL = Kernel("toy", "CONFIG_XEN=y\n")


def scratch_with(tmp_path: Path, recipe: str) -> Scratch:
    """A build of a kernel whose makefile has a recipe for everything."""
    need("bwrap", "bubblewrap")
    tree = Path(shutil.copytree(HERE / "tree", tmp_path / "tree"))
    with (tree / "Makefile").open("a") as makefile:
        makefile.write(f"\n.PHONY: arch/toy/\nallnoconfig prepare arch/toy/:\n\t{recipe}\n")
    return Scratch(tree, tmp_path / "work", FILES, KERNEL)


def test_no_link_takes_the_place_of_a_log(tmp_path: Path) -> None:
    scratch = scratch_with(tmp_path, "ln -sf $(abspath $(O)/../../mine) $(O)/../new.config")
    done = scratch.make("prepare")
    assert done.status
    assert "Read-only file system" in done.text
    assert not (scratch.work / "new.config").is_symlink()


def test_no_object_of_another_folder_is_removed(tmp_path: Path) -> None:
    object_file = tmp_path / "mine/toy/big.o"
    object_file.parent.mkdir(parents=True)
    object_file.write_text("mine")
    scratch = scratch_with(tmp_path, "ln -sfn $(abspath $(O)/../../../mine) $(O)/arch")
    assert not scratch.make("prepare").status
    assert (scratch.objects / "arch").readlink() == tmp_path / "mine"
    scratch.log({FILES[0]: b"int big;\n"})
    assert object_file.read_text() == "mine"


@pytest.mark.parametrize("place", ["ln -sf /dev/zero $(O)/.config", "mkfifo $(O)/.config"])
def test_a_configuration_that_never_ends_is_refused(place: str, tmp_path: Path) -> None:
    scratch = scratch_with(tmp_path, f"test -e $(O)/.config || {place}")
    with pytest.raises(Refused, match=r"\.config"):
        scratch.configure()
