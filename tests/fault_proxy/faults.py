# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The faults: what each does to one request and its answer, and whether the service gets the request.

A fault has two halves. ``delivery`` says what the service gets: the request ``never``, ``once``, ``twice``, or
``late``, which is after the client has given up. ``reply`` says what the client gets.
"""

from __future__ import annotations

import email.utils
import gzip
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

from fault_proxy.wire import Message, answer

if TYPE_CHECKING:
    from fault_proxy.proxy import Exchange

# Silence and dripping end by themselves, so that a client without a time-out of its own hangs for so long only.
LONGEST_SILENCE_SECONDS = 4.0
DRIP_SECONDS = 0.02
# How far in the future a date of Retry-After is.
RETRY_DATE_SECONDS = 5
HUGE_BYTES = 100 * 1024 * 1024
NEVER = float("inf")
ESCAPES = "\x1b[31mred\x1b[0m \x1b]0;title\x07 first line\r\nsecond line\tend\x00\x7f\u202egnp\u2028last"
DEPTH = 200_000


@dataclass(frozen=True)
class Fault:
    """One way in which a request goes wrong.

    :param does: what happens, in words.
    :param reply: gives the client its answer, or none; None for the faults of the connection itself.
    :param delivery: ``never``, ``once``, ``twice`` or ``late``.
    :param late: for a late delivery, the seconds of the proxy's clock from the request until the service gets it; it
        is never before the client has given up. NEVER means: only when FaultProxy.settle is called.
    :param kind: ``http``, or what happens to the connection: ``refuse`` or ``certificate``.
    :param lasting: nobody would try again, because nothing suggests that it could help.
    :param large: the client has to give it up for its size, not for the time that it takes.
    """

    name: str
    does: str
    reply: Callable[[Exchange], None] | None = None
    delivery: str = "never"
    late: float = 0.0
    kind: str = "http"
    lasting: bool = False
    large: bool = False


def _made(status: int, body: bytes, content_type: str = "application/json", **headers: str):
    """Return a reply that is always the same answer."""
    return lambda exchange: exchange.send(answer(status, body, content_type, **headers))


def _error(status: int, code: str, message: str, **headers: str):
    return _made(status, json.dumps({"error_code": code, "error_msg": message}).encode(), **headers)


def _first(exchange: Exchange) -> None:
    exchange.send(exchange.answers[0])


def _last(exchange: Exchange) -> None:
    exchange.send(exchange.answers[-1])


def _reset(exchange: Exchange) -> None:
    exchange.reset()


def _silence(exchange: Exchange) -> None:
    exchange.give_no_answer(LONGEST_SILENCE_SECONDS)


def _cut(exchange: Exchange) -> None:
    full = exchange.answers[0]
    exchange.send_bytes(full.head() + full.body[: len(full.body) // 2])
    exchange.keep_alive = False


def _drip(exchange: Exchange) -> None:
    exchange.send_bytes(answer(200, b"").but(Content_Length="1000000").head())
    end = time.monotonic() + LONGEST_SILENCE_SECONDS
    while time.monotonic() < end and not exchange.wait_for_hang_up(DRIP_SECONDS):
        exchange.take_long()
        exchange.send_bytes(b" ")
    exchange.keep_alive = False


def _huge(exchange: Exchange) -> None:
    exchange.send_bytes(answer(200, b"").but(Content_Length=str(HUGE_BYTES + 2)).head() + b'"')
    block = b"x" * (256 * 1024)
    for _number in range(HUGE_BYTES // len(block)):
        exchange.send_bytes(block)
    exchange.send_bytes(b'"')


def _bomb(exchange: Exchange) -> None:
    # Packed pieces in a row are one packed whole, so there is no need to pack all of it.
    quote, piece = gzip.compress(b'"'), gzip.compress(b"x" * 1024 * 1024)
    packed = quote + piece * (HUGE_BYTES // (1024 * 1024)) + quote
    exchange.send(answer(200, packed, Content_Encoding="gzip"))


def _wrong_type(exchange: Exchange) -> None:
    exchange.send(exchange.answers[0].but(Content_Type="text/plain; charset=latin-1"))


def _gzip(exchange: Exchange) -> None:
    full = exchange.answers[0]
    packed = gzip.compress(full.body)
    head = full.but(Content_Encoding="gzip", Content_Length=str(len(packed)))
    exchange.send(Message(head.start, head.headers, packed))


def _chunked(exchange: Exchange) -> None:
    full = exchange.answers[0]
    parts = [full.body[at : at + 7] for at in range(0, len(full.body), 7)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    head = full.but(Transfer_Encoding="chunked", Content_Length="")
    exchange.send(Message(head.start, head.headers, chunks))


def _redirect(status: int):
    def reply(exchange: Exchange) -> None:
        where = exchange.foreign_url + exchange.request.start.split(" ")[1]
        exchange.send(answer(status, b"", "text/html", Location=where))

    return reply


def _retry_date(exchange: Exchange) -> None:
    date = email.utils.formatdate(time.time() + RETRY_DATE_SECONDS, usegmt=True)
    _error(429, "DLI.0999", "Too many requests.", Retry_After=date)(exchange)


def _echo(exchange: Exchange) -> None:
    """Quote all that was sent: the head as it is, the body as it is and as text in JSON."""
    request = exchange.request
    head = "; ".join(f"{name}: {value}" for name, value in request.headers)
    text = request.body.decode("utf-8", "replace")
    _error(400, "DLI.0001", f"Bad request {request.start} {head} {text}")(exchange)


_PAGE = b"<!DOCTYPE html><html><head><title>Gateway</title></head><body>%b</body></html>" % (b"<p>No</p>" * 300)
_GARBAGE = b"\x00\xff\xfe{]not json" * 20
_DEEP = b"[" * DEPTH + b"]" * DEPTH
_BUSY = {"DLI.0999": "Server-side error.", "DLI.0012": "The request timed out.", "DLI.0019": "Try again later."}


def _before_and_after(name: str, what: str, reply: Callable[[Exchange], None]) -> list[Fault]:
    return [
        Fault(f"{name}_before", f"{what}, and the service never gets the request", reply),
        Fault(f"{name}_after", f"{what}, though the service has carried the request out", reply, "once"),
    ]


_ALL = [
    Fault("refuse", "nobody listens: the connection is refused, until one was", kind="refuse"),
    Fault(
        "bad_certificate",
        "the certificate is of an authority that nobody knows (only with TLS)",
        kind="certificate",
        lasting=True,
    ),
    *_before_and_after("reset", "the connection is reset", _reset),
    *_before_and_after("hang", "there is no answer", _silence),
    Fault("late", "there is no answer; the service gets the request when the client has given up", _silence, "late"),
    Fault("later", "likewise, but 5 seconds after it was sent", _silence, "late", 5.0),
    Fault("too_late", "likewise, but when the client has long ended", _silence, "late", NEVER),
    Fault("cut", "the body ends before its announced length", _cut, "once"),
    Fault("drip", "the body comes byte by byte and does not end", _drip, "once"),
    Fault("huge", "the body has 100 MB", _huge, "once", lasting=True, large=True),
    Fault("bomb", "the body has 100 MB once it is unpacked", _bomb, "once", lasting=True, large=True),
    *_before_and_after("garbage", "HTTP 200 with a body that is no JSON", _made(200, _GARBAGE)),
    *_before_and_after("deep", "HTTP 200 with JSON that is nested very deep", _made(200, _DEEP)),
    *_before_and_after("html_200", "HTTP 200 with a gateway's page", _made(200, _PAGE, "text/html")),
    *_before_and_after("html_502", "HTTP 502 with a gateway's page", _made(502, _PAGE, "text/html")),
    *(
        fault
        for status in (500, 502, 503, 504)
        for fault in _before_and_after(f"{status}", f"HTTP {status}", _error(status, f"APIG.0{status}", "No luck."))
    ),
    *(
        fault
        for code, words in _BUSY.items()
        for fault in _before_and_after(code.replace("DLI.", "dli_"), f"HTTP 400 with {code}", _error(400, code, words))
    ),
    Fault("429", "HTTP 429 without a word on when to come again", _error(429, "APIG.0308", "Too many requests.")),
    Fault("429_seconds", "HTTP 429, to come again in 3 seconds", _error(429, "APIG.0308", "Slow.", Retry_After="3")),
    Fault("429_date", "HTTP 429, to come again at a time that is in 5 seconds", _retry_date),
    Fault(
        "429_day",
        "HTTP 429, to come again in a day",
        _error(429, "APIG.0308", "Slow.", Retry_After="86400"),
        lasting=True,
    ),
    Fault(
        "401",
        "HTTP 401, as for a token that has expired",
        _error(401, "DLI.0013", "The token has expired."),
        lasting=True,
    ),
    Fault("twice_first", "the service gets the request twice, the client its first answer", _first, "twice"),
    Fault("twice_second", "the service gets the request twice, the client its second answer", _last, "twice"),
    Fault("wrong_type", "the answer says that it is text", _wrong_type, "once"),
    Fault("gzip", "the answer is packed", _gzip, "once"),
    Fault("chunked", "the answer comes in chunks", _chunked, "once"),
    Fault("redirect_302", "HTTP 302 to a foreign host", _redirect(302), lasting=True),
    Fault("redirect_307", "HTTP 307 to a foreign host", _redirect(307), lasting=True),
    Fault("escapes", "HTTP 400 with control characters in its words", _error(400, "DLI.0001", ESCAPES), lasting=True),
    Fault("deep_error", "HTTP 400 with JSON that is nested very deep", _made(400, _DEEP), lasting=True),
    Fault("echo", "HTTP 400 with all that was sent in its words", _echo, lasting=True),
]

FAULTS = {fault.name: fault for fault in _ALL}
