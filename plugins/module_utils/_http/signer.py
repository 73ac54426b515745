# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AK/SK request signing, scheme C(SDK-HMAC-SHA256).

The scheme is that of the vendor's API gateway; the vendor's Python SDK is the reference that the tests compare with.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from urllib.parse import quote, unquote, urlsplit

ALGORITHM = "SDK-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"


def authorization(method: str, url: str, headers: dict, body: bytes, access_key: str, secret_key: str) -> str:
    """Return the value of the C(Authorization) header that signs a request.

    :param url: the URL as it goes over the wire, its query included.
    :param headers: the headers to sign; C(Host) and C(X-Sdk-Date) must be among them.
    :param body: the body as it goes over the wire, empty when there is none.
    """
    parts = urlsplit(url)
    canonical_headers = {name.lower(): value.strip() for name, value in headers.items()}
    signed_names = ";".join(sorted(canonical_headers))
    canonical_request = "\n".join(
        [
            method.upper(),
            canonical_path(parts.path),
            canonical_query(parts.query),
            "".join(f"{name}:{canonical_headers[name]}\n" for name in sorted(canonical_headers)),
            signed_names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    string_to_sign = "\n".join([ALGORITHM, canonical_headers["x-sdk-date"], digest])
    signature = hmac.new(secret_key.encode(), string_to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Access={access_key}, SignedHeaders={signed_names}, Signature={signature}"


def canonical_path(path: str) -> str:
    """Return a URL path with each segment encoded the one way that the signature knows, ending in a slash."""
    encoded = "/".join(quote(segment, safe="~") for segment in unquote(path).split("/"))
    return encoded if encoded.endswith("/") else encoded + "/"


def canonical_query(query: str) -> str:
    """Return a query string sorted by name and value, and encoded the one way that the signature knows."""
    # Not parse_qsl, which reads a plus sign as a space: here it is a plus sign.
    pairs = sorted(tuple(map(unquote, part.partition("=")[::2])) for part in query.split("&") if part)
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)


class SignatureAuth:
    """Signs each request that it is called with; requests takes any callable as C(auth).

    :param project_id: the project that the request is for, or "" for IAM requests before it is known.
    :param security_token: the token that goes with temporary keys, or "".
    """

    def __init__(self, access_key: str, secret_key: str, security_token: str = "", project_id: str = "") -> None:
        self._access_key = access_key
        self._secret_key = secret_key
        self._security_token = security_token
        self._project_id = project_id

    @property
    def advice(self) -> str:
        """What may help when the keys are refused."""
        if self._security_token:
            return "Temporary keys may have expired; get new ones."
        return "Check the keys, and the clock of the host that runs the module."

    def renewed(self) -> None:
        """There are no other credentials to try."""
        return None

    def __call__(self, prepared):
        headers = {
            "Host": urlsplit(prepared.url).netloc.rpartition("@")[2],
            "X-Sdk-Date": time.strftime(DATE_FORMAT, time.gmtime()),
        }
        if "X-Language" in prepared.headers:
            # The vendor's signer signs all headers of the API.
            headers["X-Language"] = prepared.headers["X-Language"]
        if self._project_id:
            headers["X-Project-Id"] = self._project_id
        if self._security_token:
            headers["X-Security-Token"] = self._security_token
        prepared.headers.update(headers)
        prepared.headers["Authorization"] = authorization(
            prepared.method, prepared.url, headers, _body_bytes(prepared.body), self._access_key, self._secret_key
        )
        return prepared


def _body_bytes(body) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else body
