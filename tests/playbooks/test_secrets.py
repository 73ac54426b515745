# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret comes out anywhere, whatever happens; and each does reach the service, or there would be nothing to hide.

Every secret that a test makes up has the word "planted" in it, which no way to quote or escape a text would change,
and the secrets of the local service are plain words. Base64 alone is searched for separately.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import requests
import trustme
import yaml
from ansible_collections.otc.dli.plugins.module_utils._reconcile import wait
from ansible_collections.otc.dli.plugins.modules import (
    dli_flink_jar_job,
    dli_flink_job_adopt,
    dli_flink_job_audit,
    dli_flink_job_info,
    dli_flink_savepoint,
)
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response
from werkzeug.test import Client

from local_dli import LocalDli
from local_dli.app import create_app
from module_runner import run_module
from playbooks.ansible_cli import Ansible, Outcome

TESTS = Path(__file__).parents[1]

PUBLIC = "-windowSize 2000"
SECRET = '--db-password=planted-%41-Kö\\nig --key "planted quoted" -token planted-bare --pin=planted?a=b&c=d'
ROTATED = "--db-password=planted-rotated-ß%20\\ --key 'planted single'"
# Results show what options a module got, which newer releases of ansible-core do only on request.
SHOW_OPTIONS = {"ANSIBLE_INJECT_INVOCATION": "1"}
FIELDS = {"password", "access_key", "secret_key", "security_token", "temporary_access_key", "temporary_secret_key"}


def secrets_of(known: dict[str, str]) -> list[str]:
    """All that must come out nowhere; "local-token-" is what each token of the local service begins with."""
    return ["planted", "local-token-", *(known[name] for name in FIELDS)]


def assert_nothing_leaks(where: str, text: str, known: dict[str, str]) -> None:
    for secret in secrets_of(known):
        assert secret not in text, f"{secret} is in {where}: …{excerpt(text, secret)}…"
    for secret in (SECRET, ROTATED, *SECRET.split(), *secrets_of(known)[2:]):
        encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
        assert len(encoded) < 8 or encoded not in text, f"{secret} in base64 is in {where}"


def excerpt(text: str, secret: str) -> str:
    place = text.find(secret)
    return text[max(0, place - 80) : place + 80]


def assert_outcome_leaks_nothing(outcome: Outcome, known: dict[str, str]) -> None:
    assert_nothing_leaks("stdout", outcome.stdout, known)
    assert_nothing_leaks("stderr", outcome.stderr, known)
    assert_nothing_leaks("the job events", json.dumps(outcome.events, ensure_ascii=False), known)


@pytest.fixture(name="process")
def fixture_process(tmp_path: Path) -> Iterator[tuple[dict[str, str], Path]]:
    """The local service in a process of its own: what it knows, and the file with its log."""
    log = tmp_path / "service.log"
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(tmp_path)}
    with log.open("w") as stderr:
        service = subprocess.Popen(
            [sys.executable, "-m", "local_dli"], stdout=subprocess.PIPE, stderr=stderr, env=environment, text=True
        )
        try:
            yield json.loads(service.stdout.readline()), log
        finally:
            service.send_signal(signal.SIGTERM)
            service.communicate(timeout=30)


@pytest.fixture(name="closed_port")
def fixture_closed_port() -> Iterator[str]:
    """The address of a port that nobody else can get, and that refuses every connection."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture(name="unverifiable")
def fixture_unverifiable() -> Iterator[LocalDli]:
    """A service whose certificate nobody can verify."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with LocalDli(ssl_context=context) as service:
        yield service


def quoting(httpserver: HTTPServer, words: Callable[[str], str]) -> str:
    """Make a service that refuses to create a job, and quotes its arguments and token; return its address."""

    def create(request: Request) -> Response:
        args, token = request.get_json()["entrypoint_args"], request.headers["X-Auth-Token"]
        answer = {"error_code": "DLI.0001", "error_msg": f"Wrong arguments {words(args)} (token {words(token)})."}
        return Response(json.dumps(answer), 400, content_type="application/json")

    path = "/v1.0/0123456789/streaming"
    nothing = {"is_success": True, "job_list": {"total_count": 0, "jobs": []}}
    httpserver.expect_request(f"{path}/jobs", "GET").respond_with_json(nothing)
    httpserver.expect_request(f"{path}/flink-jobs", "POST").respond_with_handler(create)
    return httpserver.url_for("").rstrip("/")


