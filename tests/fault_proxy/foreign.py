# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that nothing may ever be sent to: where a redirect points."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType

from fault_proxy.wire import Message, answer, read_message


class ForeignHost:
    """Listens on a port of its own, keeps every request that arrives, and answers each as if all were well."""

    def __init__(self) -> None:
        self.arrived: list[Message] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, name="foreign-host", daemon=True)

    @property
    def url(self) -> str:
        """Where it is, without a slash at its end."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> ForeignHost:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                conn = self._listener.accept()[0]
            except OSError:
                return
            with conn, conn.makefile("rb") as stream, contextlib.suppress(OSError, ValueError):
                request = read_message(stream)
                if request is not None:
                    self.arrived.append(request)
                    conn.sendall(answer(200, b'{"is_success": true}', Connection="close").encoded())
