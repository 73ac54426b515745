# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the HTTP client makes of every shape of answer, over real HTTP."""

from __future__ import annotations

import functools
import json
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
import yaml
from ansible_collections.otc.dli.plugins.module_utils import _errors, _module
from ansible_collections.otc.dli.plugins.module_utils._api.archives import ArchiveApi
from ansible_collections.otc.dli.plugins.module_utils._api.flink_jobs import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._api.templates import TemplateApi
from ansible_collections.otc.dli.plugins.module_utils._http import client as http_client
from ansible_collections.otc.dli.plugins.module_utils._http.access import Access, LoginAuth, TokenAuth
from ansible_collections.otc.dli.plugins.module_utils._http.client import USER_AGENT, HttpClient
from ansible_collections.otc.dli.plugins.module_utils._http.limiter import Limiter
from ansible_collections.otc.dli.plugins.module_utils._model.fields import JAR
from ansible_collections.otc.dli.plugins.module_utils._version import VERSION
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job, dli_flink_job_info
from werkzeug import Response

from lifecycle_clock import Clock
from module_runner import run_module

pytestmark = pytest.mark.any_core


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
    "exists": (
        400,
        {"error_code": "DLI.0006", "error_msg": "duplicate"},
        _errors.AlreadyExists,
        "DLI.0006",
        "duplicate",
    ),
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
    "code alone": (200, {"error_code": "DLI.0007", "error_msg": "no"}, _errors.ApiError, "DLI.0007", "no"),
    'is_success "False"': (200, {"is_success": "False"}, _errors.ApiError, "", "the response gives no reason"),
    "HTML": (502, "<html>Bad gateway</html>", _errors.ApiError, "", "the response is an HTML page, not the API's JSON"),
    "HTML 404": (404, "<html>gone?</html>", _errors.ApiError, "", "the response is an HTML page, not the API's JSON"),
    "empty": (500, "", _errors.ApiError, "", "the response is empty"),
    "truncated": (500, '{"error_code": "DLI.', _errors.ApiError, "", "the response is not valid JSON"),
    "plain text": (403, "forbidden", _errors.AccessDenied, "", "the response is not valid JSON"),
    "null": (400, "null", _errors.ApiError, "", "the response gives no reason"),
    "odd JSON": (400, "[[1]]", _errors.ApiError, "", "the response gives no reason"),
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
    with pytest.raises(_errors.UnexpectedResponse, match=words) as caught:
        client.request("GET", answer(httpserver, body))
    assert caught.value.details() == {"type": "UnexpectedResponse", "operation": "GET /x", "http_status": 200}


def test_a_redirect_is_not_followed(httpserver, client):
    url = answer(httpserver, "", 302, Location="http://user:pw@elsewhere.example/x?y")
    with pytest.raises(_errors.UnexpectedResponse, match="redirect to elsewhere.example, which is not followed"):
        client.request("GET", url, auth=TokenAuth("token-secret"))
    assert len(httpserver.log) == 1


