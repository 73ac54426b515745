# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests and answers as bytes: as much of HTTP/1.1 as it takes to pass them on, or to spoil them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class Message:
    """A request or an answer.

    :param start: its first line, such as ``GET / HTTP/1.1`` or ``HTTP/1.1 200 OK``.
    :param headers: pairs of name and value, in their order.
    :param body: the body, put together when it came in chunks.
    :param raw: all bytes as they came; empty for a message that was made here.
    """

    start: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    raw: bytes = b""

    def header(self, name: str) -> str:
        """Return the value of a header, "" when there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def but(self, **headers: str) -> Message:
        """Return this message with other headers; an empty value takes one away, ``_`` in a name stands for ``-``."""
        new = {name.replace("_", "-").lower(): (name.replace("_", "-"), value) for name, value in headers.items()}
        kept = [pair for pair in self.headers if pair[0].lower() not in new]
        return Message(self.start, (*kept, *(pair for pair in new.values() if pair[1])), self.body)

    def head(self) -> bytes:
        """Return the message without its body, as bytes."""
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def encoded(self) -> bytes:
        """Return the message as bytes."""
        return self.raw or self.head() + self.body


def answer(status: int, body: bytes, content_type: str = "application/json", **headers: str) -> Message:
    """Return an answer that was made here; ``_`` in the name of a header stands for ``-``."""
    start = f"HTTP/1.1 {status} Made-Up"
    return Message(start, body=body).but(Content_Type=content_type, Content_Length=str(len(body)), **headers)


def read_message(stream: BinaryIO) -> Message | None:
    """Return the next message, None at the end of the stream.

    :raises OSError: the connection is gone in the middle of a message.
    """
    start = stream.readline()
    if not start.strip():
        return None
    raw, headers = [start], []
    while True:
        line = stream.readline()
        raw.append(line)
        if not line.endswith(b"\n"):
            raise ConnectionError("the connection ended in the middle of a head")
        if not line.strip():
            break
        name, _colon, value = line.decode("latin-1").partition(":")
        headers.append((name.strip(), value.strip()))
    head = Message(start.decode("latin-1").strip(), tuple(headers))
    if head.header("Transfer-Encoding").lower() == "chunked":
        body = _read_chunks(stream, raw)
    else:
        body = stream.read(int(head.header("Content-Length") or 0))
        raw.append(body)
    return Message(head.start, head.headers, body, b"".join(raw))


def _read_chunks(stream: BinaryIO, raw: list[bytes]) -> bytes:
    """Return the body that comes in chunks, and add the bytes as they came to ``raw``."""
    parts = []
    while True:
        line = stream.readline()
        size = int(line.partition(b";")[0], 16)
        part = stream.read(size)
        raw += [line, part, stream.readline()]
        if not size:
            return b"".join(parts)
        parts.append(part)
