# SPDX-License-Identifier: GPL-2.0-only
"""From a file to an ``Interface``: read, check."""

from pathlib import Path
from typing import TypeVar

from xenhostgen.spec import rules, yaml
from xenhostgen.spec.model import Interface
from xenhostgen.spec.shape import Mapped, Part
from xenhostgen.spec.source import Problems, SpecError
from xenhostgen.spec.template_sets import style

_P = TypeVar("_P", bound=Part)


def load(path: Path) -> Interface:
    """The interface that a spec file describes; ``SpecError`` with all its problems."""
    return load_text(yaml.read_file(path), str(path))


def load_text(source: str, path: str) -> Interface:
    """As ``load``, for a text that is at hand; ``path`` is used in messages."""
    problems = Problems(path, source)
    spec, unread = _interface(source, problems)
    problems.extend(rules.check(spec, unread))
    problems.raise_if_any()
    return spec


def unchecked(source: str) -> Interface:
    """What a text describes as far as it can be read, whatever the rules say of it."""
    return _interface(source, Problems("unchecked", source))[0]


def load_part(cls: type[_P], path: Path) -> _P:
    """The part that a file of its own describes; ``SpecError`` with all its problems."""
    source = yaml.read_file(path)
    problems = Problems(str(path), source)
    part, _ = _read(cls, source, "the file", problems)
    problems.raise_if_any()
    return part


def _interface(source: str, problems: Problems) -> tuple[Interface, set[str]]:
    """The interface, and the sections of which something couldn't be read.

    Where the spec is silent the template set decides.
    """
    spec, unread = _read(Interface, source, "the spec", problems)
    its, registry = style(spec.templates), spec.registry
    if registry and registry.cursor is None:
        registry = registry.with_(cursor=its.cursor)
    typedefs = its.typedefs if spec.typedefs is None else spec.typedefs
    return spec.with_(registry=registry, typedefs=typedefs, path=problems.path), unread


def _read(cls: type[_P], source: str, what: str, problems: Problems) -> tuple[_P, set[str]]:
    """The part that a text describes, and the keys of which something couldn't be read."""
    top = yaml.parse(source, problems)
    if top is None:
        raise SpecError(problems.noted)
    shape = Mapped(cls)
    # Required keys that aren't there are None: rules that read them don't run.
    values = dict.fromkeys(key.name for key in shape.required)
    readable, unread = shape.values(top, what, top, problems)
    return cls(**values | readable, origin=top.at), unread
