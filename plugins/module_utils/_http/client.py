# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP for the IAM and DLI APIs: sends one request, returns its JSON, or raises one of our errors.

It knows the shapes of responses, not what they mean for a job: no decisions, no Ansible. _http/retry.py decides which
requests are sent again.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import quote, urlencode, urlsplit

from .._errors import MissingLibrary, RequestError, UnexpectedResponse
from .._version import VERSION
from .answers import is_error, is_rejection, parsed
from .limiter import Limiter
from .retry import is_throttled, next_pause

try:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.exceptions import HTTPError

    REQUESTS_IMPORT_ERROR = ""
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
else:
    # The last one comes of user and password of a proxy.
    _FAILURES = (requests.exceptions.RequestException, HTTPError, UnicodeEncodeError)

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
    :raises InvalidInput: the bundle holds no certificates. A client that sends one request after the other sees that
        only when one has no response: to read the authorities of a system takes 13 ms, and requests reads them anyway.

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
        self._unchecked_bundle = verify if isinstance(verify, str) else ""
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
            # Now, because threads can use up all files that a process may open, and importing takes one.
            _failures().check_bundle(self._unchecked_bundle)
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
                    raise _failures().with_history(error, attempts, tried, self._retry_timeout) from error.__cause__
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
        connect_timeout = min(CONNECT_TIMEOUT_SECONDS, self._timeout)
        try:
            response = self._session.request(
                method,
                url,
                # Spaces as %20: the signature has no other way to write them.
                params=urlencode(query, quote_via=quote) if query else None,
                json=body,
                headers=headers,
                auth=auth,
                timeout=(connect_timeout, self._timeout),
                verify=self._verify,
                proxies=self._proxies_for(url),
                allow_redirects=False,
                stream=True,
            )
            with response:
                content = _read(operation, response, deadline)
        except _FAILURES as exc:
            failures = _failures()
            failures.check_bundle(self._unchecked_bundle)
            raise failures.no_response(operation, url, exc, connect_timeout) from exc
        # From here on a lost request is never taken for one that cannot be sent.
        self._unchecked_bundle = ""
        payload, problem = parsed(response, content)
        is_refused = isinstance(payload, dict) and (is_rejection(payload) or is_error(payload))
        if response.status_code >= 300 or problem or is_refused:
            raise _failures().refused(operation, response, payload, problem)
        return payload, response.headers


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


def operation_of(method: str, url: str) -> str:
    """Return what errors call a request: its method and path, and nothing else of it."""
    return f"{method} {urlsplit(url).path}"


def _failures():
    # Few requests fail, and to compile it takes 1.4 ms.
    from . import failures

    return failures
