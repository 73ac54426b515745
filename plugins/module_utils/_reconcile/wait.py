# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting: ask, pause, ask again, with pauses that start short and grow, until done or out of time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from .._errors import WaitTimeout
from .._progress import Progress

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
GROWTH = 1.5
# How long the service may take to show what it has accepted. Whether it takes any time at all is not documented.
GRACE_SECONDS = 15.0


@dataclass(frozen=True)
class Waiting:
    """How a task waits for what it has asked the service for.

    :param wait: whether to wait for the end of the last step; between steps it always waits.
    :param timeout: seconds to wait at most, for each step.
    :param progress: is told what happens meanwhile.
    :param clock: has C(monotonic()) and C(sleep(seconds)); the time module, but for tests.
    """

    wait: bool = True
    timeout: float = 900.0
    progress: Progress = Progress()
    clock: Any = time


def watch(ask, is_done, seconds: float, clock=time):
    """Call C(ask), at least once, until C(is_done) of its answer or until time is up; return the last answer.

    :param clock: has C(monotonic()) and C(sleep(seconds)); the time module, but for tests.
    """
    deadline = clock.monotonic() + seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        response = ask()
        left = deadline - clock.monotonic()
        if is_done(response) or left <= 0:
            return response
        clock.sleep(min(pause, left))
        pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)


def wait_until(ask, is_done, timeout: float, describe, clock=time):
    """As M(watch), but not to be done in time is an error.

    :param describe: callable that makes the sentence for a time-out from the last answer.
    :raises WaitTimeout: when time is up.
    """
    response = watch(ask, is_done, timeout, clock)
    if not is_done(response):
        raise WaitTimeout(describe(response), response)
    return response
