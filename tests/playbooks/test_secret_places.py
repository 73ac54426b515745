# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every place that output goes to, filled by real runs and searched: the system's log, what ansible-runner stores for
AWX, files of tasks in the background, callbacks, progress, the service's log, and files that Ansible leaves behind.

That what is no secret is found in each place shows that the search would find a secret there.
"""

from __future__ import annotations

import json
import logging
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from local_dli import LocalDli
from playbooks.ansible_cli import Ansible

VISIBLE = "nothing-to-hide"
SECRET = '--db-password="planted-1" --phrase \'planted two words\' --json \'{"p": "planted-3"}\' --auth u:planted-4'
VARIABLES: dict[str, Any] = {
    "secret": SECRET,
    "rotated": SECRET.replace("planted", "planted-rotated"),
    "sql": 'CREATE SINK STREAM s (a INT) WITH (type = "rds", password = "planted-5"); -- the token: planted-6',
    "fleet": [
        {"name": f"fleet-{number}", "desc": VISIBLE, "secret_entrypoint_args": secret}
        for number, secret in enumerate(["planted\nin lines", 'planted "quoted"', "planted \\ back"])
    ],
}
WRAPPER = Path(__file__).with_name("with_own_syslog.sh")
# What Ansible itself writes a task's options into, to run a module on a host; with pipelining it does not.
PACKED_MODULE = "AnsiballZ_"


@pytest.fixture(name="syslog")
def fixture_syslog(tmp_path: Path) -> Iterator[tuple[Path, list[str]]]:
    """A socket as the system's log has one, and what is written to it."""
    path, lines = tmp_path / "log.socket", []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(path))

        def receive() -> None:
            while line := log.recv(1 << 20):
                lines.append(line.decode(errors="replace"))

        thread = threading.Thread(target=receive)
        thread.start()
        yield path, lines
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", str(path))
        thread.join()


def quoting(httpserver: HTTPServer) -> str:
    """Make a service that refuses to create a job and quotes its arguments; return its address."""

    def create(request: Request) -> Response:
        args = request.get_json()["entrypoint_args"]
        answer = {"error_code": "DLI.0001", "error_msg": f"{VISIBLE}: {args} | {json.dumps(args)} | {args.split()}"}
        return Response(json.dumps(answer), 400, content_type="application/json")

    path = "/v1.0/0123456789/streaming"
    nothing = {"is_success": True, "job_list": {"total_count": 0, "jobs": []}}
    httpserver.expect_request(f"{path}/jobs", "GET").respond_with_json(nothing)
    httpserver.expect_request(f"{path}/flink-jobs", "POST").respond_with_handler(create)
    return httpserver.url_for("").rstrip("/")


def assert_hidden(place: str, text: str, control: str = VISIBLE) -> None:
    assert control in text, f"nothing is in {place}"
    at = text.find("planted")
    assert at < 0, f"a secret is in {place}: …{text[max(0, at - 200) : at + 100]}…"


def texts_below(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()}


# With pipelining callbacks write YAML blocks for people, without it JSON.
@pytest.mark.parametrize(
    ("pipelining", "format_of_results"), [(True, "yaml"), pytest.param(False, "json", marks=pytest.mark.any_core)]
)
def test_no_place_has_a_secret(
    pipelining: bool,
    format_of_results: str,
    ansible: Ansible,
    service: LocalDli,
    httpserver: HTTPServer,
    syslog: tuple[Path, list[str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    socket_path, logged = syslog
    assert shutil.which("unshare"), "the system's log is taken in namespaces of their own"
    device = ansible.folder / "dev"
    device.mkdir()
    ansible.wrapper = ["unshare", "--user", "--map-root-user", "--mount", "sh", WRAPPER, device, socket_path]
    log, files = ansible.folder / "ansible.log", ansible.folder / "tree"
    ansible.environment.update(
        ANSIBLE_INJECT_INVOCATION="1",
        ANSIBLE_LOG_PATH=str(log),
        ANSIBLE_KEEP_REMOTE_FILES="1",
        ANSIBLE_PIPELINING=str(int(pipelining)),
        ANSIBLE_LOCAL_TEMP=str(ansible.folder / "local"),
        ANSIBLE_CALLBACK_RESULT_FORMAT=format_of_results,
        ANSIBLE_CALLBACKS_ENABLED="ansible.builtin.tree",
        ANSIBLE_CALLBACK_TREE_DIR=str(files),
    )
    variables = {
        **VARIABLES,
        "dli_token": service.issue_token(),
        "project_id": service.credentials["project_id"],
        "dli_endpoint": service.url,
        "quoting_endpoint": quoting(httpserver),
    }
    run = ansible.runner("secret_places.yml", "--cmdline=-vvvv --diff", variables=variables)
    assert run.code == 0, run.stdout[-3000:] + run.stderr

    assert_hidden("stdout", run.stdout)
    assert_hidden("the job events", json.dumps(run.events, ensure_ascii=False))
    assert {"yaml": "module_args:\n", "json": '"module_args": {'}[format_of_results] in run.stdout
    assert_hidden("the log of Ansible", log.read_text())
    artifacts = texts_below(ansible.folder / "runner-1" / "artifacts")
    assert len(artifacts) > 20
    assert_hidden("the artifacts of ansible-runner", "\n".join(artifacts.values()))

    # Of each host the last result.
    written = "\n".join(texts_below(files).values())
    assert_hidden("the files of a callback", written, '"failed": false')

    invoked = [line for line in logged if "Invoked with" in line]
    # Each module that is not refused, and the one in the background.
    assert len(invoked) >= 9, logged
    assert_hidden("the system's log", "\n".join(logged))

    background = texts_below(Path(ansible.environment["ANSIBLE_ASYNC_DIR"]))
    assert_hidden("the files of the background", "\n".join(background.values()))
    written = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("local_dli"))
    assert_hidden("the log of the service", written, "POST /v1.0")
    assert " → " in run.stderr + run.stdout, "there was progress"
    assert "planted" not in run.stderr

    kept = texts_below(Path(ansible.environment["ANSIBLE_REMOTE_TMP"]))
    packed = {path: text for path, text in kept.items() if PACKED_MODULE in path}
    assert not [path for path, text in kept.items() if "planted" in text and path not in packed]
    # By its nature such a file has the options, and shows here that files that are left behind are found.
    assert any("planted" in text for text in packed.values()) == (not pipelining or bool(packed))

    sent = [request.json for request in service.requests if request.path.endswith("/flink-jobs")]
    assert SECRET in sent[0]["entrypoint_args"], "the service has what is hidden"
