# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time-outs that take no time: the request that gets no answer is given up at once, and no other one ever is.

With real time-outs a busy machine gives up requests that no fault was planned for. So the proxy says which request gets
no answer, and closes its connection; the client's socket makes a time-out of that end.
"""

from __future__ import annotations

import socket
import ssl
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.module_utils._http import client
from urllib3.util import connection

# Seconds between two bytes of an answer that drips: more than any client waits for the whole of it.
LONG_SECONDS = 100_000.0


class Patience:
    """What proxy and client share.

    C(endless) is how often the client would have waited for ever, because it had set no time-out.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unanswered: set[int] = set()
        self._seconds = 0.0
        self.endless = 0

    def give_no_answer(self, port: int) -> None:
        """Let the client that has a port time out; the connection is closed right after."""
        with self._lock:
            self._unanswered.add(port)

    def take_long(self) -> None:
        """Let more time go by than any answer may take."""
        self._seconds += LONG_SECONDS

    def monotonic(self) -> float:
        """Return the seconds that count against the time for a whole answer."""
        return self._seconds

    def must_give_up(self, port: int, timeout: float | None) -> bool:
        """Whether the end of a connection stands for no answer at all."""
        with self._lock:
            if port not in self._unanswered:
                return False
            self._unanswered.remove(port)
            self.endless += timeout is None
            return True

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Let the sockets and the clock of the client follow this."""
        plain, secured = _impatient(socket.socket, self), _impatient(ssl.SSLSocket, self)
        connect = connection.create_connection

        def create_connection(*args: Any, **options: Any) -> Any:
            made = connect(*args, **options)
            timeout = made.gettimeout()
            made = plain(made.family, made.type, made.proto, fileno=made.detach())
            made.settimeout(timeout)
            return made

        patch.setattr(connection, "create_connection", create_connection)
        patch.setattr(ssl.SSLContext, "sslsocket_class", secured)
        patch.setattr(client, "time", SimpleNamespace(monotonic=self.monotonic))


def _impatient(kind: type, patience: Patience) -> Any:
    """Return a kind of socket for which some ends are time-outs."""

    class Impatient(kind):  # type: ignore[misc, valid-type]
        def recv_into(self, *args: Any) -> int:
            try:
                size, broken = super().recv_into(*args), None
            except ConnectionError as error:
                size, broken = 0, error
            if not size and patience.must_give_up(self.getsockname()[1], self.gettimeout()):
                raise socket.timeout("timed out")
            if broken:
                raise broken
            return size

    return Impatient
