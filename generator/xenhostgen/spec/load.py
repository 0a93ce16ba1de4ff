# SPDX-License-Identifier: GPL-2.0-only
"""From a file to an ``Interface``: read, bind, check."""

from dataclasses import replace
from pathlib import Path

from xenhostgen.spec import rules, yaml
from xenhostgen.spec.bind import bind
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problems, SpecError
from xenhostgen.spec.template_sets import style


def load(path: Path) -> Interface:
    """The interface that a spec file describes; ``SpecError`` with all its problems."""
    return load_text(yaml.read_file(path), str(path))


def load_text(source: str, path: str) -> Interface:
    """As ``load``, for a text that is at hand; ``path`` is used in messages."""
    problems = Problems(path, source)
    top = yaml.parse(source, problems)
    if top is None:
        raise SpecError(problems.found)
    spec, unread = bind(top, problems)
    spec = _with_style(spec, path)
    problems.extend(rules.check(spec, unread))
    problems.raise_if_any()
    return spec


def _with_style(spec: Interface, path: str) -> Interface:
    """With its path, and with what the template set decides where the spec is silent."""
    its, registry = style(spec.templates), spec.registry
    if registry and registry.cursor is None:
        registry = replace(registry, cursor=its.cursor)
    typedefs = its.typedefs if spec.typedefs is None else spec.typedefs
    return replace(spec, registry=registry, typedefs=typedefs, path=path)