def test_a_playbook_through_ansible_runner(
    ansible: Ansible,
    process: tuple[dict[str, str], Path],
    httpserver: HTTPServer,
    closed_port: str,
    unverifiable: LocalDli,
) -> None:
    """Create, rotate, no change, change, a task without the secret, failures of all kinds, delete; at -vvvv."""
    known, log = process
    clouds = {
        "user": {
            "auth_url": known["auth_url"],
            **{name: known[name] for name in ("username", "password", "user_domain_name", "project_name")},
        },
        "keys": {
            "auth_url": known["auth_url"],
            **{name: known[name] for name in ("access_key", "secret_key", "project_id")},
        },
        "refused": {
            "auth_url": known["auth_url"],
            "password": 'planted "in" the %file\\',
            **{name: known[name] for name in ("username", "user_domain_name", "project_name")},
        },
    }
    path = Path(ansible.environment["HOME"], ".config", "openstack", "clouds.yaml")
    path.parent.mkdir(parents=True)
    place = {"region_name": known["region"], "dli_endpoint_override": known["url"]}
    path.write_text(yaml.safe_dump({"clouds": {name: {"auth": auth, **place} for name, auth in clouds.items()}}))
    log_path = ansible.folder / "ansible.log"
    ansible.environment.update(SHOW_OPTIONS, ANSIBLE_LOG_PATH=str(log_path))

    user = {"name": known["username"], "password": known["password"], "domain": {"name": known["user_domain_name"]}}
    identity = {"methods": ["password"], "password": {"user": user}}
    login = {"auth": {"identity": identity, "scope": {"project": {"id": known["project_id"]}}}}
    answer = requests.post(f"{known['auth_url']}/auth/tokens", json=login, timeout=10)
    token = answer.headers["X-Subject-Token"]
    assert token.startswith("local-token-")

    variables = {
        **known,
        "dli_token": token,
        "dli_endpoint": known["url"],
        "dli_auth_url": known["auth_url"],
        "public_args": PUBLIC,
        "secret_args": SECRET,
        "rotated_args": ROTATED,
        "wrong_secret": 'planted "wrong" %41 \\ ä',
        "quoting_endpoint": quoting(httpserver, lambda args: args),
        "closed_endpoint": closed_port,
        "unverifiable_endpoint": unverifiable.url,
    }
    run = ansible.runner("secrets.yml", "--cmdline=-vvvv --diff", variables=variables)
    assert run.code == 0, run.stdout[-3000:]

    failed = {event["event_data"]["task"] for event in run.events if event["event"] == "runner_on_failed"}
    assert failed == {
        "Break a rule",
        "Break a rule with the secret itself",
        "Have the service refuse, quoting the arguments",
        "Meet a refused connection",
        "Meet a wrong certificate",
        "Log in with a wrong password",
        "Log in with the wrong password of a cloud",
        "Sign with a wrong key",
        "Send a wrong token",
    }
    # The verbosity is that at which Ansible shows the most.
    assert '"module_args": {' in run.stdout
    assert '"secret_entrypoint_args": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"' in run.stdout
    assert log_path.stat().st_size > len(run.stdout) / 2

    assert_outcome_leaks_nothing(run, known)
    assert_nothing_leaks("the log of Ansible", log_path.read_text(), known)
    for artifact in (ansible.folder / "runner-1" / "artifacts").rglob("*"):
        if artifact.is_file():
            assert_nothing_leaks(artifact.name, artifact.read_text(), known)
    assert "POST" in log.read_text()
    assert_nothing_leaks("the log of the service", log.read_text(), known)

    # What may be shown is, and a change that cannot be shown is reported.
    mask = "********"
    created, rotated = run.result("Create the job"), run.result("Rotate the secret")
    assert created["job"]["entrypoint_args"] == f"{PUBLIC} {mask}"
    assert rotated["changes"]["entrypoint_args"] == {
        "before": f"{PUBLIC} {mask}",
        "after": f"{PUBLIC} {mask} (changed)",
    }
    assert not run.result("Describe the job again")["changed"]
    assert run.result("Change something else, without the secret")["job"]["entrypoint_args"] == mask

    # The positive control: the service does have it, and the refused request had it too.
    url = f"{known['url']}/v1.0/{known['project_id']}/streaming/jobs"
    (job,) = requests.get(url, params={"name": "kept"}, headers={"X-Auth-Token": token}, timeout=10).json()["job_list"][
        "jobs"
    ]
    listed = requests.get(f"{url}/{job['job_id']}", headers={"X-Auth-Token": token}, timeout=10).json()
    assert listed["job_detail"]["entrypoint_args"] == f"{PUBLIC} {SECRET}"
    (refused,) = [request for request, _answer in httpserver.log if request.method == "POST"]
    assert refused.get_json()["entrypoint_args"] == f"{PUBLIC} {SECRET}"


