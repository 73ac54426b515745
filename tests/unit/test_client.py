# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the HTTP client makes of every shape of answer, over real HTTP."""

from __future__ import annotations

import json
import re
import socket
import threading

import pytest
from ansible_collections.otc.dli.plugins.module_utils import _errors
from ansible_collections.otc.dli.plugins.module_utils._auth import Access, TokenAuth
from ansible_collections.otc.dli.plugins.module_utils._client import USER_AGENT, HttpClient
from ansible_collections.otc.dli.plugins.module_utils._fleet_api import FleetApi
from ansible_collections.otc.dli.plugins.module_utils._flink_job_api import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._version import VERSION
from werkzeug import Response

from unit.lifecycle_clock import Clock


@pytest.fixture(name="client")
def fixture_client():
    client = HttpClient(timeout=5, clock=Clock())
    yield client
    client.close()


def answer(httpserver, body, status=200, content_type="application/json", **headers):
    if not isinstance(body, (str, bytes)):
        body = json.dumps(body)
    response = Response(body, status, {"X-Request-Id": "req-1", **headers}, content_type=content_type)
    httpserver.expect_request("/x").respond_with_response(response)
    return httpserver.url_for("/x")


API_ERRORS = {
    "DLI object": (400, {"error_code": "DLI.0001", "error_msg": "bad"}, _errors.ApiError, "DLI.0001", "bad"),
    "DLI not found, 404": (404, {"error_code": "DLI.0023", "error_msg": "none"}, _errors.NotFound, "DLI.0023", "none"),
    "DLI not found, 400": (400, {"error_code": "DLI.0002", "error_msg": "none"}, _errors.NotFound, "DLI.0002", "none"),
    "no such job": (400, {"error_code": "DLI.16001", "error_msg": "none"}, _errors.NotFound, "DLI.16001", "none"),
    "no such job, bare": (400, {"error_code": 16001, "error_msg": "none"}, _errors.NotFound, "16001", "none"),
    "exists": (400, {"error_code": "DLI.0006", "error_msg": "twin"}, _errors.AlreadyExists, "DLI.0006", "twin"),
    "token": (400, {"error_code": "DLI.0015", "error_msg": "t"}, _errors.AuthenticationFailed, "DLI.0015", "t"),
    "401": (401, {"error_code": "APIG.0301", "error_msg": "t"}, _errors.AuthenticationFailed, "APIG.0301", "t"),
    "gateway's code": (
        404,
        {"error_code": "APIG.0101", "error_msg": "no API"},
        _errors.ApiError,
        "APIG.0101",
        "no API",
    ),
    "JSON array": (400, [{"error_code": "DLI.13024", "error_msg": "queue"}], _errors.ApiError, "DLI.13024", "queue"),
    "array of results": (400, [{"is_success": "false", "message": "no"}], _errors.ApiError, "", "no"),
    "IAM object": (
        401,
        {"error": {"code": 401, "message": "wrong password", "title": "Unauthorized"}},
        _errors.AuthenticationFailed,
        "401",
        "wrong password",
    ),
    "is_success false": (200, {"is_success": False, "message": "no"}, _errors.ApiError, "", "no"),
    'is_success "false"': (200, {"is_success": "false", "message": "no"}, _errors.ApiError, "", "no"),
    'is_success "False"': (200, {"is_success": "False"}, _errors.ApiError, "", "the answer gives no reason"),
    "HTML": (502, "<html>Bad gateway</html>", _errors.ApiError, "", "the answer is an HTML page, not the API's JSON"),
    "HTML 404": (404, "<html>gone?</html>", _errors.ApiError, "", "the answer is an HTML page, not the API's JSON"),
    "empty": (500, "", _errors.ApiError, "", "the answer is empty"),
    "truncated": (500, '{"error_code": "DLI.', _errors.ApiError, "", "the answer is not valid JSON"),
    "plain text": (403, "forbidden", _errors.ApiError, "", "the answer is not valid JSON"),
    "null": (400, "null", _errors.ApiError, "", "the answer gives no reason"),
    "odd JSON": (400, "[[1]]", _errors.ApiError, "", "the answer gives no reason"),
}


@pytest.mark.parametrize(("status", "body", "kind", "code", "message"), API_ERRORS.values(), ids=API_ERRORS)
def test_refusal_becomes_an_error_with_all_its_facts(httpserver, client, status, body, kind, code, message):
    url = answer(httpserver, body, status)
    with pytest.raises(_errors.ApiError) as caught:
        client.request("POST", url, body={})
    assert caught.value.details() == {
        "type": kind.__name__,
        "operation": "POST /x",
        "http_status": status,
        "error_code": code,
        "message": message,
        "request_id": "req-1",
    }
    assert message in str(caught.value) and "req-1" in str(caught.value)


UNEXPECTED = {
    "HTML": ("<html>Login</html>", "an HTML page"),
    "empty": ("", "empty"),
    "truncated": ('{"is_success": tr', "not valid JSON"),
    "not JSON": ("OK", "not valid JSON"),
    "too deep": ("[" * 100000, "not valid JSON"),
}


@pytest.mark.parametrize(("body", "words"), UNEXPECTED.values(), ids=UNEXPECTED)
def test_success_without_the_apis_json_is_no_success(httpserver, client, body, words):
    with pytest.raises(_errors.UnexpectedAnswer, match=words) as caught:
        client.request("GET", answer(httpserver, body))
    assert caught.value.details() == {"type": "UnexpectedAnswer", "operation": "GET /x", "http_status": 200}


