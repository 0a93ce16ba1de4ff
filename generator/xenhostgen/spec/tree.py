# SPDX-License-Identifier: GPL-2.0-only
"""What a YAML document is read into: mappings, sequences and texts that know their places."""

from xenhostgen.spec.source import At, Text

MAX_DEPTH = 24


class Mapping(dict[Text, "Node"]):
    """A YAML mapping, in its order, with the place where it begins."""

    __slots__ = ("at",)
    at: At


class Sequence(list["Node"]):
    """A YAML sequence with the place where it begins."""

    __slots__ = ("at",)
    at: At


Node = Text | Mapping | Sequence


def place(node: Node) -> At:
    """Where a node begins."""
    return node.at
