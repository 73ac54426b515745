# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lost connection, with a proxy and without, over real TLS: no write is taken for unsent that may have been sent."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from contextlib import suppress

import pytest
import trustme
from ansible_collections.otc.dli.plugins.module_utils import _errors
from ansible_collections.otc.dli.plugins.module_utils._http.client import HttpClient

from lifecycle_clock import Clock

pytestmark = pytest.mark.any_core

HOST = "dli.example"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Peer:
    """Plays a proxy and the service behind it, or the service alone: on each connection the same steps.

    C(connections) is how many there were, C(taken) the first line of each request that came to the service.
    """

    def __init__(self, certificate, steps) -> None:
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self._tls)
        self._steps = steps
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0
        self.taken: list[str] = []

    def __enter__(self) -> Peer:
        self._thread.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self):
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            connection.settimeout(5)
            self.connections += 1
            # A client that trusts no certificate, or has what it wants, goes away in the middle.
            with suppress(OSError):
                for step in self._steps:
                    connection = getattr(self, f"_{step}")(connection) or connection
            connection.close()

    def _refuse(self, connection):
        _read_request(connection)
        connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    def _want_a_user(self, connection):
        _read_request(connection)
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    def _forbid(self, connection):
        _read_request(connection)
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    def _misunderstand(self, connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    def _greet(self, connection):
        connection.sendall(b"220 ready, but not for TLS\r\n")

    def _alert(self, connection):
        """A fatal alert, as TLS writes it where it has no version or cipher in common with the other side."""
        connection.recv(65536)
        connection.sendall(b"\x15\x03\x03\x00\x02\x02\x28")

    def _tunnel(self, connection):
        assert _read_request(connection).startswith(b"CONNECT ")
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

    def _encrypt(self, connection):
        return self._tls.wrap_socket(connection, server_side=True)

    def _take(self, connection):
        self.taken.append(_read_request(connection).partition(b"\r\n")[0].decode())

    def _answer(self, connection):
        connection.sendall(ANSWER)

    def _hear(self, connection):
        connection.recv(65536)

    def _reset(self, connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data or (data.startswith(b"POST") and not data.endswith(b"}")):
        piece = connection.recv(65536)
        if not piece:
            raise OSError("the client went away")
        data += piece
    return data


@pytest.fixture(name="authority", scope="module")
def fixture_authority():
    return trustme.CA()


@pytest.fixture(name="client")
def fixture_client(authority, tmp_path, monkeypatch):
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    client = HttpClient(str(bundle), timeout=5, clock=Clock())
    yield client
    client.close()


def post(client, url):
    return client.request("POST", f"{url}/x", body={"a": 1})


ENCRYPTED = ("tunnel", "encrypt", "take")
# What the proxy and the service do, whether the request may have been sent, and how many of it came to the service.
BEHIND_A_PROXY = {
    "refused by the proxy": (("refuse",), False, 0),
    "reset instead of a tunnel": (("hear", "reset"), True, 0),
    "closed instead of a tunnel": (("hear",), True, 0),
    "reset in the handshake": (("tunnel", "hear", "reset"), True, 0),
    "reset before the answer": ((*ENCRYPTED, "reset"), True, 1),
    "closed before the answer": (ENCRYPTED, True, 1),
    "reset before the second answer": ((*ENCRYPTED, "answer", "take", "reset"), True, 2),
}


@pytest.mark.parametrize(("steps", "sent", "times"), BEHIND_A_PROXY.values(), ids=BEHIND_A_PROXY)
def test_a_write_behind_a_proxy_is_sent_again_only_when_it_was_not_sent(
    client, authority, monkeypatch, steps, sent, times
):
    with Peer(authority.issue_cert(HOST), steps) as peer:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{peer.address}")
        if "answer" in steps:
            assert post(client, f"https://{HOST}") == {}
        with pytest.raises(_errors.ConnectionFailed) as caught:
            post(client, f"https://{HOST}")
    assert caught.value.sent is sent
    assert peer.taken == ["POST /x HTTP/1.1"] * times
    assert (peer.connections > 1) is not sent
    assert ("the proxy did not connect" in str(caught.value)) is not sent


def test_a_proxy_that_cannot_be_reached_was_sent_nothing(client, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(
            _errors.ConnectionFailed, match=r"the proxy did not connect \(Connection refused\)"
        ) as caught:
            post(client, f"https://{HOST}")
    assert caught.value.sent is False


def test_a_proxy_without_an_address_was_sent_nothing(client, monkeypatch):
    def unknown(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    with pytest.raises(_errors.ConnectionFailed, match="Name or service not known") as caught:
        post(client, f"https://{HOST}")
    assert caught.value.sent is False


DIRECT = {
    "https, reset in the handshake": ("https", ("hear", "reset"), 0, "Connection reset by peer"),
    # Not every TLS library distinguishes a reset from an end.
    "https, reset before the answer": ("https", ("encrypt", "take", "reset"), 1, "(Connection reset .*|RemoteDisc.*)"),
    "https, closed before the answer": ("https", ("encrypt", "take"), 1, "RemoteDisconnected"),
    "http, reset before the answer": ("http", ("take", "reset"), 1, "Connection reset by peer"),
    "http, closed before the answer": ("http", ("take",), 1, "RemoteDisconnected"),
}


@pytest.mark.parametrize(("scheme", "steps", "times", "words"), DIRECT.values(), ids=DIRECT)
def test_a_write_whose_connection_broke_may_have_been_sent(client, authority, scheme, steps, times, words):
    with Peer(authority.issue_cert("127.0.0.1"), steps) as peer:
        with pytest.raises(_errors.ConnectionFailed, match=rf": {words}\.$") as caught:
            post(client, f"{scheme}://{peer.address}")
    assert caught.value.sent is True
    assert peer.taken == ["POST /x HTTP/1.1"] * times and peer.connections == 1


@pytest.mark.parametrize("through_proxy", [False, True])
@pytest.mark.parametrize("fault", ["other authority", "other name"])
def test_with_a_wrong_certificate_nothing_was_sent_and_nothing_is_sent_again(
    client, authority, monkeypatch, fault, through_proxy
):
    issuer = trustme.CA() if fault == "other authority" else authority
    name = "other.example" if fault == "other name" else HOST if through_proxy else "127.0.0.1"
    with Peer(issuer.issue_cert(name), ["tunnel"] * through_proxy + ["encrypt", "take", "answer"]) as peer:
        if through_proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://{peer.address}")
        with pytest.raises(
            _errors.ConnectionFailed, match=r"could not be verified \(.* .*\); see the option"
        ) as caught:
            post(client, f"https://{HOST if through_proxy else peer.address}")
    assert (caught.value.sent, caught.value.lasting) == (False, True)
    assert peer.taken == [] and peer.connections == 1


ANYWHERE = "that address, or the one of the proxy in HTTPS_PROXY of the environment, is not valid"
NO_TLS = "there is no TLS at that port; check the port, and whether it is http instead of https"
# What does not change by itself: what a peer does on each connection, how the proxy is named ("" for none, "peer" for
# that peer), and the words.
LASTING = {
    "a proxy that wants a user": (
        ("want_a_user",),
        "http://peer",
        "the proxy did not connect, because it takes no user or another one than HTTPS_PROXY has (HTTP 407)",
    ),
    "a proxy that does not take the user": (
        ("want_a_user",),
        "http://user:our-password@peer",
        "the proxy did not connect, because it takes no user or another one than HTTPS_PROXY has (HTTP 407)",
    ),
    "a proxy that forbids": (("forbid",), "http://peer", "the proxy did not connect (HTTP 403)"),
    "a proxy without TLS": (
        ("misunderstand",),
        "https://peer",
        "the proxy does not speak TLS; HTTPS_PROXY has to name it with http://",
    ),
    "SOCKS without its library": (
        (),
        "socks5://peer",
        "HTTPS_PROXY of the environment names a SOCKS proxy, for which the Python library PySocks is missing",
    ),
    "a proxy without a host": ((), "http://", ANYWHERE),
    "a proxy with half of an address": ((), "http://[::1", ANYWHERE),
    "a proxy with a port that is none": ((), "http://127.0.0.1:99999", ANYWHERE),
    "a proxy with a # in its password": ((), "http://user:our#password@127.0.0.1:1", ANYWHERE),
    "a proxy of another scheme": ((), "ftp://127.0.0.1:1", ANYWHERE),
    "plain http": (("misunderstand",), "", NO_TLS),
    "another protocol": (("greet", "hear"), "", NO_TLS),
    "no version or cipher in common": (
        ("alert",),
        "",
        "it accepts TLS in no version, or with no cipher, that this host has",
    ),
    "a proxy whose password no header can carry": (
        (),
        "http://user:our-\u20ac-password@127.0.0.1:1",
        "user and password of the proxy in HTTPS_PROXY of the environment hold a character that cannot be sent",
    ),
}


@pytest.mark.parametrize(("steps", "proxy", "words"), LASTING.values(), ids=LASTING)
def test_what_does_not_change_by_itself_ends_at_once(client, authority, monkeypatch, steps, proxy, words):
    with Peer(authority.issue_cert(HOST), steps) as peer:
        if proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.replace("peer", peer.address))
        with pytest.raises(_errors.ConnectionFailed) as caught:
            client.request("GET", f"https://{HOST if proxy else peer.address}/x")
    host = HOST if proxy else peer.address
    assert str(caught.value) == f"No response from {host} to GET /x: {words}."
    assert caught.value.lasting and client.repeated == 0
    assert "our" not in str(caught.value)
    assert peer.connections == (1 if steps else 0)


def test_a_proxy_that_is_not_found_ends_at_once(client, monkeypatch):
    def unknown(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    with pytest.raises(_errors.ConnectionFailed) as caught:
        client.request("GET", f"https://{HOST}/x")
    assert caught.value.lasting and client.repeated == 0


def test_tls_at_the_port_of_a_plain_address_ends_at_once(client, authority):
    """It may have been sent all the same: what has read it is not known."""
    with Peer(authority.issue_cert(HOST), ("alert",)) as peer:
        with pytest.raises(_errors.ConnectionFailed) as caught:
            client.request("GET", f"http://{peer.address}/x")
    assert str(caught.value).endswith("there is TLS at that port; the address has to begin with https.")
    assert (caught.value.lasting, peer.connections) == (True, 1)


@pytest.mark.parametrize("number", ["EAI_NONAME", "EAI_NODATA"])
def test_a_name_without_an_address_ends_at_once(client, monkeypatch, number):
    asked = []

    def unknown(*_args, **_options):
        asked.append(1)
        raise socket.gaierror(getattr(socket, number), "No address")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(_errors.ConnectionFailed, match="No address") as caught:
        client.request("GET", f"https://{HOST}/x")
    assert (caught.value.sent, caught.value.lasting, len(asked)) == (False, True, 1)
