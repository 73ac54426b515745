# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client that goes away before its answer leaves nothing behind that shows up in another test."""

from __future__ import annotations

import gc
import socket
import struct
import sys
import threading
from typing import Any

import pytest

from local_dli import Behaviour, LocalDli

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def test_what_a_lost_client_was_not_sent_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer with bytes left would send them when it is collected, and Python reports the error wherever it is."""
    asked, gone = threading.Event(), threading.Event()

    def wait_for_the_client_to_go(_latency: float) -> None:
        asked.set()
        gone.wait(10)

    unraisable: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    with LocalDli(Behaviour(latency_seconds=1), sleep=wait_for_the_client_to_go) as service:
        service.jobs.add_many(100, desc="x" * 500)
        path = f"/v1.0/{service.credentials['project_id']}/streaming/jobs?limit=100&show_detail=true"
        head = f"GET {path} HTTP/1.1\r\nHost: local\r\nX-Auth-Token: {service.issue_token()}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2]))) as client:
            client.sendall(head.encode())
            assert asked.wait(10)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        gone.set()
    gc.collect()
    assert [str(error.exc_value) for error in unraisable] == []
