# SPDX-License-Identifier: GPL-2.0-only
"""From a file to an ``Interface``: read, bind, check."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from xenhostgen.spec import rules, yaml
from xenhostgen.spec.bind import Binder, Missing
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problems
from xenhostgen.spec.template_sets import style


def load(path: Path) -> Interface:
    """The interface that a spec file describes; ``SpecError`` with every problem of the file, in its order."""
    return load_text(yaml.read_file(path), str(path))


def load_text(source: str, path: str) -> Interface:
    """As ``load``, for a text that is at hand; ``path`` is used in messages."""
    problems = Problems(path, source)
    binder = Binder(problems)
    made: Interface | None = None
    top = yaml.parse(source, problems)
    if top is not None:
        with suppress(Missing):
            made = _styled(binder.reader(Interface)(top, "the spec"), path)
            rules.check(made, problems, binder.unread)
    problems.raise_if_any()
    assert made is not None, "a spec that can't be read has a reason"
    return made


def _styled(spec: Interface, path: str) -> Interface:
    """With its path, and with what the template set decides where the spec is silent."""
    its, registry = style(spec.templates), spec.registry
    if registry.cursor is None:
        registry = replace(registry, cursor=its.cursor)
    typedefs = its.typedefs if spec.typedefs is None else spec.typedefs
    return replace(spec, registry=registry, typedefs=typedefs, path=path)
