# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests signed with an access key.

The signature expected is computed by the vendor's own signer from the request as it came in. Nothing here knows the
algorithm, so that this stays an independent oracle for the signer of the collection.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
import time
from types import SimpleNamespace
from urllib.parse import unquote

from flask import Request
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from local_dli.iam import PERMANENT_KEYS, SECURITY_TOKEN, TEMPORARY_KEYS

ALGORITHM = "SDK-HMAC-SHA256"
REQUIRED_HEADERS = frozenset({"host", "x-sdk-date"})
ALLOWED_SKEW = 15 * 60  # seconds; assumed

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Access=(?P<access>[^, ]+), ?SignedHeaders=(?P<headers>[^, ]+), ?Signature=(?P<signature>[0-9a-f]+)"
)


class BadSignature(Exception):
    """The request is not signed as it should be; the text says why, without any value of the request."""


def verify(request: Request) -> None:
    """Check the signature of a request.

    :raises BadSignature: for an unknown key, a header that is missing, a date out of range, a temporary key without
        its token, or a signature that is not the vendor's.
    """
    parts = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if parts is None:
        raise BadSignature("The Authorization header is not that of a signed request.")
    secret = _secret(parts["access"], request.headers.get("X-Security-Token"))
    names = parts["headers"].split(";")
    if not REQUIRED_HEADERS <= set(names):
        raise BadSignature("Host and X-Sdk-Date have to be signed.")
    if any(name not in request.headers for name in names):
        raise BadSignature("A signed header is missing.")
    _check_date(request.headers["X-Sdk-Date"])
    _check_digest(request)
    expected = _AUTHORIZATION.fullmatch(_sign(request, parts["access"], secret, names))
    if expected is None:
        raise RuntimeError("The vendor's signer has made a header that is not that of a signed request.")
    if not hmac.compare_digest(expected["signature"], parts["signature"]):
        raise BadSignature("The signature does not match.")


def _secret(access: str, security_token: str | None) -> str:
    """Return the secret of an access key; a permanent key may come with the token, a temporary one must."""
    if access not in PERMANENT_KEYS and access not in TEMPORARY_KEYS:
        raise BadSignature("The access key is unknown.")
    if security_token is None and access in TEMPORARY_KEYS:
        raise BadSignature("A temporary key needs its X-Security-Token.")
    if security_token is not None and not hmac.compare_digest(security_token.encode(), SECURITY_TOKEN.encode()):
        raise BadSignature("The X-Security-Token is wrong.")
    return PERMANENT_KEYS.get(access) or TEMPORARY_KEYS[access]


def _check_date(text: str) -> None:
    try:
        date = datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError as error:
        raise BadSignature("X-Sdk-Date is not a date.") from error
    if abs(date.timestamp() - time.time()) > ALLOWED_SKEW:
        raise BadSignature("X-Sdk-Date is too far from the time of this service.")


def _check_digest(request: Request) -> None:
    """Refuse a digest that is not of this body: the vendor's signer believes the header and would not check."""
    digest = request.headers.get("X-Sdk-Content-Sha256")
    if digest is not None and digest != hashlib.sha256(request.get_data()).hexdigest():
        raise BadSignature("X-Sdk-Content-Sha256 is not the digest of the body.")


def _sign(request: Request, access: str, secret: str, names: list[str]) -> str:
    """Return the Authorization header the vendor's signer gives this request."""
    # Raw, because Flask has decoded its own view of the path and the query, plus signs included.
    path, _mark, query = request.environ["REQUEST_URI"].partition("?")
    pairs = [part.partition("=") for part in query.split("&") if part]
    signed = SdkRequest(
        method=request.method,
        schema=request.scheme,
        host=request.headers["Host"],
        resource_path=path,
        query_params=[(unquote(key), unquote(value)) for key, _sign, value in pairs],
        header_params={name: request.headers[name] for name in names},
        body=request.get_data(),
    )
    # Not the SDK's own credentials: importing those leaves a file in the home of the user.
    Signer(SimpleNamespace(ak=access, sk=secret)).sign(signed)
    return signed.header_params["Authorization"]
