# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting: ask, pause, ask again, with pauses that start short and grow, until done or out of time."""

from __future__ import annotations

import time

from ansible_collections.otc.dli.plugins.module_utils._errors import WaitTimeout

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
GROWTH = 1.5


def wait_until(ask, is_done, timeout: float, describe, clock=time):
    """Call C(ask) until C(is_done) of its answer, and return that answer. It asks at least once.

    :param timeout: seconds after which to give up.
    :param describe: callable that makes the sentence for a time-out from the last answer.
    :param clock: has C(monotonic()) and C(sleep(seconds)); the time module, but for tests.
    :raises WaitTimeout: when time is up.
    """
    deadline = clock.monotonic() + timeout
    pause = FIRST_PAUSE_SECONDS
    while True:
        answer = ask()
        if is_done(answer):
            return answer
        left = deadline - clock.monotonic()
        if left <= 0:
            raise WaitTimeout(describe(answer), getattr(answer, "status", None))
        clock.sleep(min(pause, left))
        pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)