@pytest.mark.parametrize("way", ["password", "temporary keys"])
def test_by_hand_with_credentials_from_the_environment(
    way: str, ansible: Ansible, service: LocalDli, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    known = service.credentials
    environment = {
        "password": {
            "OS_USERNAME": known["username"],
            "OS_PASSWORD": known["password"],
            "OS_USER_DOMAIN_NAME": known["user_domain_name"],
            "OS_AUTH_URL": service.auth_url,
        },
        "temporary keys": {
            "OS_ACCESS_KEY": known["temporary_access_key"],
            "OS_SECRET_KEY": known["temporary_secret_key"],
            "OS_SECURITY_TOKEN": known["security_token"],
            "OS_DLI_ENDPOINT_OVERRIDE": service.url,
        },
    }[way]
    log = ansible.folder / "ansible.log"
    run = ansible.adhoc(
        json.dumps({"name": "orders", "entrypoint_args": PUBLIC, "secret_entrypoint_args": SECRET}),
        *("-vvvv", "--diff"),
        env={**environment, "OS_PROJECT_ID": known["project_id"], "ANSIBLE_LOG_PATH": str(log), **SHOW_OPTIONS},
    )
    assert run.code == 0, run.stderr
    assert_outcome_leaks_nothing(run, known)
    assert_nothing_leaks("the log of Ansible", log.read_text(), known)
    written = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("local_dli"))
    assert "POST" in written
    assert_nothing_leaks("the log of the service", written, known)
    (create,) = [request for request in service.requests if request.path.endswith("/flink-jobs")]
    assert create.json["entrypoint_args"] == f"{PUBLIC} {SECRET}"
    if way == "password":
        (login,) = [request for request in service.requests if request.path.endswith("/auth/tokens")]
        assert known["password"].encode() in login.body
        assert create.headers["x-auth-token"].startswith("local-token-")
    else:
        assert create.headers["x-security-token"] == known["security_token"]


WAYS_TO_QUOTE: dict[str, Callable[[str], str]] = {
    "as it is": lambda words: words,
    "as JSON": json.dumps,
    "as JSON with all letters": lambda words: json.dumps(words, ensure_ascii=False),
    "as JSON in JSON": lambda words: json.dumps(json.dumps(words)),
    "as Python": repr,
    "in a URL": quote,
    "in a URL, slashes too": lambda words: quote(words, safe=""),
    "in a form": quote_plus,
    "each word on a line": lambda words: "\n".join(words.split()),
    "the last word only": lambda words: words.split()[-1],
    "the values only": lambda words: " ".join(word.partition("=")[2] or word for word in words.split()),
    # The middle of the first secret word is then where a message has its most characters.
    "cut in the middle of a word": lambda words: "x" * 474 + words[words.find("planted") :],
    "cut in the middle of the arguments": lambda words: "x" * 440 + words,
}


@pytest.mark.parametrize("way", WAYS_TO_QUOTE)
@pytest.mark.parametrize("secret", [SECRET, ROTATED, "planted-alone", "--a planted-1\n  --b  planted-2\n"])
def test_a_service_that_quotes_the_secret(way: str, secret: str, httpserver: HTTPServer) -> None:
    options = {
        "token": "planted-token",
        "project_id": "0123456789",
        "endpoint": quoting(httpserver, WAYS_TO_QUOTE[way]),
        "name": "orders",
        "entrypoint_args": PUBLIC,
        "secret_entrypoint_args": secret,
    }
    result = run_module(dli_flink_jar_job, options)
    assert result["failed"]
    assert result["error"]["http_status"] == 400
    assert "plant" not in json.dumps(result)


