# SPDX-License-Identifier: GPL-2.0-only
"""Mutants that may survive: those that the spec accepts, and those that its template set does."""

from xenhostgen.extensions.mutation.score import Acceptance
from xenhostgen.spec.load import load_part
from xenhostgen.spec.model import AcceptedMutant, Interface
from xenhostgen.spec.shape import Items, Part, key
from xenhostgen.spec.template_sets import template_root
from xenhostgen.verify.subject import Options, is_ours


class _File(Part):
    """What a template set's file holds."""

    accepted_mutants: tuple[AcceptedMutant, ...] = key(Items(AcceptedMutant), "of every spec's C")


def acceptances(spec: Interface) -> list[Acceptance]:
    """What a spec accepts, then what its template set does. Raises ``Refused``."""
    accepted = [Acceptance(spec.path, mutant) for mutant in spec.accepted_mutants]
    path = template_root() / spec.templates / "accepted-mutants.yaml"
    if path.is_file():
        mutants = load_part(_File, path).accepted_mutants
        is_shipped = is_ours(spec, Options())
        accepted += [Acceptance(str(path), mutant, True, is_shipped) for mutant in mutants]
    return accepted
