# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our signatures against those of the vendor's SDK, on generated requests."""

from __future__ import annotations

import json
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import pytest
import requests
from ansible_collections.otc.dli.plugins.module_utils._http import signer
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given, settings
from hypothesis import strategies as st
from otcextensions.sdk.ak_auth import AKRequestsAuth

KEYS = SimpleNamespace(ak="AKEXAMPLE", sk="not a real secret")
HOST = "dli.example.com"

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=12)
segments = texts.filter(lambda text: text not in (".", ".."))
paths = st.lists(segments, max_size=5).map(lambda parts: "/" + "/".join(quote(part, safe="~") for part in parts))
queries = st.lists(st.tuples(texts.filter(bool), texts), max_size=6)
bodies = st.one_of(st.just(b""), texts.map(str.encode), st.dictionaries(texts, texts).map(json.dumps).map(str.encode))
methods = st.sampled_from(["GET", "POST", "PUT", "DELETE"])
# What HTTP can carry in a header, and what a token or project id may consist of.
header_values = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


def wire_url(path: str, query: list[tuple[str, str]]) -> str:
    encoded = urlencode(query, quote_via=quote)
    return f"https://{HOST}{path}" + (f"?{encoded}" if encoded else "")


@settings(max_examples=400)
@given(
    methods,
    paths,
    queries,
    bodies,
    st.dictionaries(st.sampled_from(["X-Project-Id", "X-Security-Token"]), header_values),
)
def test_signature_is_the_vendor_sdks(method, path, query, body, more_headers):
    headers = {"Host": HOST, "X-Sdk-Date": "20261123T101112Z", **more_headers}
    ours = signer.authorization(method, wire_url(path, query), headers, body, KEYS.ak, KEYS.sk)
    request = SdkRequest(
        method=method,
        schema="https",
        host=HOST,
        resource_path=path,
        query_params=list(query),
        header_params=dict(headers),
        body=body,
    )
    Signer(KEYS).sign(request)
    assert ours == request.header_params["Authorization"]


@settings(max_examples=200)
@given(queries)
def test_canonical_query_is_that_of_otcextensions(query):
    """otcextensions signs by another scheme, AWS4-HMAC-SHA256, which encodes queries as ours does; it sorts them
    when they are encoded, the vendor's SDK before."""
    prepared = requests.Request("GET", wire_url("/x", query)).prepare()
    theirs = AKRequestsAuth("a", "s", HOST, "eu-de", "dli").get_canonical_querystring(prepared)
    ours = signer.canonical_query(prepared.url.partition("?")[2])
    assert sorted(ours.split("&")) == sorted(theirs.split("&"))


@pytest.mark.parametrize("session_token", ["", "a-temporary-token"])
def test_signed_request_goes_over_the_wire_as_it_was_signed(session_token):
    prepared = requests.Request("POST", wire_url("/v1.0/p/jobs", [("name", "a b+c")]), json={"job_ids": [1]}).prepare()
    signer.SignatureAuth(KEYS.ak, KEYS.sk, session_token, "project")(prepared)
    signed = {"host", "x-project-id", "x-sdk-date"} | ({"x-security-token"} if session_token else set())
    assert f"SignedHeaders={';'.join(sorted(signed))}," in prepared.headers["Authorization"]
    again = signer.authorization(
        "POST", prepared.url, {n: prepared.headers[n] for n in signed}, prepared.body, KEYS.ak, KEYS.sk
    )
    assert prepared.headers["Authorization"] == again
