# SPDX-License-Identifier: GPL-2.0-only
"""The commands ``show`` and ``report``."""
