# SPDX-License-Identifier: GPL-2.0-only
"""Says which template line and which place of the spec made a line of a rendered file.

By these places ``lint`` tells what a compiler says of rendered files.
"""

HOOKS = {"lint c": ("compiled:check_rendering",)}
COMMANDS = {"explain": "name the template line and the place in the spec that a line comes from"}
