# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy itself: takes requests, lets the planned ones go wrong, and forwards all others as they are.

It works on connections and bytes, so that the client's own HTTP and TLS are under test too. All that could be a matter
of luck between its threads is decided by the order of requests: a late request is delivered before the next one is
handled, and a connection that the next request must not find open is announced as closing.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from fault_proxy.faults import NEVER, Fault
from fault_proxy.foreign import ForeignHost
from fault_proxy.wire import Message, read_message

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass
class Handled:
    """A request that the proxy has seen.

    :param fault: name of the fault that it met, "" for none.
    :param statuses: what the service answered, once for each time that it got the request.
    :param taken: how many bytes of the answer the client has taken, or the system has for it.
    """

    method: str
    path: str
    fault: str = ""
    statuses: list[int] = field(default_factory=list)
    taken: int = 0


class Exchange:
    """One request with what the service answered, and the ways to answer the client.

    ``keep_alive`` can be set to False, to close the connection afterwards.
    """

    def __init__(
        self,
        conn: socket.socket,
        request: Message,
        answers: list[Message],
        foreign_url: str,
        handled: Handled,
        patience: Any,
    ) -> None:
        self.request = request
        self.answers = answers
        self.foreign_url = foreign_url
        self.keep_alive = True
        self.announce_close = False
        self._conn = conn
        self._handled = handled
        self._patience = patience

    def send(self, message: Message) -> None:
        """Send an answer."""
        if self.announce_close:
            message = message.but(Connection="close")
            self.keep_alive = False
        self.send_bytes(message.encoded())

    def send_bytes(self, data: bytes) -> None:
        """Send some bytes of an answer."""
        self._conn.sendall(data)
        self._handled.taken += len(data)

    def reset(self) -> None:
        """Break the connection off, so that the client sees an error and not an end."""
        self._conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.keep_alive = False

    def give_no_answer(self, seconds: float) -> None:
        """Let the client wait until it gives up, or for so many seconds."""
        if self._patience is None:
            self.wait_for_hang_up(seconds)
        else:
            self._patience.give_no_answer(self._conn.getpeername()[1])
            self.keep_alive = False

    def take_long(self) -> None:
        """Let more time go by than the client has for an answer, where that is not the real time."""
        if self._patience is not None:
            self._patience.take_long()

    def wait_for_hang_up(self, seconds: float) -> bool:
        """Wait until the client has closed the connection, and return whether it has."""
        gone = bool(select.select([self._conn], [], [], seconds)[0])
        self.keep_alive = False
        return gone


@dataclass
class _Late:
    """A request that the service gets later."""

    due: float
    request: Message
    handled: Handled