@contextmanager
def raw_service(head, *rest):
    """A service that answers one request with these bytes and goes away; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _address = listener.accept()
            # A client that has had enough goes away.
            with connection, suppress(OSError):
                connection.recv(65536)
                for piece in (head, *rest):
                    connection.sendall(piece)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        thread.join()


@pytest.mark.parametrize("status", [b"200 OK", b"302 Found", b"503 Service Unavailable"])
def test_no_answer_may_be_too_large_not_even_a_redirect(client, monkeypatch, status):
    monkeypatch.setattr(http_client, "LARGEST_RESPONSE_BYTES", 1 << 20)
    head = b"HTTP/1.1 " + status + b"\r\nLocation: http://elsewhere.example/\r\nContent-Length: 4194304\r\n\r\n"
    with raw_service(head, *[b"x" * 65536] * 64) as url:
        with pytest.raises(_errors.UnexpectedResponse, match="larger than 1 MiB"):
            client.request("GET", url)


@pytest.mark.parametrize(
    "location", [b"http://[bad", b"\xff\xfe", b"http://e.example:port/", b"//", b"", b"http://\xff"]
)
def test_a_redirect_to_what_is_no_address_is_a_redirect(client, location):
    with raw_service(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n") as url:
        with pytest.raises(_errors.UnexpectedResponse, match="with a redirect to .*, which is not followed") as caught:
            client.request("POST", url, body={})
    assert caught.value.lasting
    assert str(caught.value).isprintable()


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


def test_to_wait_for_a_turn_is_not_to_try(httpserver, monkeypatch):
    clock = Clock()
    for _failure in range(2):
        httpserver.expect_ordered_request("/y").respond_with_data("busy", 503)
    httpserver.expect_ordered_request("/y").respond_with_json({"done": True})

    class LongQueue(Limiter):
        def __enter__(self):
            clock.sleep(1000)
            return super().__enter__()

    monkeypatch.setattr(http_client, "Limiter", LongQueue)
    client = HttpClient(retry_timeout=60, clock=clock)
    assert client.request("GET", httpserver.url_for("/y")) == {"done": True}
    assert client.repeated == 2 and client.seconds_lost < 10
    client.close()


def test_a_missing_response_is_reported_with_host_and_reason_but_no_query(client):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(_errors.ConnectionFailed) as caught:
            client.request("GET", f"http://127.0.0.1:{port}/x", query={"tags": "hidden"})
    sentence, _space, history = str(caught.value).partition(". ")
    assert sentence == f"No response from 127.0.0.1:{port} to GET /x: Connection refused"
    assert re.fullmatch(r"It was tried \d+ times in [3-6]\d seconds\.", history)
    assert caught.value.details()["operation"] == "GET /x"


def test_a_bundle_without_certificates_is_named_where_nothing_responds(httpserver, tmp_path):
    bundle = tmp_path / "authorities.pem"
    bundle.write_text("not a certificate")
    with pytest.raises(_errors.InvalidInput, match="holds no certificates in PEM"):
        HttpClient(verify=str(bundle)).request("GET", "http://127.0.0.1:9/x")
    with pytest.raises(_errors.InvalidInput, match="holds no certificates in PEM"):
        HttpClient(verify=str(bundle), concurrency=2)
    client = HttpClient(verify=str(bundle), retry_timeout=0)
    client.request("GET", answer(httpserver, {"done": True}))
    with pytest.raises(_errors.ConnectionFailed):
        client.request("POST", "http://127.0.0.1:9/x")


def test_a_service_that_never_answers_is_given_up():
    client = HttpClient(timeout=0.05, clock=Clock())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        with pytest.raises(_errors.ConnectionFailed, match="no response in time; see the option timeout"):
            client.request("POST", url, body={})
    client.close()


def test_a_service_that_takes_no_connection_is_given_up():
    client = HttpClient(timeout=0.05, clock=Clock())
    # One fits into the queue of a listener that accepts none.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as waiting:
        waiting.connect(full.getsockname())
        url = "http://{}:{}/x".format(*full.getsockname())
        with pytest.raises(_errors.ConnectionFailed, match=r": no connection within 0\.05 seconds\.") as caught:
            client.request("GET", url)
    assert caught.value.sent is False
    client.close()


@pytest.fixture(name="slow_gate")
def fixture_slow_gate(monkeypatch):
    """A clock, and in every client that has it a gate at which requests wait for 100 seconds."""
    clock = Clock()

    class SlowLimiter(http_client.Limiter):
        def __enter__(self):
            clock.sleep(100)
            return super().__enter__()

    monkeypatch.setattr(http_client, "Limiter", SlowLimiter)
    return clock


def test_a_result_says_as_documented_what_was_sent_again(httpserver, monkeypatch):
    monkeypatch.setattr(_module, "HttpClient", functools.partial(HttpClient, clock=Clock()))
    httpserver.expect_ordered_request(re.compile(".*")).respond_with_data("busy", 503)
    httpserver.expect_ordered_request(re.compile(".*")).respond_with_json({"job_list": {"total_count": 0, "jobs": []}})
    access = {"endpoint": httpserver.url_for("").rstrip("/"), "project_id": "0" * 32, "token": "some-token"}
    result = run_module(dli_flink_job_info, access)
    assert not result["failed"], result
    assert result["jobs"] == [] and result["retries"]["requests"] == 1
    documented = yaml.safe_load(dli_flink_jar_job.RETURN)["retries"]["contains"]
    assert set(result["retries"]) == set(documented)


def test_waiting_for_a_turn_is_no_time_lost_with_a_failure(httpserver, slow_gate):
    client = HttpClient(timeout=5, retry_timeout=10, clock=slow_gate)
    httpserver.expect_ordered_request("/y").respond_with_data("busy", 503)
    httpserver.expect_ordered_request("/y").respond_with_json({"done": True})
    assert client.request("GET", httpserver.url_for("/y")) == {"done": True}
    assert client.repeated == 1
    assert 0 < client.seconds_lost <= 10
    assert slow_gate.now > 200
    client.close()


def test_requests_say_who_sends_them_and_want_json(httpserver, client, tmp_path, monkeypatch):
    # A .netrc would otherwise add credentials of its own to a request without any.
    (tmp_path / ".netrc").write_text("machine localhost login a password b\nmachine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    client.request("POST", answer(httpserver, {}), body={"a": 1})
    request = httpserver.log[0][0]
    assert request.headers["User-Agent"] == USER_AGENT == f"otc.dli/{VERSION} (Ansible collection)"
    assert request.headers["Accept"] == request.headers["Content-Type"] == "application/json"
    assert "Authorization" not in request.headers


LISTS = [
    (FlinkJobApi, "jobs", "job_list", "job_id", "list_jobs"),
    (TemplateApi, "job-templates", "template_list", "template_id", "list_templates"),
]


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize(("kind", "path", "key", "id_name", "method"), LISTS)
# A limit of the service's own, below the one that is asked for, is not documented.
@pytest.mark.parametrize(
    ("total", "largest_page", "requests"), [(None, 100, 3), (250, 100, 3), (250, 60, 5), (None, 60, 5)]
)
def test_a_list_is_read_page_by_page_to_its_end(
    httpserver, kind, path, key, id_name, method, total, largest_page, requests, concurrency
):
    elements = [{id_name: number} for number in range(250)]

    def page(request):
        offset, limit = int(request.args["offset"]), min(int(request.args["limit"]), largest_page)
        listing = {key.replace("_list", "s"): elements[offset : offset + limit]}
        if total is not None:
            listing["total_count"] = total
        return Response(json.dumps({key: listing}), content_type="application/json")

    httpserver.expect_request(f"/v1.0/p/streaming/{path}").respond_with_handler(page)
    client = HttpClient(concurrency=concurrency)
    api = api_at(httpserver, client, kind=kind)
    assert [element[id_name] for element in getattr(api, method)(name="n")] == list(range(250))
    assert len(httpserver.log) == requests
    client.close()


def test_a_list_that_ignores_the_offset_still_ends(httpserver, client):
    """But not as if it were whole."""
    listing = {"job_list": {"jobs": [{"job_id": number} for number in range(100)], "total_count": 300}}
    httpserver.expect_request("/v1.0/p/streaming/jobs").respond_with_json(listing)
    with pytest.raises(_errors.UnexpectedResponse, match="with 100 of 300 jobs, so the list is incomplete"):
        list(api_at(httpserver, client).list_jobs())
    assert len(httpserver.log) == 3 * 2


def api_at(httpserver, client, auth=None, kind=FlinkJobApi):
    return kind(client, Access(httpserver.url_for("").rstrip("/"), "p", auth or TokenAuth("t")))


def test_a_refused_job_of_a_batch_is_reported_with_all_that_support_asks_for(httpserver, client):
    answer_of_one = Response(
        json.dumps([{"is_success": "false", "message": "It does not run."}]),
        headers={"X-Request-Id": "req-1"},
        content_type="application/json",
    )
    httpserver.expect_request("/v1.0/p/streaming/jobs/stop").respond_with_response(answer_of_one)
    with pytest.raises(_errors.ApiError) as caught:
        api_at(httpserver, client).stop_jobs([7], True)
    assert caught.value.details() == {
        "type": "ApiError",
        "operation": "POST /v1.0/p/streaming/jobs/stop",
        "http_status": 200,
        "error_code": "",
        "message": "It does not run.",
        "request_id": "req-1",
    }


READS = {
    "list": (FlinkJobApi, lambda api: list(api.list_jobs()), "GET /v1.0/p/streaming/jobs"),
    "templates": (TemplateApi, lambda api: list(api.list_templates()), "GET /v1.0/p/streaming/job-templates"),
    "job": (FlinkJobApi, lambda api: api.get_job(7), "GET /v1.0/p/streaming/jobs/7"),
    "graph": (FlinkJobApi, lambda api: api.get_execution_graph(7), "GET /v1.0/p/streaming/jobs/7/execute-graph"),
    "stream graph": (FlinkJobApi, lambda api: api.get_stream_graph(7, {}), "POST /v3/p/streaming/jobs/7/gen-graph"),
    "run": (FlinkJobApi, lambda api: api.run_jobs([7], True), "POST /v1.0/p/streaming/jobs/run"),
    "create": (FlinkJobApi, lambda api: api.create_job(JAR, {}), "POST /v1.0/p/streaming/flink-jobs"),
    "export": (ArchiveApi, lambda api: api.export_jobs({}), "POST /v1.0/p/streaming/jobs/export"),
    "import": (ArchiveApi, lambda api: api.import_jobs({}), "POST /v1.0/p/streaming/jobs/import"),
}


@pytest.mark.parametrize(("kind", "ask", "operation"), READS.values(), ids=READS)
def test_an_answer_of_another_shape_names_the_request_as_every_error_does(httpserver, client, kind, ask, operation):
    method, path = operation.split()
    httpserver.expect_request(path, method=method).respond_with_json({})
    with pytest.raises(_errors.UnexpectedResponse, match=f"The service responded to {operation} ") as caught:
        ask(api_at(httpserver, client, kind=kind))
    assert caught.value.operation == operation


def test_an_error_is_not_its_own_cause(httpserver, client):
    httpserver.expect_request("/v1.0/p/streaming/jobs/7").respond_with_json({"error_msg": "expired"}, 401)
    for auth in (TokenAuth("t"), LoginAuth("t", lambda: "t2")):
        with pytest.raises(_errors.AuthenticationFailed) as caught:
            api_at(httpserver, client, auth).get_job(7)
        assert str(caught.value).endswith(auth.advice)
        assert caught.value.__cause__ is not caught.value


REFUSED_LOGINS = {
    "refused": (_errors.AuthenticationFailed("POST /v3/auth/tokens", 401, "401", "wrong password"), 1),
    "refused otherwise": (_errors.ApiError("POST /v3/auth/tokens", 403, "403", "locked"), 1),
    "not answered": (_errors.ConnectionFailed("No response.", "POST /v3/auth/tokens"), 5),
}


@pytest.mark.parametrize(("failure", "logins"), REFUSED_LOGINS.values(), ids=REFUSED_LOGINS)
def test_a_login_that_was_refused_is_not_tried_for_every_job(httpserver, failure, logins):
    """Each failed one counts where a user is locked out after some."""
    httpserver.expect_request("/v1.0/p/streaming/jobs/7").respond_with_json({"error_msg": "expired"}, 401)
    tried = []

    def log_in():
        tried.append(threading.get_ident())
        raise failure

    client = HttpClient(concurrency=5)
    api = api_at(httpserver, client, LoginAuth("t", log_in))

    def ask(_number):
        with pytest.raises(_errors.RequestError) as caught:
            api.get_job(7)
        return caught.value

    with ThreadPoolExecutor(5) as pool:
        errors = list(pool.map(ask, range(5)))
    assert len(tried) == logins
    assert sum(error is failure for error in errors) == logins
    assert all(str(error).endswith("No new token could be had.") for error in errors if error is not failure)
    client.close()


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


def test_a_proxy_of_the_environment_is_used_and_given_no_credentials(client, proxy):
    with pytest.raises(_errors.ConnectionFailed, match="the proxy did not connect"):
        client.request("GET", "https://dli.example.com/x", auth=TokenAuth("token-secret"))
    assert proxy and all(text.startswith("CONNECT dli.example.com:443 ") for text in proxy)
    assert not any("token-secret" in text for text in proxy)


def test_plain_http_goes_through_no_proxy(httpserver, client, proxy):
    assert client.request("GET", answer(httpserver, {"done": True}), auth=TokenAuth("token-secret")) == {"done": True}
    assert proxy == []
