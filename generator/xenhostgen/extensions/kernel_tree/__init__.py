# SPDX-License-Identifier: GPL-2.0-only
"""Real kernel trees. In order: source (read a file), spots (find a place), place (put fragments there), bytes (prove
the result by git's ids), apply (write it into a tree, or take it out), build; below ``boot`` what boots it on Xen.
"""

HOOKS = {"check kernel": ("build:KernelBuild",), "tree": ("kernel_slice:judged_tree",)}
COMMANDS = {"apply": "write a spec into a kernel tree, or take it out"}