class FaultProxy:
    """A proxy for one service, to be used as a context manager.

    :param clock: has ``monotonic()``; says when a late request is due.
    :param patience: learns which client gets no answer (``give_no_answer(port)``) and of an answer that takes too long
        (``take_long()``), and has the client give up at once; None for clients that wait in real time.
    :param tls: speak TLS with the first context, and with the second one where the certificate is to be bad.

    ``handled`` are the requests since the last reset, and ``accepted`` is the number of connections that they took.
    ``foreign`` is the host to which redirects point.
    """

    def __init__(
        self,
        target_host: str,
        target_port: int,
        *,
        clock: Any = time,
        patience: Any = None,
        tls: tuple[ssl.SSLContext, ssl.SSLContext] | None = None,
    ) -> None:
        self._target = (target_host, target_port)
        self._clock = clock
        self._patience = patience
        self._tls = tls
        self.foreign = ForeignHost()
        self.handled: list[Handled] = []
        self.accepted = 0
        self._plan: dict[int, Fault] = {}
        self._onwards: tuple[int, Fault] | None = None
        self._next = 0
        self._late: list[_Late] = []
        # One request at a time; also keeps the threads of connections that were given up out of the next plan.
        self._lock = threading.RLock()
        self._era = 0
        self._upstream: socket.socket | None = None
        self._upstream_stream: Any = None
        self._connections: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        # Keeps the port while nobody listens on it.
        self._holder = _bound_socket(0)
        self.port = self._holder.getsockname()[1]

    @property
    def url(self) -> str:
        """Where the client has to go, without a slash at its end."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> FaultProxy:
        self.foreign.__enter__()
        self._listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._era += 1
            self._close_listener()
            self._close_connections()
            self._holder.close()
            self._close_upstream()
        self.foreign.__exit__(kind, error, traceback)

    def reset(self, plan: Mapping[int, Fault] | None = None, onwards: bool = False) -> None:
        """Forget all requests and begin a new plan.

        :param plan: for the number of a request, counted from 0, the fault that it meets. A request that is repeated
            counts again, and so does one that never arrives because the connection is refused.
        :param onwards: whether all requests after the last one planned meet its fault too.
        """
        with self._lock:
            self._era += 1
            self._close_connections()
            self.handled = []
            self.accepted = 0
            self.foreign.arrived.clear()
            self._late.clear()
            self._plan = dict(plan or {})
            last = max(self._plan, default=-1)
            self._onwards = (last, self._plan[last]) if onwards and self._plan else None
            self._next = 0
            self._listen()
            self._prepare_next()

    def refused(self) -> None:
        """Learn that a connection was refused, which the proxy itself cannot see; from now on it listens again."""
        with self._lock:
            if self._listener is None:
                self._next += 1
                if self._kind_of_next() != "refuse":
                    self._listen()

    def settle(self) -> None:
        """Deliver all that is still to be delivered late."""
        with self._lock:
            self._deliver_due(NEVER)

    # Connections

    def _listen(self) -> None:
        if self._listener is None:
            self._listener = _bound_socket(self.port)
            self._listener.listen(16)
            threading.Thread(target=self._accept, args=(self._listener,), name="fault-proxy", daemon=True).start()

    def _close_listener(self) -> None:
        if self._listener is not None:
            # Closing alone does not wake the thread that accepts.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                conn = listener.accept()[0]
            except OSError:
                return
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._connections.add(conn)
                self.accepted += 1
                era = self._era
            threading.Thread(target=self._serve, args=(conn, era), name="fault-proxy-connection", daemon=True).start()

    def _close_connections(self) -> None:
        for conn in self._connections:
            with contextlib.suppress(OSError):
                conn.shutdown(socket.SHUT_RDWR)

    def _serve(self, plain: socket.socket, era: int) -> None:
        conn = plain
        try:
            bad = self._takes_bad_certificate()
            if self._tls:
                conn = self._tls[bad].wrap_socket(plain, server_side=True)
            with self._lock:
                self._connections.add(conn)  # TLS has made another object of it
            with conn.makefile("rb") as stream:
                while True:
                    request = read_message(stream)
                    if request is None or not self._handle(conn, request, era, bad):
                        return
        except (OSError, ValueError):
            return  # the client has gone
        finally:
            with self._lock:
                self._connections -= {plain, conn}
            conn.close()

    def _takes_bad_certificate(self) -> bool:
        """Whether this is the connection whose certificate is bad; the request that it is made for counts as seen."""
        with self._lock:
            bad = self._kind_of_next() == "certificate"
            self._next += bad
            return bad

    # Requests

    def _fault(self, index: int) -> Fault | None:
        if self._onwards and index >= self._onwards[0]:
            return self._onwards[1]
        return self._plan.get(index)

    def _kind_of_next(self) -> str:
        fault = self._fault(self._next)
        return fault.kind if fault else ""

    def _prepare_next(self) -> bool:
        """Make ready for the next request, and return whether it must not come over a connection that is open."""
        kind = self._kind_of_next()
        if kind == "refuse":
            self._close_listener()
        return kind in ("refuse", "certificate")

    def _handle(self, conn: socket.socket, request: Message, era: int, bad: bool) -> bool:
        """Answer a request; return whether the connection stays open.

        :param bad: whether the client has taken a bad certificate on this connection.
        """
        with self._lock:
            if era != self._era:
                return False
            self._deliver_due(self._clock.monotonic())
            fault = None if bad else self._fault(self._next)
            if fault and fault.kind != "http":
                # What happens to a connection cannot happen to one of several that were open before.
                fault = None
            name = "bad_certificate" if bad else fault.name if fault else ""
            method, target = request.start.split(" ")[:2]
            handled = Handled(method, target.partition("?")[0], name)
            self.handled.append(handled)
            self._next += not bad
            answers: list[Message] = []
            if fault is None or fault.reply is None or fault.delivery in ("once", "twice"):
                answers.append(self._deliver(request, handled))
            if fault and fault.delivery == "twice":
                answers.append(self._deliver(request, handled))
            if fault and fault.delivery == "late":
                self._late.append(_Late(self._clock.monotonic() + fault.late, request, handled))
            exchange = Exchange(conn, request, answers, self.foreign.url, handled, self._patience)
            exchange.announce_close = self._prepare_next()
        # Without the lock: the client may be gone and call again before the fault has seen it.
        if fault and fault.reply:
            fault.reply(exchange)
        else:
            exchange.send(answers[0])
        return exchange.keep_alive

    def _deliver_due(self, now: float) -> None:
        due = [late for late in self._late if late.due <= now]
        self._late = [late for late in self._late if late.due > now]
        for late in due:
            self._deliver(late.request, late.handled)

    def _deliver(self, request: Message, handled: Handled) -> Message:
        """Give the service a request and return its answer."""
        # The service may have closed a connection that was idle for long.
        if self._upstream and select.select([self._upstream], [], [], 0)[0]:
            self._close_upstream()
        if self._upstream is None:
            self._upstream = socket.create_connection(self._target)
            self._upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._upstream_stream = self._upstream.makefile("rb")
        self._upstream.sendall(request.raw)
        answer = read_message(self._upstream_stream)
        if answer is None:
            raise ConnectionError("the service has closed the connection without an answer")
        if answer.header("Connection").lower() == "close":
            self._close_upstream()
        handled.statuses.append(int(answer.start.split(" ")[1]))
        return answer

    def _close_upstream(self) -> None:
        if self._upstream is not None:
            self._upstream_stream.close()
            self._upstream.close()
            self._upstream = None


def _bound_socket(port: int) -> socket.socket:
    """Return a socket that has a port, together with others of this proxy; 0 takes a free one."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound
