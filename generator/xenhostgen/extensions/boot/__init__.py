# SPDX-License-Identifier: GPL-2.0-only
"""A kernel with the interface, booted on a real Xen as every kind of guest.

In order: suite (KUnit tests from the reference model), guests (the kinds), process (programs with time
limits), console (what a machine shows), run (the work folder, the builds, the boots), judge (what the
guests told).
"""

HOOKS = {"after boot": ("commands.boot:after_verify",)}
COMMANDS = {
    "boot": "boot a spec's kernel on Xen as every kind of guest, and judge what they report"
}
