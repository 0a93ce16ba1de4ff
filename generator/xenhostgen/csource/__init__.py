# SPDX-License-Identifier: GPL-2.0-only
"""What the tool knows about C, and nothing about specs.

``tokens`` cuts any text into tokens. ``preprocess`` runs the compiler's preprocessor under limits,
``facts`` lists what one file declares (by pycparser), and ``objects`` and ``debug_info`` tell what
a compiler made of it: types, layouts, sections. ``makefile`` reads kbuild Makefiles. ``shim/`` is
the small include tree that stands in for the kernel's headers, both when parsing and when generated
C is compiled to run in user space.
"""
