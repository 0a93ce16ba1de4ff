# SPDX-License-Identifier: GPL-2.0-only
"""One Jinja environment for a run, and template errors that name template and line."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2

from xenhostgen.render import style
from xenhostgen.spec.source import did_you_mean


class TemplateFailure(Exception):
    """A template that can't be used: which, where, why. Its text is ready for the user."""


def template_root() -> Path:
    """The folder of template sets: beside the sources in a checkout, inside an installed package."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent.parent / "templates"
    return checkout if checkout.is_dir() else package / "templates"


def environment(template_set: str, root: Path) -> jinja2.Environment:
    """The environment of one template set; raises ``TemplateFailure`` for a set that isn't there."""
    folder = root / template_set
    if not folder.is_dir():
        known = sorted(path.name for path in root.iterdir() if path.is_dir())
        raise TemplateFailure(
            f"{root}: no template set '{template_set}'; {did_you_mean(template_set, known)}"
        )
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, root / "shared"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # C is not HTML
    )
    made.filters.update(comment=style.comment, kernel_doc=style.kernel_doc, pad=style.pad)
    return made


def guarded(render: Callable[..., str], **context: Any) -> str:
    """Render, and turn any failure inside a template into one that names its file and line."""
    try:
        return render(**context)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateFailure(f"{error.filename or error.name}:{error.lineno}: {error.message}") from None
    except (jinja2.TemplateError, TypeError, ValueError, AttributeError, LookupError) as error:
        # Jinja rewrites tracebacks so that frames inside templates carry their file and line.
        frames = traceback.extract_tb(error.__traceback__)
        inside = [frame for frame in frames if frame.filename.endswith((".j2",))]
        where = f"{inside[-1].filename}:{inside[-1].lineno}" if inside else "template"
        raise TemplateFailure(f"{where}: {error}") from None
