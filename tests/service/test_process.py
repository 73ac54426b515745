# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service as a program, over TLS, and what it writes to its log."""

from __future__ import annotations

import json
import logging
import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
from ansible_collections.otc.dli.plugins.module_utils._http.credentials import resolve_credentials

from local_dli import Behaviour, LocalDli
from local_dli.__main__ import EXPORTED, main
from local_dli.iam import CREDENTIALS
from processes import in_own_session

TESTS = Path(__file__).parents[1]
SECRETS = ("password", "access_key", "secret_key", "security_token", "temporary_access_key", "temporary_secret_key",
           "mfa_password", "passcode")  # fmt: skip


def token_of(known: dict[str, str]) -> str:
    """Return a token of the user that the program names."""
    user = {"name": known["username"], "password": known["password"], "domain": {"name": known["user_domain_name"]}}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"id": known["project_id"]}},
        }
    }
    answer = requests.post(f"{known['auth_url']}/auth/tokens", json=body, timeout=10)
    return answer.headers["X-Subject-Token"]


def test_the_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local_dli", "--put-omitted", "default", "--submit-seconds", "3600"]
    environment = os.environ | {"PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(tmp_path)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=tmp_path, text=True
    ) as process:
        known = json.loads(process.stdout.readline())
        assert known["auth_url"] == known["url"] + "/v3"
        token = token_of(known)
        url = f"{known['url']}/v1.0/{known['project_id']}/streaming"
        job = {"name": "job", "queue_name": "queue", "entrypoint_args": "hidden"}
        headers = {"X-Auth-Token": token}
        job_id = requests.post(f"{url}/flink-jobs", json=job, headers=headers, timeout=10).json()["job"]["job_id"]
        requests.post(f"{url}/jobs/run", json={"job_ids": [job_id]}, headers=headers, timeout=10)
        requests.get(f"{url}/jobs?name=hidden", headers=headers, timeout=10)
        detail = requests.get(f"{url}/jobs/{job_id}", headers=headers, timeout=10).json()["job_detail"]
        assert detail["status"] == "job_submitting"
        process.send_signal(signal.SIGTERM)
        out, log = process.communicate(timeout=10)
    assert (process.returncode, out) == (0, "")
    assert list(tmp_path.iterdir()) == []
    lines = log.splitlines()
    assert len(lines) == 5
    assert lines[0].endswith(" POST /v3/auth/tokens 201")
    assert lines[-1].endswith(f" GET /v1.0/{known['project_id']}/streaming/jobs/{job_id} 200")
    for secret in ("hidden", token, *(known[name] for name in SECRETS)):
        assert secret not in log


# Sends the signal at the worst moment: the main thread has begun to wait, and holds the lock of what it waits for.
ENDED_WHILE_IT_BEGINS_TO_WAIT = """
import os, runpy, signal, sys, threading
wait = threading.Condition.wait
def end_and_wait(condition, timeout=None):
    if sys._getframe(2).f_code.co_name == "main":
        os.kill(os.getpid(), signal.SIGTERM)
    return wait(condition, timeout)
threading.Condition.wait = end_and_wait
runpy.run_module("local_dli", run_name="__main__")
"""


