# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait for something, but not for ever."""

from __future__ import annotations

import time
from typing import Callable, TypeVar

T = TypeVar("T")


def until(read: Callable[[], T], seconds: float, what: str, pause: float = 0.1) -> T:
    """Read again and again until what is read is true, and return it.

    :param seconds: for how long; it reads at least once.
    :param what: completes the sentence "After 10 s there is still no ...".
    :param pause: seconds between two reads.
    :raises TimeoutError: when the time is over.
    """
    deadline = time.monotonic() + seconds
    while True:
        seen = read()
        if seen:
            return seen
        if time.monotonic() >= deadline:
            raise TimeoutError(f"After {seconds:g} s there is still no {what}.")
        time.sleep(pause)
