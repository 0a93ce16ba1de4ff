# SPDX-License-Identifier: GPL-2.0-only
"""What the tool knows about C, and nothing about specs.

``tokens`` cuts text into tokens and ``declarations`` gathers those into named top-level declarations:
both are tolerant, for they read fragments of patches. ``preprocess`` runs the compiler's preprocessor
under limits, ``canonical`` brings C code to one spelling, and ``facts`` lists what one file defines.
``shim/`` is the small include tree that stands in for the kernel's headers, both when parsing and when
the generated C is compiled to run in user space.
"""
