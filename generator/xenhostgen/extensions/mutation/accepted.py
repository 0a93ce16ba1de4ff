# SPDX-License-Identifier: GPL-2.0-only
"""Mutants that may survive: those that the spec accepts, and those that its template set does."""

from xenhostgen.extensions.mutation.score import Acceptance
from xenhostgen.spec import yaml
from xenhostgen.spec.bind import bind_part
from xenhostgen.spec.model import AcceptedMutant, Interface
from xenhostgen.spec.shape import Part, key
from xenhostgen.spec.source import Problems
from xenhostgen.spec.template_sets import template_root


class _File(Part):
    """What a template set's file holds."""

    accepted_mutants: tuple[AcceptedMutant, ...] = key("mutants of every spec's C")


def acceptances(spec: Interface) -> list[Acceptance]:
    """What a spec accepts, then what its template set does. Raises ``Refused``."""
    accepted = [Acceptance(spec.path, mutant) for mutant in spec.accepted_mutants]
    path = template_root() / spec.templates / "accepted-mutants.yaml"
    if path.is_file():
        source = yaml.read_file(path)
        problems = Problems(str(path), source)
        top = yaml.parse(source, problems)
        file = bind_part(_File, top, problems) if top else None
        problems.raise_if_any()
        mutants = file.accepted_mutants if file else ()
        accepted += [Acceptance(str(path), mutant, by_templates=True) for mutant in mutants]
    return accepted