# How an answer can bring a text: the operation, its HTTP status, and its body.
REFUSALS: dict[str, tuple[int, Callable[[str], Any]]] = {
    "an error": (400, lambda words: {"error_code": "DLI.0001", "error_msg": words}),
    "a fault": (500, lambda words: {"error_code": "DLI.0999", "error_msg": words}),
    "an error in a list": (400, lambda words: [{"error_code": "DLI.0001", "error_msg": words}]),
    "no success": (200, lambda words: {"is_success": "false", "message": words}),
    "no success of one": (200, lambda words: [{"is_success": False, "message": words}]),
    "the code": (400, lambda words: {"error_code": words, "error_msg": "no"}),
    "JSON in a text": (400, lambda words: {"error_msg": json.dumps({"request": json.dumps({"args": words})})}),
    "a long text": (400, lambda words: {"error_code": "DLI.0001", "error_msg": "x" * 900 + words * 20}),
    "no JSON": (400, lambda words: words),
    "no shape": (200, lambda words: {words: [words], "job": {"job_id": words}}),
}
OPERATIONS = {
    "create": ("POST", "/flink-jobs"),
    "read": ("GET", "/jobs/{job_id}"),
    "list": ("GET", "/jobs"),
    "update": ("PUT", "/flink-jobs/{job_id}"),
    "stop": ("POST", "/jobs/stop"),
    "run": ("POST", "/jobs/run"),
    "delete": ("DELETE", "/jobs/{job_id}"),
}
UPGRADE = {"state": "started", "cu_number": 8, "desc": "new", "health_window": 0}


def add_job(service: LocalDli, status: str) -> int:
    known = {"queue_name": "queue", "obs_bucket": "bucket", "entrypoint_args": f"{PUBLIC} {SECRET}"}
    job = service.jobs.add(name="orders", **known)
    service.jobs.set_status(job.job_id, status)
    return job.job_id


def in_front_of(
    service: LocalDli,
    httpserver: HTTPServer,
    refuse: Callable[[Request], Response | None] = lambda _request: None,
    change: Callable[[Any], Any] = lambda answer: answer,
) -> dict[str, Any]:
    """Put a server in front of the service that may answer otherwise; return the options that lead to it.

    :param refuse: given a request, returns what it is answered with instead of being passed on, or None.
    :param change: given the JSON of the service's answer, returns what is answered.
    """
    client = Client(create_app(service))

    def forward(request: Request) -> Response:
        refusal = refuse(request)
        if refusal:
            return refusal
        path = request.full_path.rstrip("?")
        known = client.open(path, method=request.method, data=request.get_data(), headers=dict(request.headers))
        return Response(json.dumps(change(known.get_json())), known.status_code, content_type="application/json")

    httpserver.expect_request(re.compile(".*")).respond_with_handler(forward)
    return {
        "token": service.issue_token(),
        "project_id": service.credentials["project_id"],
        "endpoint": httpserver.url_for("").rstrip("/"),
        "retry_timeout": 0,
        "wait_timeout": 0.05,
        "name": "orders",
        "entrypoint_args": PUBLIC,
        "secret_entrypoint_args": SECRET,
    }


@pytest.fixture(name="no_grace")
def fixture_no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(wait, "FIRST_PAUSE_SECONDS", 0.001)


