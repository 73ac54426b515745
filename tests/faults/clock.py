# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time that module, service and proxy share: pauses take none, while real time-outs still work."""

from __future__ import annotations

import time


class HurriedClock:
    """Real time plus all that was slept.

    C(slept) is the number of seconds that were slept so far, which took no time.
    """

    def __init__(self) -> None:
        self.slept = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
