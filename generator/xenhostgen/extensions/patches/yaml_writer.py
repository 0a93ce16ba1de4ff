# SPDX-License-Identifier: GPL-2.0-only
"""A spec as YAML that people read and edit: short rows on one line, longer texts as blocks.

Whatever a text holds (blanks at its ends, tabs, quotes, control characters), it is read back the
same.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml
from yaml.emitter import ScalarAnalysis

WIDTH = 90  # of a row, about
_NESTED_MAX = 3  # collections in a row, itself included
SCHEMA_LINE = "# yaml-language-server: $schema={schema}"

# Texts that mean themselves to this tool, whatever they are to others.
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,8}")


def write_yaml(data: Mapping[str, Any], schema: str, remarks: Mapping[str, str]) -> str:
    """The spec's text.

    ``remarks`` are comments above top-level keys, ``""`` names the file's own.
    """
    lines = [SCHEMA_LINE.format(schema=schema), *_comment(remarks.get("", ""))]
    spread = True
    for key, value in data.items():
        text = yaml.dump(_Section({key: value}), Dumper=_Dumper, width=1 << 30, sort_keys=False)
        entry = text.replace("\n...\n", "\n").removesuffix("\n").split("\n")
        remark = _comment(remarks.get(key, ""))
        # A block that ends in an empty line parts the keys already; one more would be the text's.
        if lines[-1] and (spread or remark or len(entry) > 1):
            lines.append("")
        lines += [*remark, *entry]
        spread = len(entry) > 1
    return "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in text.split("\n")] if text else []


class _Section(dict[str, Any]):
    """A key of the spec and its value, which begin a line."""


class _Dumper(yaml.SafeDumper):
    """Writes texts plain, in double quotes, or as blocks, and no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow)  # in sequences, too

    def analyze_scalar(self, scalar: str) -> ScalarAnalysis:
        lines = scalar.replace("\t", "\n").split("\n")
        self.allow_unicode = all(map(str.isprintable, lines))
        analysis = super().analyze_scalar(scalar)
        analysis.allow_single_quoted = False
        analysis.allow_block = self.allow_unicode and scalar.strip("\n")[:1] not in ("", "\t")
        return analysis


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    kind = "int" if _NUMBER.fullmatch(text) else "str"
    style = "|" if "\n" in text else None
    return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", text, style)


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.Node:
    row = _is_row(value) and not isinstance(value, _Section)
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=row)


def _sequence(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    node = dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=_is_row(value))
    for item in node.value:
        if isinstance(item, yaml.MappingNode) and len(item.value) == 1:
            item.flow_style = False  # its key stands behind the dash
    return node


def _is_row(value: object) -> bool:
    """Whether a collection is short and hardly nested, and has no text of several lines."""
    text = str(value).replace("'", "")
    nested = text.count("{") + text.count("[")
    return len(text) <= WIDTH and nested <= _NESTED_MAX and "\\n" not in text


_KINDS: dict[type, Any] = {str: _text, dict: _mapping, list: _sequence}
for _kind, _represent in _KINDS.items():
    _Dumper.add_representer(_kind, _represent)
    _Dumper.add_multi_representer(_kind, _represent)  # what a spec is read as
