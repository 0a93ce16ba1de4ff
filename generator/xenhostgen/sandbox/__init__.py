# SPDX-License-Identifier: GPL-2.0-only
"""How programs that see foreign files are run: within limits, and with nothing left running."""
