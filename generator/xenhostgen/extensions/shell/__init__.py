# SPDX-License-Identifier: GPL-2.0-only
"""What a shell's user has besides the command: completion by Tab, and the manual page.

In order: parsers (all commands as one parser), commands.completion, manual (which the build calls).
"""

COMMANDS = {"completion": "print the completion script for bash, zsh or fish"}