@pytest.mark.parametrize("option", ["name", "queue_name", "desc", "region", "ca_cert", "flink_version", "cloud"])
@pytest.mark.parametrize("length", [20, 79, 80, 81, 200, 300, 2000])
def test_a_token_that_was_pasted_into_another_option(option: str, length: int, service: LocalDli) -> None:
    """Of a long value a part would not be recognised as the secret, so that no part is shown."""
    token = "planted" * (length // 7 + 1)
    options = {"token": token[:length], "project_id": "0123", "endpoint": service.url, "name": "two words"}
    if option in ("region", "ca_cert"):
        options["name"] = "orders"
    if option == "region":
        del options["endpoint"]
    result = run_module(dli_flink_jar_job, {**options, option: token[:length]})
    assert result["failed"]
    assert "planted" not in json.dumps(result)


@pytest.mark.usefixtures("no_grace")
@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_operation_that_answers_with_the_secret(
    operation: str, refusal: str, service: LocalDli, httpserver: HTTPServer
) -> None:
    job_id = 0 if operation == "create" else add_job(service, "job_running")
    status, body = REFUSALS[refusal]
    method, path = OPERATIONS[operation]
    quoted = []

    def refuse(request: Request) -> Response | None:
        if request.method != method or not request.path.endswith("/streaming" + path.format(job_id=job_id)):
            return None
        quoted.append(request.path)
        words = f"{PUBLIC} {SECRET} {request.headers['X-Auth-Token']}"
        return Response(json.dumps(body(words)), status, content_type="application/json")

    options = {**in_front_of(service, httpserver, refuse), **UPGRADE}
    if operation == "create":
        options |= {"queue_name": "queue", "entrypoint": "job.jar"}
    if operation == "delete":
        options["state"] = "absent"
    result = run_module(dli_flink_jar_job, options, diff=True)
    assert quoted
    assert_nothing_leaks("the result", json.dumps(result, ensure_ascii=False), service.credentials)
    # An update or a deletion has no shape of its own, so that any success is one.
    assert result["failed"] or (refusal in ("no shape", "no success of one") and operation in ("update", "delete"))
    assert len(result.get("msg", "")) <= 1100


@pytest.mark.usefixtures("no_grace")
@pytest.mark.parametrize("field", ["status_desc", "savepoint_path", "user_name", "main_class", "smn_topic", "name"])
@pytest.mark.parametrize("state", ["present", "started"])
def test_a_field_that_shows_the_secret(field: str, state: str, service: LocalDli, httpserver: HTTPServer) -> None:
    """As it is read, changed, and named as the cause of a failure."""
    job_id = add_job(service, "job_submit_fail")
    shown = []

    def change(known: Any) -> Any:
        jobs = [known["job_detail"]] if "job_detail" in known else known.get("job_list", {}).get("jobs", [])
        for job in jobs:
            place = job["job_config"] if field in job["job_config"] else job
            place[field] = f"said {SECRET}"
            shown.append(job)
        return known

    options = {
        **in_front_of(service, httpserver, change=change),
        "job_id": job_id,
        "state": state,
        "resume_savepoint": True,
    }
    if field in ("main_class", "smn_topic"):
        options[field] = "another"
    result = run_module(dli_flink_jar_job, options, diff=True)
    assert shown
    assert_nothing_leaks("the result", json.dumps(result, ensure_ascii=False), service.credentials)


# The flags of a call of open() that write, create or empty a file.
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGING = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}
audited: list[str] | None = None


def audit(event: str, arguments: tuple) -> None:
    if audited is None:
        return
    if event == "open" and arguments[2] & WRITING:
        audited.append(f"open {arguments[0]}")
    elif event in CHANGING or event.startswith(("subprocess.", "os.exec", "os.posix_spawn", "tempfile.")):
        audited.append(f"{event} {arguments}")


@pytest.fixture(scope="module", name="audit_hook")
def fixture_audit_hook() -> None:
    """A hook cannot be taken away again; it does nothing outside of the test."""
    sys.addaudithook(audit)


