# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clock by which modules wait here. Their processes import it, so it is by itself."""

from __future__ import annotations

import time

# How much faster than real time modules wait. What the service and Flink do takes its real time.
PACE = 3.0


class FastClock:
    """Real time, but PACE seconds in one."""

    def monotonic(self) -> float:
        return time.monotonic() * PACE

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / PACE)
