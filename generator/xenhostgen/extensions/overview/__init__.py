# SPDX-License-Identifier: GPL-2.0-only
"""One look at a whole interface: its ops, its registry and its boots, as text or as a page."""

COMMANDS = {
    "show": "print the matrix of ops and the boot of each kind of guest as a time line",
    "report": "write an HTML page: ops, states, boots, findings, measurements",
}
