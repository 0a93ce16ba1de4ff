# SPDX-License-Identifier: GPL-2.0-only
"""Wrong versions of the rendered C, and how many of them verification notices."""

COMMANDS = {"mutate": "measure the checks: which faults in the C do they miss?"}
