# SPDX-License-Identifier: GPL-2.0-only
"""Generates kernel C from a spec of a host interface, verifies it and sends it as patches."""

__version__ = "2.0.0"