def test_a_redirect_is_not_followed(httpserver, client):
    url = answer(httpserver, "", 302, Location="http://user:pw@elsewhere.example/x?y")
    with pytest.raises(_errors.UnexpectedAnswer, match="redirect to elsewhere.example, which is not followed"):
        client.request("GET", url, auth=TokenAuth("token-secret"))
    assert len(httpserver.log) == 1


def test_words_of_the_service_are_shown_on_one_line_without_control_characters(httpserver, client):
    url = answer(httpserver, {"error_code": "DLI.0001", "error_msg": "a\x1b[31mred\r\n" + "b" * 1000}, 400)
    with pytest.raises(_errors.ApiError) as caught:
        client.request("POST", url)
    assert caught.value.api_message == "a [31mred " + "b" * 1000


def test_a_read_is_repeated_when_the_gateway_hiccups_but_a_write_is_not(httpserver, client):
    for status in (503, 429):
        httpserver.expect_ordered_request("/y").respond_with_data("busy", status)
    httpserver.expect_ordered_request("/y").respond_with_json({"done": True})
    assert client.request("GET", httpserver.url_for("/y")) == {"done": True}
    httpserver.expect_ordered_request("/y").respond_with_data("busy", 503)
    with pytest.raises(_errors.ApiError):
        client.request("POST", httpserver.url_for("/y"))
    assert [request.method for request, _response in httpserver.log] == ["GET", "GET", "GET", "POST"]


def test_no_answer_is_told_with_host_and_reason_but_no_query(client):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(_errors.ConnectionFailed) as caught:
            client.request("GET", f"http://127.0.0.1:{port}/x", query={"tags": "hidden"})
    sentence, _space, history = str(caught.value).partition(". ")
    assert sentence == f"No answer from 127.0.0.1:{port} to GET /x: Connection refused"
    assert re.fullmatch(r"It was tried \d+ times in [3-6]\d seconds\.", history)
    assert caught.value.details()["operation"] == "GET /x"


def test_a_service_that_never_answers_is_given_up():
    client = HttpClient(timeout=0.05, clock=Clock())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        with pytest.raises(_errors.ConnectionFailed, match="no answer in time; see the option timeout"):
            client.request("POST", url, body={})
    client.close()


def test_requests_tell_who_sends_them_and_want_json(httpserver, client, tmp_path, monkeypatch):
    # A .netrc would otherwise add credentials of its own to a request without any.
    (tmp_path / ".netrc").write_text("machine localhost login a password b\nmachine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    client.request("POST", answer(httpserver, {}), body={"a": 1})
    request = httpserver.log[0][0]
    assert request.headers["User-Agent"] == USER_AGENT == f"otc.dli/{VERSION} (Ansible collection)"
    assert request.headers["Accept"] == request.headers["Content-Type"] == "application/json"
    assert "Authorization" not in request.headers


LISTS = [
    ("jobs", "job_list", "job_id", "list_jobs"),
    ("job-templates", "template_list", "template_id", "list_templates"),
]


@pytest.mark.parametrize("parallelism", [1, 4])
@pytest.mark.parametrize(("path", "key", "id_name", "method"), LISTS)
# A limit of the service's own, below the one that is asked for, is not documented.
@pytest.mark.parametrize(("total", "largest_page", "requests"), [(None, 100, 3), (250, 100, 3), (250, 60, 5)])
def test_a_list_is_read_page_by_page_to_its_end(
    httpserver, path, key, id_name, method, total, largest_page, requests, parallelism
):
    elements = [{id_name: number} for number in range(250)]

    def page(request):
        offset, limit = int(request.args["offset"]), min(int(request.args["limit"]), largest_page)
        listing = {key.replace("_list", "s"): elements[offset : offset + limit]}
        if total is not None:
            listing["total_count"] = total
        return Response(json.dumps({key: listing}), content_type="application/json")

    httpserver.expect_request(f"/v1.0/p/streaming/{path}").respond_with_handler(page)
    client = HttpClient(parallelism=parallelism)
    api = FleetApi(client, Access(httpserver.url_for("").rstrip("/"), "p", TokenAuth("t")))
    assert [element[id_name] for element in getattr(api, method)(name="n")] == list(range(250))
    assert len(httpserver.log) == requests
    client.close()


def test_a_list_that_ignores_the_offset_still_ends(httpserver, client):
    listing = {"job_list": {"jobs": [{"job_id": number} for number in range(100)], "total_count": 300}}
    httpserver.expect_request("/v1.0/p/streaming/jobs").respond_with_json(listing)
    api = FlinkJobApi(client, Access(httpserver.url_for("").rstrip("/"), "p", TokenAuth("t")))
    assert len(list(api.list_jobs())) == 100


@pytest.fixture(name="proxy")
def fixture_proxy(monkeypatch):
    """A proxy that the environment names for everything; it notes what it is sent, and connects nothing."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                with connection:
                    seen.append(connection.recv(65536).decode())
                    connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, url)
        yield seen
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_a_proxy_of_the_environment_is_used_and_told_no_credentials(client, proxy):
    with pytest.raises(_errors.ConnectionFailed, match="the proxy did not connect"):
        client.request("GET", "https://dli.example.com/x", auth=TokenAuth("token-secret"))
    assert proxy and all(text.startswith("CONNECT dli.example.com:443 ") for text in proxy)
    assert not any("token-secret" in text for text in proxy)


def test_plain_http_goes_through_no_proxy(httpserver, client, proxy):
    assert client.request("GET", answer(httpserver, {"done": True}), auth=TokenAuth("token-secret")) == {"done": True}
    assert proxy == []
