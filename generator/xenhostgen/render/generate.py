# SPDX-License-Identifier: GPL-2.0-only
"""From a spec file to its folder of C: load, render, compare, write."""

from pathlib import Path

from xenhostgen.render.files import render
from xenhostgen.render.fresh import inputs_digest
from xenhostgen.render.write import Comparison, compare, stamp, write
from xenhostgen.spec import yaml
from xenhostgen.spec.load import load_text
from xenhostgen.spec.template_sets import template_root


def generate(spec: Path, out: Path, *, check: bool) -> Comparison:
    """Render a spec into OUT/STEM, or with ``check`` only compare; its files against those that were there.

    Everything is rendered before the first file is written. Raises ``SpecError``,
    ``TemplateFailure`` or ``WriteFailure``; what was there before is then still there.
    """
    source = yaml.read_file(spec)
    interface = load_text(source, str(spec))
    templates = template_root()
    inputs = inputs_digest(spec, source.encode(), templates, interface.templates)
    files = render(interface, templates).files
    found = compare(files, out, spec.stem)
    if not check:
        write(found.stale, out)
        stamp(spec, out, inputs, interface.templates, files)
    return found
