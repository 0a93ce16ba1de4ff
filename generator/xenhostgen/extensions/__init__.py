# SPDX-License-Identifier: GPL-2.0-only
"""What builds on the core, and is never imported by it: one package an extension."""
