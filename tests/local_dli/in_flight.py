# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests are handled concurrently, counted, and limited where the behaviour says so."""

from __future__ import annotations

import threading
from typing import Any, Callable

Application = Callable[[dict[str, Any], Callable[..., Any]], Any]


class InFlight:
    """The requests between their arrival and their answer.

    ``most`` is the largest number of them in flight since the last reset, those that were refused among them. A
    request counts from when the web server hands it over, so its latency is in it, until its answer is made, so that
    never more are counted than a client has sent and not yet seen answered.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self._admitted = 0
        self.most = 0

    def counting(self, application: Application) -> Application:
        """Return a WSGI application that counts its requests and does what this one does."""

        def counted(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            with self._lock:
                self._now += 1
                self.most = max(self.most, self._now)
            try:
                return application(environ, start_response)
            finally:
                with self._lock:
                    self._now -= 1

        return counted

    def admit(self, limit: int | None) -> bool:
        """Let a request act, unless as many as the limit already do. Each that was let in has to ``leave``."""
        with self._lock:
            if limit is not None and self._admitted >= limit:
                return False
            self._admitted += 1
            return True

    def leave(self) -> None:
        """End the acting of a request that was let in."""
        with self._lock:
            self._admitted -= 1

    def reset(self) -> None:
        """Count anew, beginning with the requests that are being handled now."""
        with self._lock:
            self.most = self._now
