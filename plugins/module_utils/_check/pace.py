# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time as the check measures it: how far reads are behind, when something began, and what is said of it.

A read may come from one of several replicas, so each thing is read twice in a row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .facts import NotSeen

# How often is read: often at first, then as a share of the time that has gone by.
_FIRST_PAUSE_SECONDS = 0.2
_SHARE = 0.04
# No lag is longer.
LONGEST_SECONDS = 60.0


def rounded(seconds: float) -> float:
    """Return a time as it is reported: in steps that are larger than what measuring it may be wrong by."""
    step = 1 if seconds < 10 else 5 if seconds < 60 else 60
    return float(max(0, round(seconds / step) * step))


class Pace:
    """The clock of a check, and how long it waits before it reads what it has written.

    :param clock: has C(monotonic()) and C(sleep(seconds)).
    :param timeout: seconds to wait at most for a job to start or to stop.

    C(settling) is how long a write takes at most to show in every read, in seconds, as far as it was measured.
    """

    def __init__(self, clock: Any, timeout: float) -> None:
        self._clock = clock
        self.timeout = timeout
        self.settling = 0.0

    def now(self) -> float:
        """Return the time in seconds."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._clock.sleep(seconds)

    def settle(self) -> None:
        """Wait until what was written shows."""
        if self.settling:
            self.sleep(self.settling)

    def watch(self, read: Callable[[], Any], is_over: Callable[[list[tuple[float, Any]]], bool], seconds: float):
        """Read until it is over, or until time is up; return all that was read, each with the seconds since the begin.

        :param read: callable that returns what it reads.
        :param is_over: callable that says of all that was read whether more is needed.
        """
        begin = self.now()
        reads: list[tuple[float, Any]] = []
        while True:
            before = self.now()
            value = read()
            now = self.now()
            reads.append((now - begin, value))
            if is_over(reads) or now - begin > seconds:
                return reads
            pause = max(_FIRST_PAUSE_SECONDS, (now - begin) * _SHARE)
            # Reading takes time as well.
            self.sleep(max(0.0, pause - (now - before)))


def began(reads: list[tuple[float, Any]], holds: Callable[[Any], bool]) -> float:
    """Return when something began to show: between the first read that shows it and the one before.

    :raises NotSeen: no read shows it.
    """
    before = None
    for since, value in reads:
        if holds(value):
            return 0.0 if before is None else (before + since) / 2
        before = since
    raise NotSeen("it did not show in time")


def ended(reads: list[tuple[float, Any]], holds: Callable[[Any], bool]) -> float:
    """Return when something showed for the last time: between the last read that shows it and the one behind.

    :raises NotSeen: it shows to the end.
    """
    behind = None
    for since, value in reversed(reads):
        if holds(value):
            if behind is None:
                raise NotSeen("it did not end in time")
            return (behind + since) / 2
        behind = since
    return 0.0
