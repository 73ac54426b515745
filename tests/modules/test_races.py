# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Another task, or another user, acts on the same job between two requests of ours."""

from __future__ import annotations

import pytest
from ansible_collections.otc.dli.plugins.module_utils._api.flink_jobs import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._reconcile import wait

pytestmark = pytest.mark.any_core

JOB = {"name": "job", "entrypoint": "obs://bucket/job.jar", "queue_name": "queue"}
RUNNING = {
    "name": "job",
    "status": "job_running",
    "start_time": 1,
    "entrypoint": "obs://bucket/old.jar",
    "queue_name": "queue",
    "obs_bucket": "bucket",
}


@pytest.fixture(name="just_before")
def fixture_just_before(monkeypatch):
    """Return a function that has something done just before an operation of the API is sent, once."""

    def just_before(operation, act):
        send = getattr(FlinkJobApi, operation)
        todo = [act]

        def sent_after(*args):
            if todo:
                todo.pop()()
            return send(*args)

        monkeypatch.setattr(FlinkJobApi, operation, sent_after)

    return just_before


def named(service):
    return [job for job in service.jobs.all() if job.fields["name"] == "job"]


def operations(result):
    return [action["operation"] for action in result["actions"]]


def test_a_create_that_comes_second_finds_the_job_as_it_should_be(service, job, just_before):
    just_before("create_job", lambda: service.jobs.add(**JOB))
    result = job(**JOB)
    # Its own request may have created it, delivered twice on the way; who reacts to changes must not miss one.
    assert not result["failed"] and result["changed"] and operations(result) == ["create"]
    assert result["job"]["entrypoint"] == JOB["entrypoint"]
    assert len(named(service)) == 1


def test_a_create_that_comes_second_brings_the_job_to_its_own_description(service, job, just_before):
    just_before("create_job", lambda: service.jobs.add(**{**JOB, "parallel_number": 2}))
    result = job(**JOB, parallel_number=1, state="started")
    assert operations(result) == ["update", "run"]
    assert result["changes"] == {"parallel_number": {"before": 2, "after": 1}}
    assert result["job"]["parallel_number"] == 1 and result["job"]["status"] == "job_running"
    assert len(named(service)) == 1


def test_a_name_that_another_user_has_is_explained(service, job, just_before):
    just_before("create_job", lambda: service.jobs.add(owner="another", **JOB))
    result = job(**JOB)
    assert result["failed"] and not result["changed"]
    assert "may belong to another user, and is invisible then" in result["msg"]
    assert result["error"]["error_code"] == "DLI.0006"


def test_a_start_that_comes_second_waits_for_the_first(service, job, just_before, behave):
    behave(submit_seconds=0.3)
    service.jobs.add(**JOB)
    just_before("run_jobs", lambda: job(name="job", state="started", wait=False))
    result = job(name="job", state="started")
    assert not result["failed"] and result["job"]["status"] == "job_running"
    assert sum(request.path.endswith("/jobs/run") for request in service.requests) == 2


def test_a_stop_that_comes_second_goes_on_with_the_savepoint_of_the_first(service, job, just_before):
    service.jobs.add(**RUNNING)
    just_before("stop_jobs", lambda: job(name="job", state="stopped"))
    result = job(name="job", state="stopped")
    assert not result["failed"] and result["job"]["status"] == "job_cancel_success" and result["savepoint_path"]


def test_a_failed_upgrade_is_not_undone_where_somebody_else_has_started_the_job(service, job, just_before):
    service.jobs.add(**RUNNING)
    just_before("update_job", lambda: job(name="job", state="started"))
    result = job(name="job", entrypoint="obs://bucket/new.jar", state="started", health_window=0)
    assert result["failed"] and result["changed"] and operations(result) == ["stop"]
    assert "somebody else has started it meanwhile, so it was left alone" in result["msg"]
    assert result["error"]["status"] == "job_running" and not result["error"]["rolled_back"]


def test_a_job_that_is_deleted_meanwhile_is_gone(service, job, just_before):
    service.jobs.add(**JOB)
    just_before("delete_job", lambda: job(name="job", state="absent"))
    result = job(name="job", state="absent")
    assert not result["failed"] and named(service) == []


def test_what_is_created_but_not_listed_yet_is_given_time(service, job, just_before, monkeypatch):
    monkeypatch.setattr(wait, "GRACE_SECONDS", 5.0)
    just_before("create_job", lambda: service.jobs.add(**JOB))
    list_jobs = FlinkJobApi.list_jobs
    reads = []

    def not_listed_before_the_third_look(*args, **filters):
        reads.append(filters)
        return iter(()) if len(reads) < 3 else list_jobs(*args, **filters)

    monkeypatch.setattr(FlinkJobApi, "list_jobs", not_listed_before_the_third_look)
    result = job(**JOB)
    assert not result["failed"] and len(named(service)) == 1
