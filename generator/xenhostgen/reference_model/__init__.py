# SPDX-License-Identifier: GPL-2.0-only
"""The reference model: the documented rules of registry and boot in plain Python."""
