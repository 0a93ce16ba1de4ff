# SPDX-License-Identifier: GPL-2.0-only
"""From a declarative spec of a host interface to kernel C, its verification and its patch series."""

__version__ = "1.0.0"
