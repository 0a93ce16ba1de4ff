# SPDX-License-Identifier: GPL-2.0-only
"""Says which template line and which place of the spec made a line of a rendered file."""

HOOKS = {"lint c": ("compiled:check_rendering",)}
COMMANDS = {"explain": "say which template line and which place of the spec made a line"}
