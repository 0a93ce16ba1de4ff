# SPDX-License-Identifier: GPL-2.0-only
"""Patches. What reads them, in order: collapsed, messages (mails, by git), hunks, diff.

What compares a rendering with them: fingerprint, compare. What makes a spec of them: lift_input,
lift_c, lift_header, lift_source, lift_guests, kernel_headers, lift_kernel, lift_assumed,
lift_places, carrying, yaml_writer, lift; of a series history. What writes one: step, series.
"""

COMMANDS = {
    "diff": "compare a spec's rendering with the kernel patch that it re-creates",
    "import": "lift a kernel patch, or an interface's C files, into a spec",
    "facts": "note the facts of a kernel patch, by which diff works without it",
    "patch": "write a spec as a patch series for a kernel tree",
}
HOOKS = {"diff": ("commands.diff:diff",), "lint": ("series:check_messages",)}
