# SPDX-License-Identifier: GPL-2.0-only
"""A kernel with the interface, booted on a real Xen as every kind of guest.

In order: suite (KUnit tests from the reference model), guests (the kinds and their boots), console
(a machine while it runs), run (the work folder, the builds, the boots), transcript (a console
read), judge (what guests report against the model), report.
"""

HOOKS = {"after boot": ("commands.boot:after_verify",)}
COMMANDS = {"boot": "boot a spec's kernel on Xen as every kind of guest, and judge the results"}
