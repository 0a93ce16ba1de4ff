# SPDX-License-Identifier: GPL-2.0-only
"""A patch's facts in a JSON file, which can be shipped with a spec."""

import dataclasses
import json
import os
from collections.abc import Sequence
from errno import ENOENT
from pathlib import Path
from typing import Any, get_args

from xenhostgen.extensions.patches.reference import AT_HAND, PatchFacts
from xenhostgen.sandbox.files import UnreadableFile, read_given
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import At, Problem, Refused, printable

FORMAT = 1
SIZE_LIMIT = 16 << 20  # bytes of a file of facts; a patch of 10,000 declarations needs one MiB


def to_json(patches: Sequence[PatchFacts]) -> str:
    """The facts as a file holds them."""

    def stored(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {name: value for name, value in pairs if name not in AT_HAND}

    made = [dataclasses.asdict(patch, dict_factory=stored) for patch in patches]
    return json.dumps({"format": FORMAT, "patches": made}, indent=1) + "\n"


def shipped_facts(spec: Interface) -> tuple[Path, list[PatchFacts]]:
    """The facts that a spec names as its reference, and their file. Raises Refused."""
    if spec.reference is None:
        hint = "name the patch: xenhostgen diff SPEC PATCH"
        raise Refused(
            [Problem("no-reference", "the spec names no reference", spec.path, hint=hint)]
        )
    folder = Path(spec.path).parent
    path = folder / spec.reference
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise OSError("a link leads out of the spec's folder")
        return path, read_facts(path)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        message = f"the reference '{spec.reference}' can't be read: {reason}"
        hint = f"make it from the patch: xenhostgen facts PATCH -o {path}"
        raise Refused(
            [Problem("no-reference", message, spec.path, spec.reference.at, hint)]
        ) from None


def read_facts(path: Path) -> list[PatchFacts]:
    """The facts in a file that ``to_json`` made. Raises Refused for any other, and OSError."""
    try:
        data = read_given(path, SIZE_LIMIT)
    except UnreadableFile as error:
        raise OSError(None, str(error), str(path)) from None
    if data is None:
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), str(path))
    try:
        top = json.loads(data)
        given = top.get("format") if isinstance(top, dict) else None
        if given != FORMAT:
            raise ValueError(f"the format is {given!r}, not {FORMAT}")
        return [_read(PatchFacts, one, f"patches[{at}]") for at, one in enumerate(top["patches"])]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        at, said = At(1, 1), str(error)
        if isinstance(error, json.JSONDecodeError):
            at, said = At(error.lineno, error.colno), error.msg
        hint = f"make it from the patch: xenhostgen facts PATCH -o {path}"
        message = f"not the facts of a patch: {printable(said, '?')}"
        raise Refused([Problem("facts", message, str(path), at, hint)]) from None


def _read(kind: Any, value: Any, where: str) -> Any:
    """A value of JSON as the type that it was made of; raises ValueError for another."""
    if dataclasses.is_dataclass(kind):
        fields = {
            field.name: field.type
            for field in dataclasses.fields(kind)
            if field.name not in AT_HAND
        }
        if isinstance(value, dict) and value.keys() == fields.keys():
            read = {name: _read(of, value[name], f"{where}.{name}") for name, of in fields.items()}
            return kind(**read)  # type: ignore[operator]
        raise ValueError(f"{where} should have the keys {', '.join(fields)}")
    if items := get_args(kind):
        if isinstance(value, list):
            return tuple(_read(items[0], one, f"{where}[{at}]") for at, one in enumerate(value))
        raise ValueError(f"{where} should be a list")
    if type(value) is kind:
        return printable(value, "?") if kind is str else value
    raise ValueError(f"{where} should be of type {kind.__name__}")
