# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a request failed: there was no response, or one that refuses it or is not the API's.

A request that succeeds needs none of it.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from http.client import BadStatusLine
from urllib.parse import urlsplit

from .._errors import (
    AccessDenied,
    AlreadyExists,
    ApiError,
    AuthenticationFailed,
    ConnectionFailed,
    InvalidInput,
    NotFound,
    RequestError,
    UnexpectedResponse,
)
from .._text import printable, quoted
from .answers import outcome_in, request_id_of, words
from .credentials import LONGEST_ADDRESS

try:
    import requests
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, InvalidHeader, NewConnectionError, ReadTimeoutError
    from urllib3.util import Retry
except ImportError:
    # Without them there is no client, and so nothing that fails.
    pass
else:
    # What is raised around the error that says what happened.
    _WRAPPERS = (requests.exceptions.RequestException, HTTPError)

_LONGEST_RETRY_AFTER_SECONDS = 7 * 86400.0

_TUNNEL_FAILED = re.compile(r"Tunnel connection failed: (\d{3})\b")
_PROXY_AUTHENTICATION = 407
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


def with_history(error: RequestError, attempts: int, seconds: float, retry_timeout: float) -> RequestError:
    """Return an error that says how long was tried, and why not longer."""
    if attempts > 1:
        error = error.explained(f"It was tried {attempts} times in {seconds:.0f} seconds.")
    if error.retry_after is not None and error.retry_after > retry_timeout - seconds:
        error = error.explained(
            f"The service asks to wait {error.retry_after:.0f} seconds, longer than retry_timeout "
            f"({retry_timeout:g} seconds) allows."
        )
    return error


def check_bundle(path: str) -> None:
    """Check a file or folder of certificate authorities; "" for none.

    :raises InvalidInput: it is a file that holds none.
    """
    if not os.path.isfile(path):
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as exc:
        # SSLError is one too.
        problem = "holds no certificates in PEM" if isinstance(exc, ssl.SSLError) else "cannot be read"
        raise InvalidInput(f"ca_cert is {quoted(path, LONGEST_ADDRESS)}, but that file {problem}.") from exc


def no_response(operation: str, url: str, exc: Exception, connect_timeout: float) -> ConnectionFailed:
    """Return the error for a request that had no response.

    :param exc: what requests or urllib3 raised.
    :param connect_timeout: how many seconds a connection was waited for.
    """
    if isinstance(exc, UnicodeEncodeError):
        # Of all that goes into a header, only user and password of a proxy were not checked before.
        problem = (
            "user and password of the proxy in HTTPS_PROXY of the environment hold a character that cannot be sent"
        )
        return _connection_failed(operation, url, problem, sent=False, lasting=True)
    failure = _wrapped_failure(exc)
    cause = _cause(failure)
    sent = not _never_connected(failure)
    lasting = False
    refusal = _status_of_tunnel(failure)
    if _is_about_certificate(exc, cause):
        said = _reason(cause) if isinstance(cause, ssl.SSLError) else printable(cause)
        problem = f"its certificate could not be verified ({said}); see the option ca_cert"
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
        said = "the connection through the proxy was lost" if sent else "the proxy did not connect"
        problem = f"{said} ({_reason(cause)})"
        lasting = _is_unknown_host(cause)
    elif isinstance(exc, requests.exceptions.ConnectTimeout):
        problem = f"no connection within {connect_timeout:g} seconds"
    elif isinstance(exc, (requests.exceptions.Timeout, ReadTimeoutError)):
        problem = "no response in time; see the option timeout"
    else:
        problem = _reason(cause)
        lasting = _is_unknown_host(cause)
    return _connection_failed(operation, url, problem, sent, lasting)


def _connection_failed(operation, url, problem, sent, lasting):
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


def refused(operation, response, payload, problem) -> RequestError:
    """Return the error for a response that is no success.

    :param payload: its JSON, None where it has none.
    :param problem: what is wrong with its JSON, "" when nothing is.
    """
    status = response.status_code
    if 300 <= status < 400:
        target = _host_of(response.headers.get("Location", "")) or "another place"
        return UnexpectedResponse(
            f"The service responded to {operation} with a redirect to {printable(target)}, which is not followed "
            "because it could carry the credentials away; check the endpoint and auth_url options.",
            operation,
            status,
            lasting=True,
        )
    if problem and status < 300:
        return UnexpectedResponse(
            f"The service responded to {operation} with HTTP {status}, but the response is {problem}.",
            operation,
            status,
        )
    code, message = _rejection(payload)
    if problem:
        message = f"the response is {problem}"
    request_id = request_id_of(response.headers)
    error = _api_error(operation, status, code, message or "the response gives no reason", request_id)
    if status >= 400:
        error.retry_after = _retry_after(response)
        error.in_array = isinstance(payload, list)
    return error


def reason_in(response: dict) -> str:
    """Return the service's reason for a rejection as it may be shown, "" when it gives none."""
    return _rejection(response)[1]


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
    nested = outcome_in(payload)
    if nested:
        payload = nested
        code = code or nested.get("error_code")
    message = payload.get("error_msg") or payload.get("message") or payload.get("title")
    return words(code), words(message)


def _api_error(operation, status, code, message, request_id):
    # A 404 without one of the API's codes is a wrong address, not a missing job.
    error = _ERRORS_BY_CODE.get(code.rpartition(".")[2]) if code.upper().startswith("DLI.") or code == "16001" else None
    if error is None:
        error = {401: AuthenticationFailed, 403: AccessDenied}.get(status)
    return (error or ApiError)(operation, status, code, message, request_id)
