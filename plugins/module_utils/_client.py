# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP for the IAM and DLI APIs: sends one request, returns its JSON, or raises one of our errors.

It knows the shapes of answers, not what they mean for a job: no decisions, no Ansible.
"""

from __future__ import annotations

import json
import traceback
from urllib.parse import quote, urlencode, urlsplit

from ansible_collections.otc.dli.plugins.module_utils._errors import (
    AlreadyExists,
    ApiError,
    AuthenticationFailed,
    ConnectionFailed,
    MissingLibrary,
    NotFound,
    UnexpectedAnswer,
)
from ansible_collections.otc.dli.plugins.module_utils._version import VERSION

try:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    REQUESTS_IMPORT_ERROR = ""
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()

USER_AGENT = f"otc.dli/{VERSION} (Ansible collection)"
CONNECT_TIMEOUT_SECONDS = 10.0

# What each code means is documented in the API reference ("Error Codes"); 16001 is known from the vendor's
# Terraform provider.
_ERRORS_BY_CODE = {
    "0002": NotFound,
    "0006": AlreadyExists,
    "0013": AuthenticationFailed,
    "0014": AuthenticationFailed,
    "0015": AuthenticationFailed,
    "0023": NotFound,
    "16001": NotFound,
}


class HttpClient:
    """One HTTP session: pooled connections, time-outs, TLS verification, retries of what is safe to repeat.

    :param verify: True to verify certificates with the system's authorities, a path to verify with that
        bundle, False not to verify.
    :param timeout: seconds to wait for an answer, from each read of the socket.
    :param backoff: base of the growing pause between retries, in seconds.
    :raises MissingLibrary: when requests is not installed.
    """

    def __init__(self, verify: bool | str = True, timeout: float = 60.0, backoff: float = 0.5) -> None:
        if REQUESTS_IMPORT_ERROR:
            raise MissingLibrary("requests", "to talk to the service", cause=REQUESTS_IMPORT_ERROR)
        self._verify = verify
        self._timeout = (CONNECT_TIMEOUT_SECONDS, timeout)
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        # urllib3 repeats any request that never reached the service (a refused connection) but an answered
        # or half-answered one only when its method is in this list: a POST or PUT may have been carried out.
        retry = Retry(
            total=3,
            backoff_factor=backoff,
            allowed_methods=frozenset(["GET"]),
            status_forcelist=(429, 502, 503, 504),
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        self._session.mount("https://", HTTPAdapter(max_retries=retry))
        self._session.mount("http://", HTTPAdapter(max_retries=retry))

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def request(self, method, url, auth=None, body=None, query=None):
        """Send one request and return the JSON of its answer.

        :param auth: callable that puts credentials on the prepared request, or None for a request without any.
        :param body: what to send as JSON, or None for no body.
        :param query: dict of query parameters.
        :raises ConnectionFailed: no answer.
        :raises UnexpectedAnswer: an answer that is not the API's.
        :raises ApiError: the service refused.
        """
        return self.request_with_headers(method, url, auth, body, query)[0]

    def request_with_headers(self, method, url, auth=None, body=None, query=None):
        """As M(request), but return a tuple of the JSON and the answer's headers (case-insensitive mapping)."""
        operation = f"{method} {urlsplit(url).path}"
        try:
            response = self._session.request(
                method,
                url,
                # Spaces as %20: the signature has no other way to write them.
                params=urlencode(query, quote_via=quote) if query else None,
                json=body,
                # Without a callable, requests would look for credentials in the user's .netrc file.
                auth=auth or _no_credentials,
                timeout=self._timeout,
                # Given with each request because requests lets REQUESTS_CA_BUNDLE override the session's value.
                verify=self._verify,
                allow_redirects=False,
            )
        except requests.exceptions.RequestException as exc:
            raise ConnectionFailed(_connection_sentence(operation, url, exc), operation) from exc
        return _checked_json(operation, response), response.headers


def _no_credentials(prepared):
    return prepared


def _connection_sentence(operation, url, exc):
    host = urlsplit(url).netloc.rpartition("@")[2]
    if isinstance(exc, requests.exceptions.SSLError):
        problem = f"its certificate could not be verified ({_innermost_reason(exc)}); see the option ca_cert"
    elif isinstance(exc, requests.exceptions.ProxyError):
        problem = f"the proxy did not connect ({_innermost_reason(exc)})"
    elif isinstance(exc, requests.exceptions.ConnectTimeout):
        problem = f"no connection within {CONNECT_TIMEOUT_SECONDS:g} seconds"
    elif isinstance(exc, requests.exceptions.Timeout):
        problem = "no answer in time; see the option timeout"
    else:
        problem = _innermost_reason(exc)
    return f"No answer from {host} to {operation}: {problem}."


def _innermost_reason(exc):
    """The operating system's or TLS library's own words, without the URL that the layers above them add."""
    seen = []
    while isinstance(exc, BaseException) and exc not in seen:
        seen.append(exc)
        wrapped = [arg for arg in exc.args if isinstance(arg, BaseException)]
        exc = wrapped[0] if wrapped else getattr(exc, "reason", None) or exc.__cause__ or exc.__context__
    innermost = seen[-1]
    return printable(
        getattr(innermost, "strerror", None) or getattr(innermost, "verify_message", None) or type(innermost).__name__
    )


def _checked_json(operation, response):
    status = response.status_code
    if 300 <= status < 400:
        target = urlsplit(response.headers.get("Location", "")).netloc.rpartition("@")[2] or "another place"
        raise UnexpectedAnswer(
            f"The service answered {operation} with a redirect to {printable(target)}, which is not followed because "
            "it could carry the credentials away; check the endpoint and auth_url options.",
            operation,
            status,
        )
    payload, problem = _parse(response)
    code, message = _refusal(payload)
    request_id = printable(response.headers.get("X-Request-Id", ""))
    if status >= 400:
        if problem:
            message = f"the answer is {problem}"
        raise _api_error(operation, status, code, message or "the answer gives no reason", request_id)
    if problem:
        raise UnexpectedAnswer(
            f"The service answered {operation} with HTTP {status}, but the answer is {problem}.", operation, status
        )
    if isinstance(payload, dict) and is_false(payload.get("is_success")):
        raise _api_error(operation, status, code, message or "the answer gives no reason", request_id)
    return payload


def _parse(response):
    """Return a tuple of the answer's JSON and what is wrong with it ("" when nothing is)."""
    if not response.content:
        return None, "empty"
    try:
        return json.loads(response.content), ""
    except (ValueError, RecursionError):
        content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content_type == "text/html" or response.content.lstrip()[:1] == b"<":
            return None, "an HTML page, not the API's JSON"
        return None, "not valid JSON"


def _refusal(payload):
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
    message = payload.get("error_msg") or payload.get("message") or payload.get("title")
    return printable("" if code is None else code), printable(message or "")


def _api_error(operation, status, code, message, request_id):
    # A 404 without one of the API's codes is a wrong address, not a missing job.
    error = _ERRORS_BY_CODE.get(code.rpartition(".")[2]) if code.upper().startswith("DLI.") or code == "16001" else None
    if error is None and status == 401:
        error = AuthenticationFailed
    return (error or ApiError)(operation, status, code, message, request_id)


def is_false(value) -> bool:
    """Whether a flag of an answer says no: it comes as a boolean or as a string (documented both ways)."""
    return value is False or (isinstance(value, str) and value.strip().lower() == "false")


def printable(text) -> str:
    """Make a service's words safe to show: one line, no control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())
