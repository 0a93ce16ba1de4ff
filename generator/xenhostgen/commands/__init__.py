# SPDX-License-Identifier: GPL-2.0-only
"""The core's commands: a module each, with its arguments and what it prints (see cli.py)."""

COMMANDS = {
    "init": "write a small spec to start from",
    "generate": "render specs into kernel C",
    "lint": "check specs: shape and meaning, all errors at once",
    "verify": "judge the C: parse it back, run it beside the model, boot every guest",
    "rules": "explain the rules by which findings are named",
    "schema": "print what specs may hold, for editors",
}
