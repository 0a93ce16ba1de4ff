# SPDX-License-Identifier: GPL-2.0-only
"""The kernels in which an interface is built: data/kernels.yaml."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

_TABLE = Path(__file__).with_name("data") / "kernels.yaml"


class Kernel(NamedTuple):
    """A configuration of the kernel, as kconfig reads it, and what is built of it."""

    name: str
    config: str
    architecture: str = "x86_64"
    cross: str = ""
    """What the names of its compiler and binutils begin with."""
    linking: str = ""
    """What its linker needs to be told."""
    folders: tuple[str, ...] = ()
    """Built besides those of the interface's files."""
    absent: bool = False
    """Whether the interface has no part in it."""


def kernels() -> Iterator[Kernel]:
    """All kernels of the table."""
    table = yaml.load(_TABLE.read_bytes(), yaml.CSafeLoader)
    for name, row in table["kernels"].items():
        options = [*row.pop("base"), *row.pop("options", ())]
        config = "".join(f"CONFIG_{option}=y\n" for option in options)
        yield Kernel(name, config, **row)
