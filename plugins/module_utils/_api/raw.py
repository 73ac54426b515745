# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same operations with their responses as they come, for the check of the service.

The other classes take care of what the documentation leaves open. The check wants to see it.
"""

from __future__ import annotations

from functools import partial

from .flink_jobs import FlinkJobApi


class RawApi(FlinkJobApi):
    """The operations on the jobs of one project, with raw responses.

    C(requests) is the number of requests so far, without those that were sent again. C(catalog_url) is that of
    C(Access), C(endpoint) the service's address.
    """

    def __init__(self, client, access) -> None:
        super().__init__(client, access)
        # Threads may append to it.
        self._sent: list[str] = []
        self.catalog_url = access.catalog_url
        self.endpoint = access.endpoint

    @property
    def requests(self) -> int:
        return len(self._sent)

    def _send(self, send, method, *request, **options):
        self._sent.append(method)
        return super()._send(send, method, *request, **options)

    def read_raw(self, path: str, **query):
        """Return the JSON of a GET request."""
        return self._request("GET", path, query=query)

    def read_once(self, path: str):
        """Return the JSON of a GET request, which is not sent again when it fails."""
        return self._send(partial(self._client.request_with_headers, once=True), "GET", path, None)[0]

    def read_in_any_language(self, path: str):
        """Return the JSON of a GET request that does not ask for messages in English."""

        def send(method, url, auth, body, query, **_headers):
            return self._client.request(method, url, auth, body=body, query=query)

        return self._send(send, "GET", path, None)

    def write_raw(self, method: str, path: str, body: dict | None = None):
        """Return the JSON of a request that changes something."""
        return self._request(method, path, body)
