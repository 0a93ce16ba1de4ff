# SPDX-License-Identifier: GPL-2.0-only
"""What a YAML document is read into: mappings, sequences and texts that know their places."""

from xenhostgen.spec.source import Placed, Text

MAX_DEPTH = 24


class Mapping(dict[Text, "Node"], Placed):
    """A YAML mapping, in its order, with the place where it begins."""

    __slots__ = ("column", "line")


class Sequence(list["Node"], Placed):
    """A YAML sequence with the place where it begins."""

    __slots__ = ("column", "line")


Node = Text | Mapping | Sequence
