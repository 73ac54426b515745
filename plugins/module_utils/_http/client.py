# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP for the IAM and DLI APIs: sends one request, returns its JSON, or raises one of our errors.

It knows the shapes of responses, not what they mean for a job: no decisions, no Ansible. _http/retry.py decides which
requests are sent again.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from http.client import BadStatusLine
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import quote, urlencode, urlsplit

from .._errors import (
    AccessDenied,
    AlreadyExists,
    ApiError,
    AuthenticationFailed,
    ConnectionFailed,
    MissingLibrary,
    NotFound,
    RequestError,
    UnexpectedResponse,
)
from .._text import printable
from .._version import VERSION
from .limiter import Limiter
from .retry import is_throttled, next_pause

try:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, InvalidHeader, NewConnectionError, ReadTimeoutError
    from urllib3.util import Retry

    REQUESTS_IMPORT_ERROR = ""
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
else:
    # What is raised around the error that says what happened.
    _WRAPPERS = (requests.exceptions.RequestException, HTTPError)

    class _Session(requests.Session):
        """A session that does not follow a redirect, nor prepare to.

        Even when it is not to follow one, requests would prepare the next request: for that it reads the whole
        response, however large and slow, and it fails in many ways on an address that is none.
        """

        def get_redirect_target(self, resp):
            return None


USER_AGENT = f"otc.dli/{VERSION} (Ansible collection)"
CONNECT_TIMEOUT_SECONDS = 10.0
# A page of a hundred jobs is far below a tenth of this.
LARGEST_RESPONSE_BYTES = 32 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_LONGEST_RETRY_AFTER_SECONDS = 7 * 86400.0

