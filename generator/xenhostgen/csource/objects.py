# SPDX-License-Identifier: GPL-2.0-only
"""What lies in an object file: its symbols, its writable sections, and what refers to what."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

_CALL = 4  # bytes behind a relative reference, from which the processor counts


class Symbol(NamedTuple):
    """A symbol; ``section`` is a name, or UNDEF, ABS or COMMON, ``offset`` its place there."""

    name: str
    kind: str
    binding: str
    section: str
    offset: int


class Contents(NamedTuple):
    """What lies in an object file."""

    writable: tuple[str, ...]
    """The names of its writable sections."""
    symbols: tuple[Symbol, ...]


class ObjectFile:
    """An object file that is open."""

    def __init__(self, elf: Any) -> None:
        self.elf = elf

    @cached_property
    def sections(self) -> list[Any]:
        return list(self.elf.iter_sections())

    @cached_property
    def symbols(self) -> list[Symbol]:
        """All symbols that have a name of their own."""
        symbols = []
        for entry in self.elf.get_section_by_name(".symtab").iter_symbols():
            info, index = entry["st_info"], entry["st_shndx"]
            if isinstance(index, int):
                section = self.sections[index].name
            else:
                section = index.removeprefix("SHN_")
            kind, binding = info["type"].removeprefix("STT_"), info["bind"].removeprefix("STB_")
            if entry.name and kind not in ("FILE", "SECTION"):
                symbols.append(Symbol(entry.name, kind, binding, section, entry["st_value"]))
        return symbols

    @cached_property
    def named(self) -> dict[str, Symbol]:
        """Each symbol by its name."""
        return {symbol.name: symbol for symbol in self.symbols}

    @property
    def writable(self) -> list[str]:
        """The names of its writable sections."""
        return [
            section.name for section in self.sections if section["sh_flags"] & SH_FLAGS.SHF_WRITE
        ]

    @cached_property
    def references(self) -> dict[str, dict[int, str]]:
        """For each section of code or data, the symbol that is named at an offset."""
        references: dict[str, dict[int, str]] = {}
        for section in self.sections:
            target = section.name.removeprefix(".rela")
            if isinstance(section, RelocationSection) and not target.startswith(".debug"):
                table = self.sections[section["sh_link"]]
                references[target] = {
                    entry["r_offset"]: self._named(table.get_symbol(entry["r_info_sym"]), entry)
                    for entry in section.iter_relocations()
                }
        return references

    def _named(self, symbol: Any, entry: Any) -> str:
        """The symbol that a reference names; one of the file's own it may name by its section."""
        if symbol.name and symbol["st_info"]["type"] != "STT_SECTION":
            return str(symbol.name)
        section, addend = self.sections[symbol["st_shndx"]].name, entry["r_addend"]
        places = self._places
        return places.get((section, addend)) or places.get((section, addend + _CALL), "")

    @cached_property
    def _places(self) -> dict[tuple[str, int], str]:
        return {(symbol.section, symbol.offset): symbol.name for symbol in self.symbols}


def read_contents(path: Path) -> Contents:
    """What lies in the object file at a path."""
    with opened(path) as file:
        return Contents(tuple(file.writable), tuple(file.symbols))


@contextmanager
def opened(path: Path) -> Iterator[ObjectFile]:
    """The object file at a path, while the block runs."""
    with path.open("rb") as stream:
        yield ObjectFile(ELFFile(stream))
