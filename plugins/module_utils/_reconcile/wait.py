# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting: read, pause, read again, with pauses that start short and grow, until done or out of time."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from .._errors import WaitTimeout
from .._progress import Progress
from .effects import Pause, Steps

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
GROWTH = 1.5
# How long the service may take to show what it has accepted. Whether it takes any time at all is not documented.
GRACE_SECONDS = 15.0
# How long something unexpected must stay as it is before it is believed, and how often it is read meanwhile: a read
# may come from a replica that is behind (the vendor's clients wait for what was accepted to show).
CONFIRM_SECONDS = 3.0
CONFIRM_READS = 2
# How often a plan is made anew where others change the job between two requests.
MOST_PLANS = 3


class Waiting(NamedTuple):
    """How a task waits for what it has asked the service for.

    :param wait: whether to wait for the end of the last step; between steps it always waits.
    :param timeout: seconds to wait at most, for each step.
    :param progress: is given what happens meanwhile.
    :param clock: has C(monotonic()) and C(sleep(seconds)); the time module, but for tests.
    """

    wait: bool = True
    timeout: float = 900.0
    progress: Progress = Progress()
    clock: Any = time

    @property
    def grace(self) -> float:
        """Seconds that what the service has accepted gets to show, where a step may not take so long."""
        return min(GRACE_SECONDS, self.timeout)


def watch(ask, is_done, seconds: float, now) -> Steps:
    """Ask, at least once, until C(is_done) of the outcome or until time is up; return the last outcome.

    :param ask: callable that returns steps (see M(effects)), whose outcome it is about.
    :param now: callable that returns the time in seconds.
    """
    deadline = now() + seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        outcome = yield from ask()
        left = deadline - now()
        if is_done(outcome) or left <= 0:
            return outcome
        yield Pause(min(pause, left))
        pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)


def wait_until(ask, is_done, timeout: float, describe, now) -> Steps:
    """As M(watch), but not to be done in time is an error.

    :param describe: callable that makes the sentence for a time-out from the last outcome.
    :raises WaitTimeout: when time is up.
    """
    done = False

    def is_done_now(outcome):
        nonlocal done
        done = is_done(outcome)
        return done

    outcome = yield from watch(ask, is_done_now, timeout, now)
    if not done:
        raise WaitTimeout(describe(outcome), outcome)
    return outcome