@pytest.mark.usefixtures("no_grace", "audit_hook")
def test_no_file_is_written(service: LocalDli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every module, by every way to log in, in success and failure."""
    known = service.credentials
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    user = {name: known[name] for name in ("username", "password", "user_domain_name", "project_name")}
    keys = {name: known[name] for name in ("access_key", "secret_key", "project_id")}
    ways = [{**user, "auth_url": service.auth_url}, {**keys, "endpoint": service.url}]
    job = {"name": "orders", "queue_name": "queue", "entrypoint": "job.jar"}
    job |= {"entrypoint_args": PUBLIC, "secret_entrypoint_args": SECRET}
    tasks: list[tuple[Any, dict[str, Any]]] = [
        (dli_flink_jar_job, {**job, "state": "started", "health_window": 0}),
        (dli_flink_jar_job, {**job, **UPGRADE}),
        (dli_flink_job_info, {"execution_plan": True}),
        (dli_flink_job_audit, {"jobs": [job]}),
        (dli_flink_job_adopt, {}),
        (dli_flink_savepoint, {"name": "orders", "savepoint_path": "obs://bucket/folder"}),
        (dli_flink_jar_job, {**job, "job_id": 4711}),
        (dli_flink_jar_job, {"name": "orders", "state": "absent"}),
        (dli_flink_jar_job, {"name": "two words"}),
    ]
    failures = 0
    for module, options in tasks:
        for way in ways:
            monkeypatch.setattr(sys.modules[__name__], "audited", [])
            result = run_module(module, {**way, **options}, diff=True)
            failures += result["failed"]
            assert audited == [], (options, result)
    monkeypatch.setattr(sys.modules[__name__], "audited", None)
    assert 2 <= failures <= 8
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("audit_hook")
def test_a_file_that_is_written_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "audited", [])
    (tmp_path / "file").write_text("x")
    assert audited[0] == f"open {tmp_path / 'file'}"


USER = {"username": "somebody", "user_domain_name": "somewhere", "project_name": "our-project"}


def test_the_service_quotes_the_token_that_iam_issued(httpserver: HTTPServer) -> None:
    endpoint = quoting(httpserver, lambda words: words)
    token = {"token": {"project": {"id": "0123456789"}, "catalog": []}}
    httpserver.expect_request("/v3/auth/tokens", "POST").respond_with_json(
        token, 201, {"X-Subject-Token": "planted-issued"}
    )
    options = {**USER, "password": "planted-password", "auth_url": endpoint, "endpoint": endpoint, "name": "orders"}
    result = run_module(dli_flink_jar_job, {**options, "secret_entrypoint_args": SECRET})
    assert result["failed"]
    sent = [request.headers.get("X-Auth-Token") for request, _answer in httpserver.log]
    assert sent[0] is None and set(sent[1:]) == {"planted-issued"}
    assert "(token ********)" in result["msg"]
    assert "planted" not in json.dumps(result)


@pytest.mark.parametrize("place", ["the task", "clouds.yaml"])
@pytest.mark.filterwarnings("ignore:Support for InfluxDB")
def test_iam_quotes_password_and_passcode(
    place: str, httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(request: Request) -> Response:
        identity = request.get_json()["auth"]["identity"]
        password, passcode = identity["password"]["user"]["password"], identity["totp"]["user"]["passcode"]
        words = f"{password} is not the password, or {passcode} not the passcode."
        error = {"code": 401, "title": "Unauthorized", "message": words}
        return Response(json.dumps({"error": error}), 401, content_type="application/json")

    httpserver.expect_request("/v3/auth/tokens", "POST").respond_with_handler(refuse)
    options = {**USER, "password": 'planted "pass" wörd%', "auth_url": httpserver.url_for("/v3")}
    options |= {"user_id": "0123", "passcode": "042137"}
    if place == "clouds.yaml":
        path = tmp_path / "clouds.yaml"
        path.write_text(yaml.safe_dump({"clouds": {"ours": {"auth": options}}}))
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        options = {"cloud": "ours"}
    result = run_module(dli_flink_jar_job, {**options, "name": "orders"})
    assert result["failed"]
    assert result["error"]["http_status"] == 401
    assert "is not the password, or ******** not the passcode" in result["msg"]
    assert "planted" not in json.dumps(result) and "042137" not in json.dumps(result)


def test_short_secret_words_in_a_block(httpserver: HTTPServer) -> None:
    """A secret that is written over two lines is sent, and may be quoted, in one."""
    options = {
        "token": "planted-token",
        "project_id": "0123456789",
        "endpoint": quoting(httpserver, lambda words: words),
        "name": "orders",
        "secret_entrypoint_args": "--user bob\n--pin 739\n",
    }
    result = run_module(dli_flink_jar_job, options)
    assert result["failed"]
    assert "--pin 739" not in json.dumps(result)


def test_what_flink_itself_treats_as_a_secret(ansible: Ansible, service: LocalDli) -> None:
    """The values of sensitive settings are masked, in what Ansible shows of the options too."""
    settings = {"s3.secret-key": "planted-key", "security.ssl.rest.key-password": "planted-pw", "state.ttl": "5"}
    environment = {
        "OS_TOKEN": service.issue_token(),
        "OS_PROJECT_ID": service.credentials["project_id"],
        "OS_DLI_ENDPOINT_OVERRIDE": service.url,
        **SHOW_OPTIONS,
    }
    run = ansible.adhoc(json.dumps({"name": "orders", "runtime_config": settings}), "-vvv", "--diff", env=environment)
    assert run.code == 0, run.stdout
    (job,) = service.jobs.all()
    assert {"key": "s3.secret-key", "value": "planted-key"} in json.loads(job.fields["runtime_config"])
    assert '"s3.secret-key": "********"' in run.stdout
    assert '"state.ttl": "5"' in run.stdout
    assert_outcome_leaks_nothing(run, service.credentials)
