# SPDX-License-Identifier: GPL-2.0-only
"""Real kernel trees.

In order: c_tree (C by tree-sitter), kernel_file (read a file), insertion (find a place), placing
(put fragments there), git (its command and ids), apply (write into a tree, or take out), build;
reduction and kernel_slice cut from a tree what is the interface's, so that it can be judged.
"""

HOOKS = {
    "check kernel": ("build:KernelBuild",),
    "needs kernel": ("build:obstacles",),
    "tree": ("kernel_slice:judged_tree",),
}
COMMANDS = {"apply": "write a spec into a kernel tree, or take it out"}
