# SPDX-License-Identifier: GPL-2.0-only
"""What builds on the core: patches, kernel trees, boots, proofs, mutants. The core imports none of it."""
