# SPDX-License-Identifier: GPL-2.0-only
"""From an ``Interface`` to C: templates, kernel style, and files written if they differ."""