def test_it_ends_at_whatever_moment_it_is_told_to() -> None:
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-c", ENDED_WHILE_IT_BEGINS_TO_WAIT]
    with in_own_session(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        process.stdout.readline()
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_a_shell_can_take_where_the_service_is() -> None:
    command = [sys.executable, "-m", "local_dli", "--exports"]
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        lines = b"".join(process.stdout.readline() for _variable in EXPORTED)
        shown = subprocess.run(["sh", "-c", lines + b"env -0"], capture_output=True, check=True, env={}).stdout
        process.terminate()
    environ = dict(line.split("=", 1) for line in shown.decode().split("\0") if line)
    credentials = resolve_credentials({}, environ, None)
    assert (credentials.auth_url, credentials.endpoint) == (
        f"{credentials.endpoint}/v3",
        environ["OS_DLI_ENDPOINT_OVERRIDE"],
    )
    assert (credentials.username, credentials.password) == (CREDENTIALS["username"], CREDENTIALS["password"])
    assert (credentials.user_domain_name, credentials.project_name) == (
        CREDENTIALS["user_domain_name"], CREDENTIALS["project_name"]
    )  # fmt: skip


def test_a_start_is_planned_from_the_command_line() -> None:
    plans = ("orders=running", "orders=submit_fail", "archive=refused")
    command = [sys.executable, "-m", "local_dli", *(f"--plan-start={plan}" for plan in plans)]
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        try:
            known = json.loads(process.stdout.readline())
            results = [started(known, name) for name in ("orders", "orders", "archive")]
        finally:
            process.terminate()
    assert results == ["job_running", "job_submit_fail", "refused"]


def started(known: dict[str, str], name: str) -> str:
    """Create a job, start it, and return its status, or "refused"; the job is deleted then."""
    base = f"{known['url']}/v1.0/{known['project_id']}/streaming"
    with requests.Session() as session:
        session.trust_env = False
        session.headers["X-Auth-Token"] = token_of(known)
        created = session.post(f"{base}/flink-jobs", json={"name": name, "queue_name": "q", "entrypoint": "a.jar"})
        number = created.json()["job"]["job_id"]
        answer = session.post(f"{base}/jobs/run", json={"job_ids": [number], "resume_savepoint": False})
        status = session.get(f"{base}/jobs/{number}").json()["job_detail"]["status"]
        session.post(f"{base}/jobs/delete", json={"job_ids": [number]}).raise_for_status()
        return status if answer.ok else "refused"


@pytest.mark.parametrize(
    ("plan", "message"), [("=running", "NAME=OUTCOME"), ("orders", "NAME=OUTCOME"), ("a=b", "'b'")]
)
def test_a_plan_that_cannot_be(plan: str, message: str, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sys, "argv", ["local_dli", f"--plan-start={plan}"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_the_help_names_the_switches(capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sys, "argv", ["local_dli", "--help"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 0
    assert "--no-detail-omits-image" in capsys.readouterr().out


def test_the_log_holds_no_secret(service: LocalDli, caplog: Any) -> None:
    """Not even when a client puts one where it does not belong, and not when the service breaks."""
    caplog.set_level(logging.DEBUG)
    known = service.credentials
    token = service.issue_token()
    url = f"{service.url}/v1.0/{known['project_id']}/streaming"
    hidden = f"hidden-{known['password']}"
    for headers in ({"X-Auth-Token": token}, {"X-Auth-Token": hidden}, {"Authorization": hidden}):
        for kind in ("application/json", "text/plain", hidden):
            requests.post(
                f"{url}/flink-jobs?a={hidden}", data=hidden, headers=headers | {"Content-Type": kind}, timeout=10
            )
        requests.get(f"{url}/jobs?{hidden}={hidden}", headers=headers, timeout=10)
    service.jobs.add(name=hidden).fields.pop("desc")
    assert requests.get(f"{url}/jobs", headers={"X-Auth-Token": token}, timeout=10).status_code == 500
    service.contract_violations.clear()
    requests.post(f"{service.auth_url}/auth/tokens", json={"auth": {"password": hidden}}, timeout=10)
    written = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("local_dli"))
    assert written.count("POST") == 10
    assert "hidden" not in written
    for secret in (token, *(known[name] for name in SECRETS)):
        assert secret not in written


def test_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with LocalDli(Behaviour(), ssl_context=context) as service:
        assert service.url.startswith("https://127.0.0.1:")
        answer = requests.get(service.auth_url, verify=str(tmp_path / "ca.pem"), timeout=10)
        assert answer.json()["version"]["links"][0]["href"].startswith(service.auth_url)
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(service.auth_url, timeout=10)
        assert requests.get(service.url, verify=str(tmp_path / "ca.pem"), timeout=10).status_code == 300


def test_a_stopped_service_does_not_answer() -> None:
    with LocalDli() as service, requests.Session() as http:
        assert http.get(service.auth_url, timeout=10).status_code == 200
        service.stop()
        with pytest.raises(requests.exceptions.ConnectionError):
            http.get(service.auth_url, timeout=10)
