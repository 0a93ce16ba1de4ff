# SPDX-License-Identifier: GPL-2.0-only
"""A spec as YAML that people read and edit: short rows on one line, longer texts as blocks.

Whatever a text holds (blanks at its ends, tabs, quotes, control characters), it is read back the
same.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

WIDTH = 100
SCHEMA_LINE = "# yaml-language-server: $schema={schema}"

# Texts that mean themselves without quotes, to this tool and to editors, in and out of {}.
_WORD = r"[^\s:#,{}\[\]?\"'`\\]"
_PLAIN = re.compile(rf"[A-Za-z_<(/]{_WORD}*(?: {_WORD}+)*|0|-?[1-9][0-9]{{0,8}}|-E[A-Z]+")
_TAKEN = re.compile(r"True|TRUE|False|FALSE|<<|(?i:null|yes|no|on|off|y|n)")


def write_yaml(data: Mapping[str, Any], schema: str, remarks: Mapping[str, str]) -> str:
    """The spec's text.

    ``remarks`` are comments above top-level keys, ``""`` names the file's own.
    """
    lines = [SCHEMA_LINE.format(schema=schema), *_comment(remarks.get("", ""))]
    spread = True
    for key, value in data.items():
        entry = _entry(f"{_scalar(key)}:", value, 0, flows=len(_flow(value)) < WIDTH // 2)
        remark = _comment(remarks.get(key, ""))
        # A block that ends in an empty line parts the keys already; one more would be the text's.
        if lines[-1] and (spread or remark or len(entry) > 1):
            lines.append("")
        lines += [*remark, *entry]
        spread = len(entry) > 1
    return "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in text.split("\n")] if text else []


def _entry(head: str, value: Any, depth: int, flows: bool = True) -> list[str]:
    """The lines of ``head`` (a key or a dash, indented) and its value.

    ``depth``: blanks before it.
    """
    short = f"{head} {_flow(value)}"
    if isinstance(value, str) and "\n" in value and _is_literal(value):
        # An explicit indentation where the text's own blanks would be taken for it.
        hint = "2" if value[0] in " \t\n" else ""
        chomp = "-" if value[-1] != "\n" else "+" if value.endswith("\n\n") or value == "\n" else ""
        lines = value.removesuffix("\n").split("\n")
        return [
            f"{head} |{hint}{chomp}",
            *(" " * (depth + 2) + line if line else "" for line in lines),
        ]
    if (
        not isinstance(value, (dict, list))
        or not value
        or (flows and _is_row(value, head, len(short)))
    ):
        return [short]
    blanks = " " * (depth + 2)
    heads = (
        [f"{blanks}{_scalar(key)}:" for key in value]
        if isinstance(value, dict)
        else [f"{blanks}-"] * len(value)
    )
    children = [
        _entry(head, each, depth + 2) for head, each in zip(heads, _parts(value), strict=True)
    ]
    lines = [line for child in children for line in child]
    return [head + lines[0][len(head) :], *lines[1:]] if head.endswith("-") else [head, *lines]


def _parts(value: dict[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def _is_row(value: Any, head: str, width: int) -> bool:
    """Whether a collection reads well on one line: no text of several lines, and hardly nested."""
    parts = _parts(value)
    deeper = [each for part in parts if isinstance(part, (dict, list)) for each in _parts(part)]
    several = any(isinstance(part, str) and "\n" in part for part in (*parts, *deeper))
    lone = len(parts) == 1 and head.endswith("-")
    return width <= WIDTH and not (
        several or lone or any(isinstance(each, (dict, list)) for each in deeper)
    )


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{_scalar(key)}: {_flow(each)}" for key, each in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if _PLAIN.fullmatch(text) and text.isprintable() and not _TAKEN.fullmatch(text):
        return text
    return quoted(text)


def quoted(value: Any) -> str:
    """A value on one line, each text in quotes: YAML, and fast."""
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in text)


def _is_literal(text: str) -> bool:
    """Whether a block can hold the text as it stands."""
    return all(char.isprintable() or char in "\t\n" for char in text) and text.strip("\n") != ""
