# SPDX-License-Identifier: GPL-2.0-only
"""One module a command: its arguments, a call into a room, and the printing of what came of it (see cli.py)."""
