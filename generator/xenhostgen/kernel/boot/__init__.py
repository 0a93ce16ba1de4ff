# SPDX-License-Identifier: GPL-2.0-only
"""A kernel with the interface, booted on a real Xen as every kind of guest.

In order: suite (the KUnit tests, from the reference model), guests (the kinds of guests), process
(programs with time limits), scratch (kernel and initramfs), run (boot), ktap and judge (what came of it).
"""
