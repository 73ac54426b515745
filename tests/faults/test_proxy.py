# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy of faults, seen by a plain client: each fault does what it says, and nothing else goes wrong."""

from __future__ import annotations

import email.utils
import itertools
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
import trustme

from fault_proxy import FAULTS, Fault, FaultProxy
from fault_proxy.faults import DEPTH, DRIP_SECONDS, HUGE_BYTES, LONGEST_SILENCE_SECONDS, RETRY_DATE_SECONDS
from faults.clock import HurriedClock

TIMEOUT = 0.15
PATIENCE = 10.0
SECRET = "a-secret"


class Target(ThreadingHTTPServer):
    """A service that numbers the requests that it gets."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, str, bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def _answer(self) -> None:
        assert isinstance(self.server, Target)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.got.append((self.command, self.path, body))
        answer = json.dumps({"number": len(self.server.got), "is": "é"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 # the names that http.server calls

    def log_message(self, *_args: Any) -> None:  # pylint: disable=arguments-differ
        pass


@pytest.fixture(name="target", scope="module")
def fixture_target() -> Iterator[Target]:
    with Target() as target:
        thread = threading.Thread(target=target.serve_forever, args=(0.01,))
        thread.start()
        yield target
        target.shutdown()
        thread.join()


@pytest.fixture(name="clock", scope="module")
def fixture_clock() -> HurriedClock:
    return HurriedClock()


@pytest.fixture(name="running_proxy", scope="module")
def fixture_running_proxy(target: Target, clock: HurriedClock) -> Iterator[FaultProxy]:
    with FaultProxy(*target.server_address[:2], clock=clock) as proxy:
        yield proxy


@pytest.fixture(name="proxy")
def fixture_proxy(running_proxy: FaultProxy, target: Target) -> FaultProxy:
    target.got.clear()
    running_proxy.reset()
    return running_proxy


@pytest.fixture(name="client")
def fixture_client() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def call(client: requests.Session, proxy: FaultProxy, **options: Any) -> requests.Response:
    given = {"headers": {"X-Auth-Token": SECRET}, "json": {"word": "wörd"}, "allow_redirects": False, **options}
    return client.post(f"{proxy.url}/some/path?q=1", **{"timeout": PATIENCE, **given})


def numbers(target: Target) -> int:
    return len(target.got)


def test_without_a_plan_nothing_is_changed(proxy, target, client):
    for number in range(1, 4):
        answer = call(client, proxy)
        assert (answer.status_code, answer.json()) == (200, {"number": number, "is": "é"})
    assert target.got[0] == ("POST", "/some/path?q=1", b'{"word": "w\\u00f6rd"}')
    assert [(seen.method, seen.path, seen.fault, seen.statuses) for seen in proxy.handled] == [
        ("POST", "/some/path", "", [200])
    ] * 3


def test_a_connection_is_kept_and_an_answer_comes_in_one_piece(proxy, target):
    """In two pieces the second one would wait until the client has acknowledged the first, for 40 ms."""
    request = b"GET /some/path HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as raw:
        for number in range(1, 51):
            raw.sendall(request)
            head, _empty, body = raw.recv(65536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ") and json.loads(body)["number"] == number
    assert proxy.accepted == 1


def test_a_request_in_chunks_is_passed_on(proxy, target, client):
    answer = client.put(proxy.url, data=iter([b"one", b"two"]), timeout=PATIENCE)
    assert answer.status_code == 200
    # The target reads no chunks; what matters is that the next request is still understood.
    assert proxy.handled[0].statuses == [200]


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.kind == "http"])
@pytest.mark.parametrize("index", [0, 1])
def test_the_service_gets_what_the_fault_says_and_only_the_planned_request_is_hit(proxy, target, client, name, index):
    """On a new connection, and on one that was used before."""
    fault = FAULTS[name]
    proxy.reset({index: fault})
    for _number in range(index):
        assert call(client, proxy).status_code == 200
    sees(fault, proxy, client)
    times = {"never": 0, "once": 1, "twice": 2, "late": 0}[fault.delivery]
    assert numbers(target) == index + times
    after = call(client, proxy)
    assert after.status_code == 200
    if fault.delivery == "late" and not fault.late:
        times = 1
    assert after.json()["number"] == numbers(target) == index + times + 1
    proxy.settle()
    times += fault.delivery == "late" and times == 0
    assert numbers(target) == index + times + 1
    assert proxy.handled[index].fault == name and proxy.handled[index].statuses == [200] * times
    assert [seen.fault for number, seen in enumerate(proxy.handled) if number != index] == [""] * (index + 1)
    assert proxy.foreign.arrived == []


def sees(fault: Fault, proxy: FaultProxy, client: requests.Session) -> None:
    """Make a request and check what the client sees of this fault."""
    name = fault.name
    if name.startswith("reset"):
        with pytest.raises(requests.ConnectionError, match="reset by peer"):
            call(client, proxy)
    elif name.startswith("hang") or fault.delivery == "late":
        with pytest.raises(requests.ReadTimeout):
            call(client, proxy, timeout=TIMEOUT)
    elif name == "cut":
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
            call(client, proxy)
    elif name == "drip":
        answer = call(client, proxy, stream=True, timeout=TIMEOUT)
        count = 12
        assert DRIP_SECONDS < TIMEOUT < count * DRIP_SECONDS, "each read is in time, and still there is no end"
        assert list(itertools.islice(answer.iter_content(1), count)) == [b" "] * count
        answer.close()
    elif name == "huge":
        answer = call(client, proxy, stream=True)
        assert int(answer.headers["Content-Length"]) > HUGE_BYTES
        assert len(next(answer.iter_content(1 << 20))) == 1 << 20
        answer.close()
    elif name == "bomb":
        answer = call(client, proxy, stream=True)
        assert int(answer.headers["Content-Length"]) < HUGE_BYTES / 100
        assert sum(map(len, itertools.islice(answer.iter_content(1 << 20), 10))) == 10 << 20
        answer.close()
    elif fault.kind == "http":
        before = time.time()
        check_answer(name, call(client, proxy), proxy, before)


def check_answer(name: str, answer: requests.Response, proxy: FaultProxy, before: float) -> None:
    """Check an answer to a request that was sent after a time of day."""
    status, text = answer.status_code, answer.text
    if name.startswith("garbage"):
        assert status == 200 and pytest.raises(ValueError, answer.json)
    elif name.startswith("deep"):
        assert status == (400 if name == "deep_error" else 200) and len(answer.content) == 2 * DEPTH
    elif name.startswith("html"):
        assert status == int(name.split("_")[1]) and "<html>" in text
        assert answer.headers["Content-Type"] == "text/html"
    elif name.startswith("50"):
        assert status == int(name[:3]) and "error_msg" in answer.json()
    elif name.startswith("dli"):
        assert status == 400 and answer.json()["error_code"] == f"DLI.{name.split('_')[1]}"
    elif name.startswith("429"):
        assert status == 429
        after = answer.headers.get("Retry-After")
        if name == "429_date":
            # The date is one of whole seconds.
            seconds = email.utils.parsedate_to_datetime(after).timestamp()
            assert before + RETRY_DATE_SECONDS - 1 <= seconds <= time.time() + RETRY_DATE_SECONDS
        else:
            assert after == {"429": None, "429_seconds": "3", "429_day": "86400"}[name]
    elif name == "401":
        assert status == 401 and answer.json()["error_code"] == "DLI.0013"
    elif name.startswith("twice"):
        first, second = [seen.statuses for seen in proxy.handled][-1], answer.json()["number"]
        assert first == [200, 200] and second == len(proxy.handled) + (name == "twice_second")
    elif name.startswith("redirect"):
        assert status == int(name[-3:]) and answer.headers["Location"] == f"{proxy.foreign.url}/some/path?q=1"
    elif name == "escapes":
        assert status == 400 and {"\x1b", "\n", "\x00", "\u202e"} <= set(answer.json()["error_msg"])
    elif name == "echo":
        words = answer.json()["error_msg"]
        assert status == 400 and SECRET in words and '{"word": "w\\u00f6rd"}' in words
    else:
        header = {"wrong_type": "Content-Type", "gzip": "Content-Encoding", "chunked": "Transfer-Encoding"}[name]
        assert header in answer.headers and answer.headers[header] != "application/json"
        assert answer.json()["is"] == "é"


def test_a_redirect_that_is_followed_is_noticed(proxy, client):
    proxy.reset({0: FAULTS["redirect_307"]})
    call(client, proxy, allow_redirects=True)
    (arrived,) = proxy.foreign.arrived
    assert arrived.header("X-Auth-Token") == SECRET and b"word" in arrived.body


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_refused_connection_is_refused_until_the_proxy_learns_of_it(proxy, target, client, index):
    proxy.reset({index: FAULTS["refuse"]})
    for _number in range(index):
        assert call(client, proxy).status_code == 200
    for _number in range(2):
        with pytest.raises(requests.ConnectionError, match="refused"):
            call(client, proxy)
    proxy.refused()
    assert call(client, proxy).status_code == 200
    assert numbers(target) == index + 1
    proxy.refused()
    assert call(client, proxy).status_code == 200, "nothing was refused, so there is nothing to learn"


def test_a_fault_can_go_on(proxy, target, client):
    proxy.reset({1: FAULTS["refuse"]}, onwards=True)
    assert call(client, proxy).status_code == 200
    for _number in range(3):
        with pytest.raises(requests.ConnectionError, match="refused"):
            call(client, proxy)
        proxy.refused()
    proxy.reset({0: FAULTS["503_before"], 1: FAULTS["500_after"]}, onwards=True)
    assert [call(client, proxy).status_code for _number in range(4)] == [503, 500, 500, 500]
    assert numbers(target) == 4
    proxy.reset()
    assert call(client, proxy).status_code == 200


def test_a_late_request_is_delivered_when_its_time_has_come(proxy, target, client, clock):
    proxy.reset({0: FAULTS["later"]})
    with pytest.raises(requests.ReadTimeout):
        call(client, proxy, json={"late": True}, timeout=TIMEOUT)
    call(client, proxy)
    assert numbers(target) == 1
    clock.sleep(5)
    call(client, proxy)
    assert [b"late" in body for _method, _path, body in target.got] == [False, True, False]


def test_a_reset_breaks_what_is_under_way(proxy):
    proxy.reset({0: FAULTS["drip"]})
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert raw.recv(1) == b"H"
        proxy.reset()
        received = b"".join(iter(lambda: raw.recv(65536), b""))
    assert received.count(b" ") < LONGEST_SILENCE_SECONDS / DRIP_SECONDS / 2, "all would have come, if it had not ended"
    assert proxy.handled == []


@pytest.mark.parametrize("index", [0, 1])
def test_a_certificate_can_be_bad(target, clock, client, index, tmp_path):
    good, bad = trustme.CA(), trustme.CA()
    contexts = []
    for authority in (good, bad):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        contexts.append(context)
    bundle = tmp_path / "ca.pem"
    good.cert_pem.write_to_path(str(bundle))
    target.got.clear()
    with (
        FaultProxy(*target.server_address[:2], clock=clock, tls=tuple(contexts)) as proxy,
        requests.Session() as client,
    ):
        proxy.reset({index: FAULTS["bad_certificate"]})
        for _number in range(index):
            assert call(client, proxy, verify=str(bundle)).status_code == 200
        with pytest.raises(requests.exceptions.SSLError):
            call(client, proxy, verify=str(bundle))
        assert numbers(target) == len(proxy.handled) == index
        assert call(client, proxy, verify=str(bundle)).status_code == 200


def test_the_faults_are_named_as_they_say():
    assert list(FAULTS) == [fault.name for fault in FAULTS.values()]
    for name, fault in FAULTS.items():
        assert name.endswith("_before") <= (fault.delivery == "never")
        assert name.endswith("_after") <= (fault.delivery == "once")
