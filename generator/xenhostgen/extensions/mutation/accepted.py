# SPDX-License-Identifier: GPL-2.0-only
"""Mutants that may survive: those that the spec accepts, and those that its template set does."""

from contextlib import suppress

from xenhostgen.extensions.mutation.score import Acceptance
from xenhostgen.spec import yaml
from xenhostgen.spec.bind import Binder, Missing
from xenhostgen.spec.model import AcceptedMutant, Interface
from xenhostgen.spec.shape import Part, key, part
from xenhostgen.spec.source import Problems
from xenhostgen.spec.template_sets import template_root


@part
class _File(Part):
    """What a template set's file holds."""

    accepted_mutants: tuple[AcceptedMutant, ...] = key("mutants of every spec's C")


def acceptances(spec: Interface) -> list[Acceptance]:
    """What a spec accepts, then what its template set does. Raises ``Refused``."""
    accepted = [Acceptance(spec.path, mutant) for mutant in spec.accepted_mutants]
    path = template_root() / spec.templates / "accepted-mutants.yaml"
    if path.is_file():
        problems = Problems(str(path), source := yaml.read_file(path))
        if top := yaml.parse(source, problems):
            with suppress(Missing):
                file = Binder(problems).reader(_File)(top, "the file")
                accepted += [Acceptance(str(path), one, True) for one in file.accepted_mutants]
        problems.raise_if_any()
    return accepted