_TUNNEL_FAILED = re.compile(r"Tunnel connection failed: (\d{3})\b")
_PROXY_AUTHENTICATION = 407
_NO_CONTENT = 204
_TEMPORARY_FOR_A_PROXY = (408, 429)
# What OpenSSL calls the first bytes of a peer that speaks something else, by version.
_NOT_TLS = (
    "WRONG_VERSION_NUMBER",
    "RECORD_LAYER_FAILURE",
    "HTTP_REQUEST",
    "UNKNOWN_PROTOCOL",
    "PACKET_LENGTH_TOO_LONG",
)
# What a peer answers, or the library finds, where they have no version or cipher in common; the names end in these.
_NO_COMMON_TLS = ("ALERT_HANDSHAKE_FAILURE", "ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "UNRECOGNIZED_NAME")
# How each alert of TLS begins, in whatever version.
_TLS_ALERT = "\x15\x03"

# What each code means is documented in the API reference ("Error Codes"); 16001 is known from the vendor's
# Terraform provider.
_ERRORS_BY_CODE = {
    "0002": NotFound,
    "0006": AlreadyExists,
    "0013": AuthenticationFailed,
    "0014": AuthenticationFailed,
    "0015": AuthenticationFailed,
    "0016": AccessDenied,
    "0023": NotFound,
    "16001": NotFound,
}


class HttpClient:
    """One HTTP session: pooled connections, time-outs, TLS verification, repetition of what may be repeated.

    :param verify: True to verify certificates with the system's authorities, a path to verify with that
        bundle, False not to verify.
    :param timeout: seconds to wait for one response.
    :param retry_timeout: seconds to go on at most with repeating one request.
    :param concurrency: how many requests may be in flight concurrently; threads may share the client.
    :param clock: has C(monotonic()) and C(sleep(seconds)); the time module, but for tests.
    :param on_retry: callable that takes why a request failed, and in how many seconds it is sent again; called by the
        thread that sends it.
    :raises MissingLibrary: when requests is not installed.

    C(concurrency) is as given; C(repeated) is how many requests were sent again, C(seconds_lost) how long the failed
    ones and the pauses took, added up over concurrent requests.
    """

    def __init__(
        self,
        verify: bool | str = True,
        timeout: float = 60.0,
        retry_timeout: float = 60.0,
        concurrency: int = 1,
        clock=time,
        on_retry: Callable[[RequestError, float], None] = lambda _error, _pause: None,
    ) -> None:
        if REQUESTS_IMPORT_ERROR:
            raise MissingLibrary("requests", "to talk to the service", cause=REQUESTS_IMPORT_ERROR)
        self._verify = verify
        self._timeout = timeout
        self._retry_timeout = retry_timeout
        self._clock = clock
        self._on_retry = on_retry
        self.concurrency = concurrency
        self._limiter = Limiter(concurrency)
        self._session = _Session()
        # No credentials from a .netrc file, no authorities but those of the task; proxies are seen to below.
        self._session.trust_env = False
        self._proxies: dict[str, dict] = {}
        if concurrency > 1:
            adapter = HTTPAdapter(pool_maxsize=concurrency)
            self._session.mount("https://", adapter)
            self._session.mount("http://", adapter)
        # What a gateway remembers of one request is no business of the next.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        self._counting = threading.Lock()
        self.repeated = 0
        self.seconds_lost = 0.0

    def close(self) -> None:
        """Close the pooled connections."""
        adapters = [adapter for adapter in self._session.adapters.values() if isinstance(adapter, HTTPAdapter)]
        for adapter in adapters:
            for manager in (adapter.poolmanager, *adapter.proxy_manager.values()):
                # Forgetting a pool, as the session does, closes nothing while an error still refers to it.
                for key in manager.pools.keys():
                    manager.pools[key].close()
        self._session.close()

    def request(self, method, url, auth=None, body=None, query=None, headers=None):
        """Send a request, again where that does no harm, and return the JSON of its response.

        :param auth: callable that puts credentials on the prepared request, or None for a request without any.
        :param body: what to send as JSON, or None for no body.
        :param query: dict of query parameters.
        :param headers: dict of further headers.
        :raises ConnectionFailed: no response.
        :raises UnexpectedResponse: a response that is not the API's.
        :raises ApiError: the service refused.
        """
        return self.request_with_headers(method, url, auth, body, query, headers=headers)[0]

    def request_with_headers(
        self, method, url, auth=None, body=None, query=None, repeatable=None, headers=None, once=False
    ):
        """As M(request), but return a tuple of the JSON and the response's headers (case-insensitive mapping).

        :param repeatable: whether the request does no harm when it is carried out twice; None for: when it is a GET.
        :param once: whether it is sent at once and only once, for a caller that wants to see how it fails.
        """
        repeatable = method == "GET" if repeatable is None else repeatable
        attempts, lost, sent = 0, 0.0, 0.0
        while True:
            attempts += 1
            try:
                with nullcontext() if once else self._limiter:
                    # Not before: to wait for a turn is no failure, and says nothing about the service.
                    sent = self._clock.monotonic()
                    return self._send(method, url, auth, body, query, headers)
            except RequestError as error:
                if is_throttled(error) and not once:
                    self._limiter.throttled()
                tried = lost + self._clock.monotonic() - sent
                pause = None if once else next_pause(error, repeatable, attempts, self._retry_timeout - tried)
                if pause is None:
                    raise _with_history(error, attempts, tried, self._retry_timeout) from error.__cause__
                self._on_retry(error, pause)
                self._clock.sleep(pause)
                seconds = self._clock.monotonic() - sent
                lost += seconds
                with self._counting:
                    self.repeated += 1
                    self.seconds_lost += seconds

    def _proxies_for(self, url):
        """Return the proxies that the environment names for an address, read once for each host."""
        scheme, host = urlsplit(url)[:2]
        if scheme == "http":
            # What is allowed to go over plain http stays on the way it was allowed for.
            return None
        if host not in self._proxies:
            self._proxies[host] = requests.utils.get_environ_proxies(url)
        return self._proxies[host]

    def _send(self, method, url, auth, body, query, headers):
        operation = operation_of(method, url)
        deadline = time.monotonic() + self._timeout
        try:
            response = self._session.request(
                method,
                url,
                # Spaces as %20: the signature has no other way to write them.
                params=urlencode(query, quote_via=quote) if query else None,
                json=body,
                headers=headers,
                auth=auth,
                timeout=(min(CONNECT_TIMEOUT_SECONDS, self._timeout), self._timeout),
                verify=self._verify,
                proxies=self._proxies_for(url),
                allow_redirects=False,
                stream=True,
            )
            with response:
                content = _read(operation, response, deadline)
        except _WRAPPERS as exc:
            raise _connection_failed(operation, url, exc, self._timeout) from exc
        except UnicodeEncodeError as exc:
            # Of all that goes into a header, only user and password of a proxy were not checked before.
            problem = (
                "user and password of the proxy in HTTPS_PROXY of the environment hold a character that cannot be sent"
            )
            raise _no_response(operation, url, problem, sent=False, lasting=True) from exc
        return _checked_json(operation, response, content), response.headers


def _with_history(error, attempts, seconds, retry_timeout):
    """Return an error that says how long was tried, and why not longer."""
    if attempts > 1:
        error = error.explained(f"It was tried {attempts} times in {seconds:.0f} seconds.")
    if error.retry_after is not None and error.retry_after > retry_timeout - seconds:
        error = error.explained(
            f"The service asks to wait {error.retry_after:.0f} seconds, longer than retry_timeout "
            f"({retry_timeout:g} seconds) allows."
        )
    return error


def _read(operation, response, deadline):
    """Return the body of a response, unless it is too large or too slow."""
    content = bytearray()
    # Only read1 returns as soon as something has come; urllib3 has it since 2.1. With an older one the time-out counts
    # for each read.
    read = getattr(response.raw, "read1", response.raw.read)
    while chunk := read(_CHUNK_BYTES, decode_content=True):
        content += chunk
        if len(content) > LARGEST_RESPONSE_BYTES:
            raise UnexpectedResponse(
                f"The response to {operation} is larger than {LARGEST_RESPONSE_BYTES >> 20} MiB, which none can be.",
                operation,
                response.status_code,
                lasting=True,
            )
        if time.monotonic() > deadline:
            raise requests.exceptions.ReadTimeout()
    return bytes(content)


def _connection_failed(operation, url, exc, timeout):
    failure = _wrapped_failure(exc)
    cause = _cause(failure)
    sent = not _never_connected(failure)
    lasting = False
    refusal = _status_of_tunnel(failure)
    if _is_about_certificate(exc, cause):
        words = _reason(cause) if isinstance(cause, ssl.SSLError) else printable(cause)
        problem = f"its certificate could not be verified ({words}); see the option ca_cert"
        # It is verified before anything is sent.
        sent, lasting = False, True
    elif isinstance(exc, requests.exceptions.InvalidSchema):
        # Of an address with another scheme than http and https nothing gets here.
        problem = "HTTPS_PROXY of the environment names a SOCKS proxy, for which the Python library PySocks is missing"
        sent, lasting = False, True
    elif isinstance(exc, requests.exceptions.InvalidURL):
        # Not quoted: there may be a password in it.
        problem = "that address, or the one of the proxy in HTTPS_PROXY of the environment, is not valid"
        sent, lasting = False, True
    elif _does_not_speak_tls(cause):
        problem, lasting = "there is no TLS at that port; check the port, and whether it is http instead of https", True
        if isinstance(exc, requests.exceptions.ProxyError):
            problem, sent = "the proxy does not speak TLS; HTTPS_PROXY has to name it with http://", False
    elif isinstance(cause, ssl.SSLError) and str(cause.reason).endswith(_NO_COMMON_TLS):
        problem = "it accepts TLS in no version, or with no cipher, that this host has"
        sent, lasting = False, True
    elif isinstance(cause, BadStatusLine) and str(cause).startswith(_TLS_ALERT):
        problem, lasting = "there is TLS at that port; the address has to begin with https", True
    elif refusal == _PROXY_AUTHENTICATION:
        problem = "the proxy did not connect, because it takes no user or another one than HTTPS_PROXY has (HTTP 407)"
        lasting = True
    elif refusal:
        problem = f"the proxy did not connect (HTTP {refusal})"
        lasting = 400 <= refusal < 500 and refusal not in _TEMPORARY_FOR_A_PROXY
    elif isinstance(exc, requests.exceptions.ProxyError):
        words = "the connection through the proxy was lost" if sent else "the proxy did not connect"
        problem = f"{words} ({_reason(cause)})"
        lasting = _is_unknown_host(cause)
    elif isinstance(exc, requests.exceptions.ConnectTimeout):
        problem = f"no connection within {min(CONNECT_TIMEOUT_SECONDS, timeout):g} seconds"
    elif isinstance(exc, (requests.exceptions.Timeout, ReadTimeoutError)):
        problem = "no response in time; see the option timeout"
    else:
        problem = _reason(cause)
        lasting = _is_unknown_host(cause)
    return _no_response(operation, url, problem, sent, lasting)


def _no_response(operation, url, problem, sent, lasting):
    return ConnectionFailed(f"No response from {_host_of(url)} to {operation}: {problem}.", operation, sent, lasting)


def _wrapped_failure(exc):
    """Return what an exception of requests' or urllib3's wraps in the end, itself when it wraps nothing."""
    while isinstance(exc, _WRAPPERS):
        wrapped = [part for part in (*exc.args, getattr(exc, "reason", None)) if isinstance(part, BaseException)]
        if not wrapped:
            break
        exc = wrapped[0]
    return exc


def _cause(failure):
    """Return what the operating system, the TLS library or http.client raised; what led to that one says nothing."""
    while isinstance(failure, _WRAPPERS) and (failure.__cause__ or failure.__context__):
        failure = failure.__cause__ or failure.__context__
    return failure


def _never_connected(failure):
    """Whether it is certain that a request was not sent.

    ProxyError does not show it: urllib3 raises it also when a connection through the proxy breaks after the request.
    """
    return isinstance(failure, (NewConnectionError, ConnectTimeoutError)) or _status_of_tunnel(failure) > 0


def _status_of_tunnel(failure):
    """Return the HTTP status with which a proxy refused to connect, 0 when that is not what happened."""
    # There is nothing of it but the words of http.client.
    match = _TUNNEL_FAILED.match(str(failure)) if isinstance(failure, OSError) else None
    return int(match.group(1)) if match else 0


def _is_unknown_host(cause):
    """Whether there is no such host, or none with an address; that it could not be looked up is another error."""
    numbers = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
    return isinstance(cause, socket.gaierror) and cause.errno in numbers


def _does_not_speak_tls(cause):
    return isinstance(cause, ssl.SSLError) and cause.reason in _NOT_TLS


def _is_about_certificate(exc, cause):
    # Where urllib3 compares the names itself (before 2.0), its error is no one of the TLS library's.
    return isinstance(cause, ssl.SSLCertVerificationError) or (
        isinstance(exc, requests.exceptions.SSLError) and isinstance(cause, ValueError)
    )


def _reason(cause):
    """The operating system's or TLS library's own words, without the URL that the layers above them add."""
    return printable(getattr(cause, "strerror", None) or getattr(cause, "verify_message", None) or type(cause).__name__)


def _checked_json(operation, response, content):
    status = response.status_code
    if 300 <= status < 400:
        target = _host_of(response.headers.get("Location", "")) or "another place"
        raise UnexpectedResponse(
            f"The service responded to {operation} with a redirect to {printable(target)}, which is not followed "
            "because it could carry the credentials away; check the endpoint and auth_url options.",
            operation,
            status,
            lasting=True,
        )
    payload, problem = _parse(response, content)
    code, message = _rejection(payload)
    request_id = request_id_of(response.headers)
    if status >= 400:
        if problem:
            message = f"the response is {problem}"
        error = _api_error(operation, status, code, message or "the response gives no reason", request_id)
        error.retry_after = _retry_after(response)
        error.in_array = isinstance(payload, list)
        raise error
    if problem:
        raise UnexpectedResponse(
            f"The service responded to {operation} with HTTP {status}, but the response is {problem}.",
            operation,
            status,
        )
    if isinstance(payload, dict) and (is_rejection(payload) or _is_error(payload)):
        raise _api_error(operation, status, code, message or "the response gives no reason", request_id)
    return payload


def _host_of(address):
    """Return the host of an address, whoever wrote it, "" when it is none or has none."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _retry_after(response):
    """Return the pause that a response asks for in seconds, None when it asks for none that can be understood."""
    try:
        seconds = Retry().get_retry_after(response.raw)
        return None if seconds is None else min(seconds, _LONGEST_RETRY_AFTER_SECONDS)
    except (InvalidHeader, OverflowError, ValueError):
        return None


def _parse(response, content):
    """Return a tuple of the response's JSON and what is wrong with it ("" when nothing is)."""
    if not content:
        return None, "" if response.status_code == _NO_CONTENT else "empty"
    try:
        return json.loads(content), ""
    except (ValueError, RecursionError):
        content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content_type == "text/html" or content.lstrip()[:1] == b"<":
            return None, "an HTML page, not the API's JSON"
        return None, "not valid JSON"


def _rejection(payload):
    """Return a tuple of error code and message from any of the known shapes of a refusal.

    DLI's object and IAM's object are documented; a JSON array was seen by the vendor's Terraform provider.
    """
    if isinstance(payload, list):
        payload = next((item for item in payload if isinstance(item, dict)), {})
    if not isinstance(payload, dict):
        return "", ""
    if isinstance(payload.get("error"), dict):
        payload = payload["error"]
    code = payload.get("error_code", payload.get("code"))
    nested = _outcome_in(payload)
    if nested:
        payload = nested
        code = code or nested.get("error_code")
    message = payload.get("error_msg") or payload.get("message") or payload.get("title")
    return _words(code), _words(message)


def _outcome_in(response):
    """Return the outcome that the message of a response holds as JSON, an empty dictionary when it holds none.

    The vendor's reference shows savepoints so: the response is a success, and the outcome inside says what became of
    the request.
    """
    message = response.get("message")
    if not isinstance(message, str) or not message.lstrip().startswith("{"):
        return {}
    try:
        outcome = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return outcome if "is_success" in outcome else {}


def _words(value):
    """Return a string or number of a response as it may be shown, "" for anything else."""
    return printable(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _api_error(operation, status, code, message, request_id):
    # A 404 without one of the API's codes is a wrong address, not a missing job.
    error = _ERRORS_BY_CODE.get(code.rpartition(".")[2]) if code.upper().startswith("DLI.") or code == "16001" else None
    if error is None:
        error = {401: AuthenticationFailed, 403: AccessDenied}.get(status)
    return (error or ApiError)(operation, status, code, message, request_id)


def operation_of(method: str, url: str) -> str:
    """Return what errors call a request: its method and path, and nothing else of it."""
    return f"{method} {urlsplit(url).path}"


def request_id_of(headers) -> str:
    """Return what identifies a request to the service's support, "" when its response does not say."""
    return printable(headers.get("X-Request-Id", ""))


def is_rejection(response: dict) -> bool:
    """Whether a response, or the outcome that its message holds, says that the request was rejected."""
    return is_false(response.get("is_success")) or is_false(_outcome_in(response).get("is_success"))


def _is_error(response):
    """Whether a response has the code of an error and no word of success, whatever its HTTP status says."""
    return bool(_words(response.get("error_code"))) and "is_success" not in response


def reason_in(response: dict) -> str:
    """Return the service's reason for a rejection as it may be shown, "" when it gives none."""
    return _rejection(response)[1]


def is_false(value) -> bool:
    """Whether a flag of a response says no: it comes as a boolean or as a string (documented both ways)."""
    return value is False or (isinstance(value, str) and value.strip().lower() == "false")
