# SPDX-License-Identifier: GPL-2.0-only
"""Real kernel trees.

In order: git (its command and ids), patching (patches made and applied by it), carry (what a spec
can't say), c_tree (C by tree-sitter), kernel_file (read a file), insertion (find a place), placing
(put fragments there), apply (write into a tree, or take out), build; reduction and kernel_slice cut
from a tree what is the interface's, so that it can be judged.
"""

HOOKS = {
    "check kernel": ("build:KernelBuild",),
    "needs kernel": ("build:obstacles",),
    "tree": ("kernel_slice:judged_tree",),
    "rendering": ("carry:with_carry",),
}
COMMANDS = {"apply": "write a spec into a kernel tree, or take it out"}
