# SPDX-License-Identifier: GPL-2.0-only
"""Ordinary patches beside an interface: random edits of a kernel's files, carried to the byte."""

import random
from pathlib import Path

import pytest
from test_shapes import interface

from xenhostgen.api import load_text
from xenhostgen.extensions.kernel_tree.carry import carry_path
from xenhostgen.extensions.kernel_tree.patching import difference
from xenhostgen.extensions.kernel_tree.placing import placed_alone, placed_in
from xenhostgen.extensions.patches.lift import lift
from xenhostgen.extensions.patches.yaml_writer import write_yaml

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "kernel" / "tree"
KERNEL = ROOT / ".cache" / "linux-source-6.1"
FOLDERS = ("arch/x86/xen", "drivers/xen", "drivers/xen/xenbus", "kernel/irq", "lib")
PATCHES = 300
ROUND = 10  # ordinary patches beside one interface


def edited(text: bytes, chance: random.Random) -> bytes:
    """A file with some of its lines dropped, doubled, moved or changed."""
    lines = text.split(b"\n")
    for _ in range(chance.randint(1, 6)):
        row, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                del lines[row : row + chance.randint(1, 5)]
            case 1:
                lines[row:row] = lines[other : other + 5]
            case 2:
                lines[row], lines[other] = lines[other], lines[row]
            case _:
                lines[row] = lines[row].replace(b"xen", b"zen") + b" "
        lines = lines or [b""]
    return b"\n".join(lines)


@pytest.mark.kernel
@pytest.mark.parametrize("templates", ["rfc", "kernel"])
def test_random_edits_of_a_kernel_are_carried(templates: str, tmp_path: Path) -> None:
    """300 patches: none crashes, no byte is lost, and the interface is lifted beside them."""
    if not KERNEL.is_dir():
        pytest.skip(f"needs {KERNEL}")
    sources = [path for folder in FOLDERS for path in sorted((KERNEL / folder).glob("*.[ch]"))]
    tree = {
        str(path.relative_to(root)): path.read_bytes()
        for root, paths in ((KERNEL, sources), (TOY, TOY.rglob("*")))
        for path in paths
        if path.is_file()
    }
    spec = load_text(write_yaml(interface(templates), "schema.json", {}), "made-up.yaml")
    ours = placed_alone(spec, tree.get, "tree").after
    chance = random.Random(templates)
    for _ in range(PATCHES // ROUND // 2):
        paths = chance.sample(sources, ROUND)
        names = [str(path.relative_to(KERNEL)) for path in paths]
        after = {**ours, **{name: edited(tree[name], chance) for name in names}}
        patch = tmp_path / "ordinary.patch"
        patch.write_bytes(difference({path: tree.get(path) for path in after}, after))
        output = tmp_path / "lifted.yaml"
        lifted = lift([patch], str(output), "schema.json", tree=(tree.get, "the tree"))
        assert [share.path for share in lifted.shares if share.carried] == sorted(names)
        carry_path(output).write_bytes(lifted.carry)
        recreated = placed_in(lifted.spec, tree.get, "the tree").after
        assert {**tree, **recreated} == {**tree, **after}
