# SPDX-License-Identifier: GPL-2.0-only
"""Whether a signal ends this process. The signal handler sets it, and what waits looks at it."""

from threading import Event

ENDING = Event()
"""Once it is set, programs that run for us are ended, in whichever thread somebody waits."""
