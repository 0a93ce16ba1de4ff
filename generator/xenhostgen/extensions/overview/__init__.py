# SPDX-License-Identifier: GPL-2.0-only
"""One look at a whole interface: its ops, its registry and its boots, as text or as a page."""

COMMANDS = {
    "show": "print the matrix of ops, and each kind of guest's boot as a time line",
    "report": "write a page for browsers: ops, states, boots, findings, measurements",
}
