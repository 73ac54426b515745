# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A web server on 127.0.0.1 that runs in a thread of the tests: cheroot's, with what tests need otherwise."""

from __future__ import annotations

import threading
from typing import Any

from cheroot import wsgi
from cheroot.server import HTTPConnection
from cheroot.workers.threadpool import ThreadPool


class _Connection(HTTPConnection):
    """A connection that forgets what it could not send.

    cheroot leaves the writer of a client that has gone to the garbage collector, with the bytes that it still holds.
    To send them then fails with "Bad file descriptor", in whatever test runs at that moment.
    """

    def close(self) -> None:
        try:
            super().close()
        finally:
            self.wfile.raw.close()


class _Workers(ThreadPool):
    """Threads that are not waited for; cheroot sleeps 0.1 seconds when one of them is not ready at once."""

    def grow(self, amount: int) -> None:
        # cheroot's types leave out what is not public.
        new = [self._spawn_worker() for _thread in range(amount)]  # type: ignore[attr-defined]
        self._threads.extend(new)  # type: ignore[attr-defined]


class WebServer(wsgi.Server):
    """A WSGI application, served until it is ended.

    :param port: 0 takes a free one.
    :param threads: so many requests are handled concurrently; more wait for their turn.
    """

    ConnectionClass = _Connection

    def __init__(self, application: Any, *, port: int = 0, threads: int) -> None:
        super().__init__(("127.0.0.1", port), application)
        self.requests = _Workers(self, min=threads, max=threads)
        # By default cheroot keeps ten idle connections and closes all others after their response, and lets five wait.
        self.keep_alive_conn_limit = None  # type: ignore[assignment]  # documented as unlimited
        self.request_queue_size = 128
        # How often cheroot searches for idle connections is also how long it takes to stop.
        self.expiration_interval = 0.01
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        return self.bind_addr[1]

    def begin(self) -> None:
        """Listen; requests are handled from now on."""
        self.prepare()
        self._thread = threading.Thread(target=self.serve, name="web-server", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Close the port and all connections."""
        self.stop()
        if self._thread is not None:
            self._thread.join()
