# SPDX-License-Identifier: GPL-2.0-only
"""The Jinja environment of a template set, and template errors that name template and line."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import jinja2
from jinja2.bccache import Bucket

from xenhostgen import __version__
from xenhostgen.render import style
from xenhostgen.spec.source import At, refusal


class _Loader(jinja2.FileSystemLoader):
    """Jinja's loader, which names a file that it can't decode."""

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as error:
            message = f"not UTF-8: {error.reason}"
            raise jinja2.TemplateSyntaxError(message, 1, template, template) from None


class _BytecodeCache(jinja2.FileSystemBytecodeCache):
    """Compiled templates in a folder beside them, as Python keeps its modules.

    The folder needs no more protection than the templates: who can write to it can write to them.
    A damaged file, or a folder that can't be written to, is no error. A named pipe in place of a
    file is left alone.
    """

    def load_bytecode(self, bucket: Bucket) -> None:
        if not Path(self._get_cache_filename(bucket)).is_file():
            return  # to open a named pipe would wait for a writer
        try:
            super().load_bytecode(bucket)
        except Exception:
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


def environment(template_set: str, root: Path, compiler: str = __version__) -> jinja2.Environment:
    """The environment of one template set; ``shared`` is part of all of them.

    Jinja knows bytecode by its template's text. ``compiler`` says what else it depends on: our
    settings may change with the version.
    """
    folder = root / "__pycache__"
    cache = _BytecodeCache(str(folder), f"%s.{compiler}.jinja")
    templates = jinja2.Environment(
        loader=_Loader([root / template_set, root / "shared"]),
        bytecode_cache=None if folder.is_symlink() else cache,
        auto_reload=False,  # no template changes while a spec is rendered
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # C is not HTML
    )
    templates.filters.update(comment=style.comment, starred=style.starred, pad=style.pad)
    return templates


def guarded(render: Callable[..., str], **context: Any) -> str:
    """Render; raises ``Refused`` for a failure inside a template, at its file and line."""
    try:
        return render(**context)
    except jinja2.TemplateSyntaxError as error:
        path = error.filename or error.name or "template"
        message = error.message or "syntax error"
        raise refusal("template", message, path, at=At(error.lineno, 1)) from None
    except Exception as error:
        import traceback  # for failures only

        # Jinja rewrites tracebacks so that frames inside templates carry their file and line.
        frames = traceback.extract_tb(error.__traceback__)
        inside = [frame for frame in frames if frame.filename.endswith(".j2")]
        if inside:  # a template that another includes and that isn't there is told here
            at = At(inside[-1].lineno or 1, 1)
            raise refusal("template", str(error), inside[-1].filename, at=at) from None
        if isinstance(error, jinja2.TemplateNotFound):
            hint = "put it into the template set"
            raise refusal("template", "no such template", error.name, hint) from None
        raise
