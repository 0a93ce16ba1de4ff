# SPDX-License-Identifier: GPL-2.0-only
"""The JSON Schema (draft 2020-12) of a spec, made from the model.

Editors complete and check by it while a spec is written. It tells shapes, not meanings: the rules
are for ``lint``. Editors read ``1`` and ``yes`` as YAML types them, so a text may be either.
"""

from collections.abc import Callable
from typing import Any

from xenhostgen.spec.bind import INTEGER, STEPS
from xenhostgen.spec.model import Assign, Interface
from xenhostgen.spec.shape import Key, Kind, Shape, keys_of, row_form

Schema = dict[str, Any]
_SCALARS = ["string", "integer", "boolean"]


def json_schema() -> Schema:
    """The schema of a whole spec."""
    writer = _Writer()
    top = writer.mapping(keys_of(Interface))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "xenhostgen spec",
        "description": "One host interface: its types, slots, ops, guests and boot code.",
        **top,
        "$defs": dict(sorted(writer.definitions.items())),
    }


class _Writer:
    """Turns shapes into schemas; each model class becomes one definition."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def schema(self, shape: Shape) -> Schema:
        """The schema of a shape."""
        of = shape.of
        match shape.form:
            case "text":
                return self.text(of)
            case "choice":
                return {"enum": list(of)}
            case "boolean":
                return {"type": "boolean"}
            case "number":
                return {"type": ["integer", "string"], "pattern": f"^(?:{INTEGER.pattern})$"}
            case "items":
                return {"type": "array", "items": self.schema(of)}
            case "rows":
                return self.rows(of)
            case "step":
                return self.named("Step", self.steps)
        return self.named(of.__name__, lambda: self.mapping(keys_of(of)))

    def text(self, kind: Kind) -> Schema:
        # Patterns bind strings only; Python's "(?s)" is not a pattern that editors know.
        if kind.pattern.startswith("(?s)"):
            return {"type": _SCALARS}
        return {"type": _SCALARS, "pattern": f"^(?:{kind.pattern})$"}

    def named(self, name: str, make: Callable[[], Schema]) -> Schema:
        """A reference to a definition, which is made on first need."""
        if name not in self.definitions:
            self.definitions[name] = {}  # a type that holds itself refers to the name
            self.definitions[name] = make()
        return {"$ref": f"#/$defs/{name}"}

    def mapping(self, keys: list[Key]) -> Schema:
        return {
            "type": "object",
            "properties": {key.name: self.described(key) for key in keys},
            "required": [key.name for key in keys if key.required],
            "additionalProperties": False,
        }

    def described(self, key: Key) -> Schema:
        schema: Schema = {"description": key.doc}
        if isinstance(key.default, bool | int | str) and key.default != "":
            schema["default"] = key.default
        return schema | self.schema(key.shape)

    def rows(self, cls: type) -> Schema:
        """Rows as a mapping: a row's value is all its other keys, or its second key alone."""
        row = row_form(cls)
        forms = [self.schema(row.short.shape)] if row.short else []
        if row.has_long_form:
            forms.append(self.named(f"{cls.__name__}Row", lambda: self.mapping(row.others)))
        return {
            "type": "object",
            "propertyNames": self.schema(row.key.shape),
            "additionalProperties": forms[0] if len(forms) == 1 else {"anyOf": forms},
        }

    def steps(self) -> Schema:
        """A boot step: a mapping with exactly one of the step keys."""
        forms = {}
        for name, cls in STEPS.items():
            if cls is Assign:
                form = self.rows(cls)
            else:
                shapes = keys_of(cls)[0].shape, Shape("part", cls)
                form = {"anyOf": [self.schema(shape) for shape in shapes]}
            forms[name] = {"description": (cls.__doc__ or "").strip(), **form}
        only = {"additionalProperties": False, "minProperties": 1, "maxProperties": 1}
        return {"type": "object", "properties": forms} | only
