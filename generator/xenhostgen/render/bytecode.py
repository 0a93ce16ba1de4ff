# SPDX-License-Identifier: GPL-2.0-only
"""Compiled templates beside their sources, as Python keeps its modules: half of a cold run is saved.

They live in templates/__pycache__, keyed by a template's path, its text and the engine's settings.
``python -m xenhostgen.render.bytecode`` compiles all of them ahead, as ``compileall`` does modules.
"""

import sys
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket


class Bytecode(jinja2.FileSystemBytecodeCache):
    """A bytecode cache that is never in the way: what can't be read or written is done without."""

    def __init__(self, root: Path, settings: str) -> None:
        super().__init__(str(root / "__pycache__"), "%s.jinja")
        self.settings = settings

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Jinja's key, and the settings: bytecode made under other ones isn't found."""
        return super().get_cache_key(name + self.settings, filename)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket; a damaged file counts as none."""
        try:
            super().load_bytecode(bucket)
        except Exception:
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the bucket, unless Python was told to keep none or the folder is read-only."""
        if sys.dont_write_bytecode:
            return
        try:
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)
        except OSError:
            return


def compile_all() -> None:
    """Compile every template of every set."""
    from xenhostgen.render.environment import environment, template_sets
    from xenhostgen.render.fresh import template_root

    sys.dont_write_bytecode = False
    root = template_root()
    for template_set in template_sets(root):
        made = environment(template_set, root)
        for name in made.list_templates(extensions=["j2"]):
            made.get_template(name)


if __name__ == "__main__":
    compile_all()
