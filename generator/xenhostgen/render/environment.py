# SPDX-License-Identifier: GPL-2.0-only
"""One Jinja environment for a run, and template errors that name template and line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2

from xenhostgen.render import style
from xenhostgen.render.bytecode import Bytecode
from xenhostgen.spec.source import At, Problem, Refused


class TemplateFailure(Refused):
    """A template that can't be used: which, where, why."""

    def __init__(self, path: Path | str, line: int, message: str, hint: str = "") -> None:
        super().__init__([Problem("template", message, str(path), At(line, 1), hint)])


class Loader(jinja2.FileSystemLoader):
    """The engine's own loader, that names a file which it can't decode."""

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """A template's text, its path, and whether it is as it was."""
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as error:
            raise jinja2.TemplateSyntaxError(
                f"not UTF-8: {error.reason}", 1, template, template
            ) from None


def environment(template_set: str, root: Path) -> jinja2.Environment:
    """The environment of one template set; ``shared`` is part of all of them."""
    made = jinja2.Environment(
        loader=Loader([root / template_set, root / "shared"]),
        bytecode_cache=Bytecode(root),
        auto_reload=False,  # no template changes while a spec is rendered
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # C is not HTML
    )
    made.filters.update(comment=style.comment, starred=style.starred, pad=style.pad)
    return made


def guarded(render: Callable[..., str], **context: Any) -> str:
    """Render, and turn any failure inside a template into one that names its file and line."""
    try:
        return render(**context)
    except jinja2.TemplateSyntaxError as error:
        where = error.filename or error.name or "template"
        raise TemplateFailure(where, error.lineno, error.message or "syntax error") from None
    except Exception as error:
        import traceback

        # Jinja rewrites tracebacks so that frames inside templates carry their file and line.
        frames = traceback.extract_tb(error.__traceback__)
        inside = [frame for frame in frames if frame.filename.endswith(".j2")]
        if not inside:
            if isinstance(error, jinja2.TemplateNotFound):
                hint = "put it into the template set"
                raise TemplateFailure(str(error.name), 1, "no such template", hint) from None
            raise
        raise TemplateFailure(inside[-1].filename, inside[-1].lineno or 1, str(error)) from None
