# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signed requests that were changed, or not signed as they should be, are refused."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from local_dli import LocalDli

# The vendor's signer asks for the time in a way Python 3.12 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

BODY = b'{"name": "job"}'


def date(minutes: int = 0) -> str:
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    return moment.strftime("%Y%m%dT%H%M%SZ")


def signed(service: LocalDli, **headers: str) -> dict[str, str]:
    """Return the headers of a request for a new job, signed by the vendor's signer."""
    known = service.credentials
    request = SdkRequest(
        method="POST",
        schema="http",
        host=service.url.removeprefix("http://"),
        resource_path=f"/v1.0/{known['project_id']}/streaming/flink-jobs",
        query_params=[],
        header_params={"Content-Type": "application/json", "X-Project-Id": known["project_id"], **headers},
        body=BODY,
    )
    return Signer(BasicCredentials(known["access_key"], known["secret_key"])).sign(request).header_params


def send(service: LocalDli, headers: dict[str, Any], body: bytes = BODY, query: str = "") -> int:
    url = f"{service.url}/v1.0/{service.credentials['project_id']}/streaming/flink-jobs{query}"
    answer = requests.post(url, data=body, headers=headers, timeout=10)
    if answer.status_code == 401:
        assert answer.json()["error_code"] == "DLI.0013"
    return answer.status_code


def test_a_signed_request(service: LocalDli) -> None:
    assert send(service, signed(service)) == 200


def test_a_changed_body(service: LocalDli) -> None:
    assert send(service, signed(service), b'{"name": "boj"}') == 401
    assert service.jobs.all() == []


def test_a_changed_query(service: LocalDli) -> None:
    assert send(service, signed(service), query="?a=b") == 401


def test_a_changed_header(service: LocalDli) -> None:
    assert send(service, signed(service, **{"X-Other": "a"}) | {"X-Other": "b"}) == 401


def test_a_missing_signed_header(service: LocalDli) -> None:
    assert send(service, signed(service, **{"X-Other": "a"}) | {"X-Other": None}) == 401


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_date_out_of_range(service: LocalDli, minutes: int) -> None:
    assert send(service, signed(service, **{"X-Sdk-Date": date(minutes)})) == 401
    assert send(service, signed(service, **{"X-Sdk-Date": date(minutes // 2)})) == 200


def test_a_date_that_is_none(service: LocalDli) -> None:
    assert send(service, signed(service) | {"X-Sdk-Date": "today"}) == 401


@pytest.mark.parametrize("name", ["host", "x-sdk-date"])
def test_a_header_that_has_to_be_signed(service: LocalDli, name: str) -> None:
    headers = signed(service)
    headers["Authorization"] = headers["Authorization"].replace(f";{name}", "")
    assert send(service, headers) == 401


def test_a_digest_of_another_body(service: LocalDli) -> None:
    """The vendor's signer takes the digest from this header and does not read the body."""
    headers = signed(service, **{"X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"})
    assert send(service, headers) == 401


@pytest.mark.parametrize("value", ["", "SDK-HMAC-SHA256", "Bearer x", "SDK-HMAC-SHA256 Access=a, SignedHeaders=b"])
def test_an_authorization_that_is_none(service: LocalDli, value: str) -> None:
    assert send(service, signed(service) | {"Authorization": value}) == 401


def test_a_request_for_no_project(service: LocalDli) -> None:
    headers = signed(service)
    headers["Authorization"] = signed(service, **{"X-Project-Id": "b" * 32})["Authorization"]
    assert send(service, headers) == 401
    assert send(service, signed(service, **{"X-Project-Id": "b" * 32})) == 403
