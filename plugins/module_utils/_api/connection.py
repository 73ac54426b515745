# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection to one project of the service: credentials on each request, renewed once when they are refused."""

from __future__ import annotations

import threading

from .._errors import ApiError, AuthenticationFailed, RequestError
from .._http.access import Access
from .._http.answers import is_rejection, request_id_of
from .._http.client import operation_of
from .._http.retry import is_temporary
from .._model.redact import secret_words
from .._model.responses import lacking

_VERSION = "v1.0"
_ROOT = "/streaming"
# Without it the messages of the service can be in Chinese (vendor).
_HEADERS = {"X-Language": "en-us"}


class Connection:
    """Sends the requests of one project; the base of the classes that have one method for each operation.

    Every method of these raises a C(RequestError) when the service refuses or does not respond, or responds in a shape
    that is not the API's; what they return has been checked.

    C(keep_secret) and C(keep_read) take what must not be shown, as those of C(Access) do. C(concurrency) is how many
    requests may be in flight concurrently.
    """

    def __init__(self, client, access: Access) -> None:
        self._client = client
        self.concurrency = client.concurrency
        self._auth = access.auth
        self._renewing = threading.Lock()
        self._may_renew = True
        self.keep_secret = access.keep_secret
        self.keep_read = access.keep_read
        self._endpoint = access.endpoint
        self._project_id = access.project_id

    @property
    def address(self) -> str:
        """Which project of which service this is."""
        return f"{self._endpoint}/{self._project_id}"

    def _request(self, method, path, body=None, query=None, version=_VERSION, root=_ROOT):
        return self._send(self._client.request, method, path, body, query, version, root)

    def _send(self, send, method, path, body, query=None, version=_VERSION, root=_ROOT):
        """Send a request by one of the client's methods, with the credentials, renewed if need be."""
        try:
            return self._response(send, method, self._url(path, version, root), body, query)
        except RequestError:
            # An update sends what the task leaves alone too, and a service may quote in its refusal what it was sent.
            for secret in secret_words(body or {}):
                self.keep_secret(secret)
            raise

    def _url(self, path, version=_VERSION, root=_ROOT):
        return f"{self._endpoint}/{version}/{self._project_id}{root}{path}"

    def _operation(self, method, path, version=_VERSION, root=_ROOT):
        return operation_of(method, self._url(path, version, root))

    def _response(self, send, method, url, body, query):
        auth = self._auth
        try:
            return send(method, url, auth, body=body, query=query, headers=_HEADERS)
        except AuthenticationFailed as exc:
            # What is refused for its credentials was not carried out.
            self._renew(auth, exc)
        try:
            return send(method, url, self._auth, body=body, query=query, headers=_HEADERS)
        except AuthenticationFailed as exc:
            raise exc.explained(self._auth.advice) from exc

    def _renew(self, refused, failure):
        with self._renewing:
            # Another thread may have renewed them already.
            if self._auth is not refused:
                return
            if not self._may_renew:
                raise failure.explained("No new token could be had.") from failure
            try:
                renewed = refused.renewed()
            except RequestError as exc:
                # Other threads wait here for the same: a refused login of each of them could lock the user out.
                self._may_renew = is_temporary(exc)
                raise
            if renewed is None:
                raise failure.explained(refused.advice) from failure
            self._auth = renewed

    def _batch(self, path, body):
        """Send a request whose response says for each job, without its id, whether it was accepted."""
        operation = self._operation("POST", path)
        payload, headers = self._send(self._client.request_with_headers, "POST", path, body)
        # An older edition of the vendor's reference shows one result instead of a list.
        results = [payload] if isinstance(payload, dict) and "is_success" in payload else payload
        if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
            raise lacking(operation, "a list of results")
        for result in results:
            if is_rejection(result):
                # See M(HttpClient).
                from .._http.failures import reason_in

                reason = reason_in(result) or "the response gives no reason"
                raise ApiError(operation, 200, "", reason, request_id_of(headers))


def object_of(payload, key: str, operation: str) -> dict:
    """Return the object that a response holds under a key.

    :raises UnexpectedResponse: it holds none.
    """
    value = payload.get(key) if isinstance(payload, dict) else None
    if not isinstance(value, dict):
        raise lacking(operation, key)
    return value
