# SPDX-License-Identifier: GPL-2.0-only
"""The JSON Schema (draft 2020-12) of a spec, made from the model.

Editors complete and check by it while a spec is written. It tells shapes, not meanings: the rules
are for ``lint``. Editors read ``1`` and ``yes`` as YAML types them, so a text may be either.
"""

from typing import Annotated, Any, Literal, get_args, get_origin

from xenhostgen.spec import model
from xenhostgen.spec.bind import INTEGER, STEPS, Key, keys_of, short_form, without_none
from xenhostgen.spec.shape import Kind
from xenhostgen.spec.source import Text

Schema = dict[str, Any]
_SCALARS = ["string", "integer", "boolean"]


def json_schema() -> Schema:
    """The schema of a whole spec."""
    writer = _Writer()
    top = writer.mapping(model.Interface)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "xenhostgen spec",
        "description": "One host interface: its types, slots, ops, guests and boot code.",
        **top,
        "$defs": dict(sorted(writer.definitions.items())),
    }


class _Writer:
    """Turns types into schemas; each model class becomes one definition."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def of(self, hint: Any) -> Schema:
        hint = without_none(hint)
        if hint == model.Step:
            return self.named("Step", self.steps)
        origin = get_origin(hint)
        if origin is Annotated:
            kind = next(extra for extra in get_args(hint) if isinstance(extra, Kind))
            # Patterns bind strings only; Python's "(?s)" is not a pattern that editors know.
            pattern = (
                {} if kind.pattern.startswith("(?s)") else {"pattern": f"^(?:{kind.pattern})$"}
            )
            return {"type": _SCALARS, **pattern}
        if origin is Literal:
            return {"enum": list(get_args(hint))}
        if origin is tuple:
            return {"type": "array", "items": self.of(get_args(hint)[0])}
        if hint is bool:
            return {"type": "boolean"}
        if hint is int:
            return {"type": ["integer", "string"], "pattern": f"^(?:{INTEGER.pattern})$"}
        if hint is Text:
            return {"type": _SCALARS}
        return self.named(hint.__name__, lambda: self.mapping(hint))

    def named(self, name: str, make: Any) -> Schema:
        if name not in self.definitions:
            self.definitions[name] = {}  # a type that holds itself refers to the name
            self.definitions[name] = make()
        return {"$ref": f"#/$defs/{name}"}

    def mapping(self, cls: type, without: str = "") -> Schema:
        keys = [key for key in keys_of(cls) if key.name != without]
        return {
            "type": "object",
            "properties": {key.name: self.told(key) | self.of_key(key) for key in keys},
            "required": [key.name for key in keys if key.required],
            "additionalProperties": False,
        }

    def told(self, key: Key) -> Schema:
        has_default = isinstance(key.default, (bool, int, str)) and key.default != ""
        return {"description": key.doc} | ({"default": key.default} if has_default else {})

    def of_key(self, key: Key) -> Schema:
        return self.rows(get_args(key.type)[0]) if key.rows else self.of(key.type)

    def rows(self, cls: type) -> Schema:
        """Rows as a mapping: a row's value is all its other keys, or its second key alone."""
        keys = keys_of(cls)
        short = short_form(keys)
        forms = [self.of_key(short)] if short else []
        if short is None or len(keys) > 2 or not short.rows:
            forms.append(self.named(f"{cls.__name__}Row", lambda: self.mapping(cls, keys[0].name)))
        row = forms[0] if len(forms) == 1 else {"anyOf": forms}
        return {
            "type": "object",
            "propertyNames": self.of(keys[0].type),
            "additionalProperties": row,
        }

    def steps(self) -> Schema:
        """A boot step: a mapping with exactly one of the step keys."""
        forms = {}
        for name, cls in STEPS.items():
            first = keys_of(cls)[0]
            form = (
                self.rows(cls)
                if cls is model.Assign
                else {"anyOf": [self.of(first.type), self.of(cls)]}
            )
            forms[name] = {"description": (cls.__doc__ or "").strip(), **form}
        only = {"additionalProperties": False, "minProperties": 1, "maxProperties": 1}
        return {"type": "object", "properties": forms} | only
