# SPDX-License-Identifier: GPL-2.0-only
"""Adds to a wheel what is made from the commands themselves: manual pages, completion by Tab."""

import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.utils import get_reproducible_timestamp

COMPLETIONS = {
    "bash": "share/bash-completion/completions/xenhostgen",
    "zsh": "share/zsh/site-functions/_xenhostgen",
    "fish": "share/fish/vendor_completions.d/xenhostgen.fish",
}


def page_date(changelog: str) -> str:
    """The date of the manual pages: SOURCE_DATE_EPOCH, else that of the last release."""
    release = re.search(r"^## \S+ - ([\d-]+)$", changelog, re.MULTILINE)
    if release and "SOURCE_DATE_EPOCH" not in os.environ:
        return release[1]
    return datetime.fromtimestamp(get_reproducible_timestamp(), UTC).date().isoformat()


class CustomBuildHook(BuildHookInterface[Any]):
    """Has the package that is being built print them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files; an editable wheel gets none."""
        if version == "editable":
            return
        sys.path.insert(0, str(Path(self.root, "generator")))
        from xenhostgen.extensions.shell.commands.completion import script
        from xenhostgen.extensions.shell.manual import pages

        self.folder = TemporaryDirectory()
        date = page_date(Path(self.root, "CHANGELOG.md").read_text(encoding="utf-8"))
        files = {f"share/man/man1/{name}": text for name, text in pages(date)}
        files |= {path: script(shell) for shell, path in COMPLETIONS.items()}
        for path, text in files.items():
            file = Path(self.folder.name, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            build_data["shared_data"][str(file)] = path

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the folder that they were made in."""
        if version != "editable":
            self.folder.cleanup()
