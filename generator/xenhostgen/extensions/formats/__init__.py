# SPDX-License-Identifier: GPL-2.0-only
"""The outcome of ``verify`` and ``lint`` in the formats that CI servers and code hosts read.

A module a format: each makes a text of a ``report.cases.Report``.
"""

COMMANDS: dict[str, str] = {}
HOOKS = {
    "format sarif": ("sarif:write",),
    "format junit": ("junit:write",),
    "format ktap": ("ktap:write",),
    "format github": ("github:write",),
}
