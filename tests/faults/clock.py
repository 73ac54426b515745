# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time that module, service and proxy share: pauses take none of ours, and a busy machine takes none of theirs."""

from __future__ import annotations

import threading

# What each question for the time takes, so that no two moments are the same.
TICK_SECONDS = 0.001


class HurriedClock:
    """A clock that only goes on when somebody sleeps or asks for the time.

    C(slept) is the number of seconds that were slept so far, which took no time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 1000.0
        self.slept = 0.0

    def monotonic(self) -> float:
        with self._lock:
            self._now += TICK_SECONDS
            return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds
            self.slept += seconds
