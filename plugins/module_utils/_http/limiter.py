# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests may be in flight concurrently: no more than allowed, and fewer while the service throttles."""

from __future__ import annotations

import threading


class Limiter:
    """Lets a limited number of threads through, as a context manager.

    Each time the service throttles the limit is halved, and each time that as many requests as the limit have had a
    response since it grows by one, up to what was allowed.

    :param allowed: how many threads may be inside at most.
    """

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._limit = allowed
        self._inside = 0
        self._accepted = 0
        self._changed = threading.Condition()

    def __enter__(self) -> Limiter:
        with self._changed:
            self._changed.wait_for(lambda: self._inside < self._limit)
            self._inside += 1
        return self

    def __exit__(self, *_exception) -> None:
        with self._changed:
            self._inside -= 1
            self._accepted += 1
            if self._accepted >= self._limit and self._limit < self._allowed:
                self._limit += 1
                self._accepted = 0
            self._changed.notify(2)

    def throttled(self) -> None:
        """Let fewer threads through from now on."""
        with self._changed:
            self._limit = max(1, self._limit // 2)
            self._accepted = 0
