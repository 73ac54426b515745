# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebooks of the collection, run by the real ansible-rulebook against the local service."""

from __future__ import annotations

import json
import queue
import subprocess
import time
from contextlib import contextmanager

import pytest
from werkzeug import Response

from local_dli import Behaviour
from local_s3 import COLLECTIONS, REGION, local_s3
from module_runner import access_to
from playbooks.ansible_cli import BIN
from processes import in_own_session

# Far more than anything takes: what never happens shall fail its test, not stop the tests.
DEADLINE_SECONDS = 90
LIMIT = 2


@pytest.fixture(name="job")
def fixture_job(service):
    """A running job that can be started from its savepoint."""
    service.behaviour = Behaviour(savepoint_after_restart="kept")
    saved = {"has_savepoint": True, "savepoint_path": "obs://bucket/jobs/savepoint/1/1578467395713/"}
    return service.jobs.add(name="orders", status="job_running", start_time=1578467395714, queue_name="queue", **saved)


@pytest.fixture(name="rulebook")
def fixture_rulebook(ansible, service):
    """Return a context in which a rulebook runs; its value is the file with all that it prints."""

    @contextmanager
    def run(name, env=None, **variables):
        folder = ansible.folder / name
        folder.mkdir()
        given = folder / "vars.json"
        given.write_text(json.dumps({"watch_interval": 0.5, **variables}))
        access = access_to(service)
        env = {
            **ansible.environment,
            "OS_DLI_ENDPOINT_OVERRIDE": access["endpoint"],
            "OS_PROJECT_ID": access["project_id"],
            "OS_TOKEN": access["token"],
            "NOTIFY_URL": variables.get("notify_url", ""),
            **(env or {}),
        }
        printed = folder / "printed"
        command = [BIN / "ansible-rulebook", "--rulebook", f"otc.dli.{name}", "-i", ansible.inventory, "-e", given]
        # The playbooks that it has started end with it.
        with (
            printed.open("w") as output,
            in_own_session(command, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT) as process,
        ):
            yield printed
            assert process.poll() is None, printed.read_text()

    return run


def until(happened, printed):
    """Wait for something outside of this process."""
    end = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < end, printed.read_text()
        time.sleep(0.05)


def test_a_job_that_fails_is_started_again_but_not_for_ever(service, job, rulebook):
    def starts():
        return sum(request.path.endswith("/jobs/run") for request in service.requests)

    with rulebook("restart_failed_jobs", restart_limit=LIMIT, restart_health_window=0.1) as printed:
        until(lambda: len(service.requests) > 1, printed)  # the first list is known
        for number in range(LIMIT):
            service.jobs.set_status(job.job_id, "job_running_exception", "out of memory")
            until(lambda: job.status == "job_running", printed)
            # A job that fails too often is known by the lists, so each of its runs has to be seen there.
            enough = len(service.requests) + 4
            until(lambda enough=enough: len(service.requests) >= enough, printed)
            assert starts() == number + 1
        service.jobs.set_status(job.job_id, "job_running_exception", "out of memory")
        until(lambda: "orders has failed 3 times and is left alone: out of memory" in printed.read_text(), printed)
        assert (starts(), job.status) == (LIMIT, "job_running_exception")
    bodies = [request.json for request in service.requests if request.path.endswith("/jobs/run")]
    assert bodies == [{"job_ids": [job.job_id], "resume_savepoint": True}] * LIMIT
    assert service.credentials["password"] not in printed.read_text()


def test_a_job_that_would_lose_its_state_is_not_started(service, job, rulebook):
    job.set_savepoint(None)
    with rulebook("restart_failed_jobs", restart_limit=LIMIT) as printed:
        until(lambda: len(service.requests) > 1, printed)  # the first list is known
        service.jobs.set_status(job.job_id, "job_running_exception", "out of memory")
        until(lambda: "because that would lose its state" in " ".join(printed.read_text().split()), printed)
    assert [request.method for request in service.requests if request.method != "GET"] == []


def test_a_job_resumes_from_its_last_checkpoint(service, job, ansible, rulebook):
    job.set_savepoint(None)
    job.fields["checkpoint_path"] = "bucket/jobs/checkpoint/1"
    run = f"jobs/checkpoint/1/{service.jobs.execution(job)[0]}"
    with local_s3() as s3:
        s3.add_bucket("bucket")
        for name in ("chk-9/_metadata", "chk-10/_metadata", "chk-11/half-of-a-checkpoint"):
            s3.write("bucket", f"{run}/{name}", b"state")
        env = {
            "ANSIBLE_COLLECTIONS_PATH": f"{ansible.environment['ANSIBLE_COLLECTIONS_PATH']}:{COLLECTIONS}",
            "OS_OBS_ENDPOINT_OVERRIDE": s3.url,
            "OS_REGION_NAME": REGION,
            # One access key serves DLI and OBS.
            "OS_TOKEN": "",
            "OS_ACCESS_KEY": service.credentials["access_key"],
            "OS_SECRET_KEY": service.credentials["secret_key"],
        }
        with rulebook("restart_failed_jobs", env, restart_limit=LIMIT, restart_resume_from="checkpoint") as printed:
            until(lambda: len(service.requests) > 1, printed)  # the first list is known
            service.jobs.set_status(job.job_id, "job_running_exception", "out of memory")
            until(lambda: job.status == "job_running", printed)
    sent = [(request.path.rpartition("/")[2], request.json) for request in service.requests if request.method != "GET"]
    assert sent == [
        ("import-savepoint", {"job_id": job.job_id, "savepoint_path": f"obs://bucket/{run}/chk-10"}),
        ("run", {"job_ids": [job.job_id], "resume_savepoint": True}),
    ]
    assert service.credentials["secret_key"] not in printed.read_text()


def test_people_get_a_message(service, job, rulebook, httpserver):
    texts: queue.Queue[str] = queue.Queue()
    path = "/hook/a-secret-of-ours"

    def take(request):
        texts.put(request.json["text"])
        return Response(status=204)

    httpserver.expect_request(path).respond_with_handler(take)
    with rulebook("notify", notify_url=httpserver.url_for(path)) as printed:
        until(lambda: len(service.requests) > 1, printed)  # the first list is known
        service.jobs.set_status(job.job_id, "job_running_exception", "out of memory")
        assert texts.get(timeout=DEADLINE_SECONDS) == "Flink job orders is down (job_running_exception). out of memory"
        job.start_time += 1
        service.jobs.set_status(job.job_id, "job_running")
        assert texts.get(timeout=DEADLINE_SECONDS) == "Flink job orders runs."
        service.expire_tokens()
        assert texts.get(timeout=DEADLINE_SECONDS).startswith("Data Lake Insight is unreachable. The service refused")
    assert path not in printed.read_text()
