# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dli_flink_job_info describes with as_tasks: to apply it is no change, and it holds no secret and no mask."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.module_utils._errors import NotFound
from ansible_collections.otc.dli.plugins.module_utils._flink_job import FlinkJob
from ansible_collections.otc.dli.plugins.module_utils._flink_job_audit import Ages
from ansible_collections.otc.dli.plugins.module_utils._flink_job_goal import Goal
from ansible_collections.otc.dli.plugins.module_utils._flink_job_query import FlinkJobQuery, query_jobs
from ansible_collections.otc.dli.plugins.module_utils._flink_job_spec import FlinkJobSpec
from ansible_collections.otc.dli.plugins.module_utils._flink_job_tasks import describe
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job, dli_flink_jar_jobs, dli_flink_job_info
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from local_dli import LocalDli
from module_runner import run_module
from unit.test_properties import behaviours, definitions

MASK = "****"


@pytest.fixture(name="access")
def fixture_access(service: LocalDli) -> dict[str, Any]:
    return access_of(service)


def access_of(service):
    return {
        "endpoint": service.url,
        "project_id": service.credentials["project_id"],
        "token": service.issue_token(),
    }


def info(access, **options):
    result = run_module(dli_flink_job_info, {**access, "as_tasks": True, **options})
    assert not result["failed"] and not result["changed"], result
    return result


def assert_no_change(access, tasks):
    """Both modules leave the jobs alone."""
    for task in tasks:
        single = run_module(dli_flink_jar_job, {**access, **task}, diff=True)
        assert not single["failed"] and not single["changed"] and single["changes"] == {}, single
    fleet = run_module(dli_flink_jar_jobs, {**access, "jobs": tasks}, diff=True)
    assert not fleet["failed"] and not fleet["changed"], fleet


# Values other than the generated ones, each valid beside all of these.
OTHER = {
    "desc": "drifted",
    "smn_topic": "drifted",
    "main_class": "org.example.Drifted",
    "checkpoint_interval": 3599,
    "resume_max_num": 77,
}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    definition=definitions(), behaviour=behaviours, show=st.booleans(), field=st.sampled_from(sorted(OTHER))
)  # fmt: skip
def test_what_it_gives_is_no_change_and_no_drift(service: LocalDli, definition, behaviour, show, field):
    service.reset()
    access = access_of(service)
    created = run_module(dli_flink_jar_job, {**access, "name": "job", **definition})
    assert not created["failed"], created
    service.behaviour = behaviour
    found = info(access, show_entrypoint_args=show)
    tasks = found["tasks"]
    assert [task["name"] for task in tasks] == ["job"]
    service.requests.clear()
    assert_no_change(access, tasks)
    assert {request.method for request in service.requests} == {"GET"}
    assert info(access, report=True, jobs=tasks)["report"]["drift"] == []
    (drift,) = info(access, report=True, jobs=[{**tasks[0], field: OTHER[field]}])["report"]["drift"]
    assert list(drift["changes"]) == [field] and drift["changes"][field]["after"] == OTHER[field]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(definition=definitions(), behaviour=behaviours)
def test_what_it_gives_makes_the_same_job_elsewhere(service: LocalDli, definition, behaviour):
    service.reset()
    access = access_of(service)
    run_module(dli_flink_jar_job, {**access, "name": "job", **definition})
    service.behaviour = behaviour
    found = info(access, show_entrypoint_args=True)
    (task,) = found["tasks"]
    assume(not found["left_out"])
    service.reset()
    service.behaviour = behaviour
    access = access_of(service)
    created = run_module(dli_flink_jar_job, {**access, **task})
    assert not created["failed"], created
    again = info(access, show_entrypoint_args=True)
    assert again["tasks"] == [task]


def test_only_what_says_something_is_told(service, access):
    service.jobs.add(
        name="job",
        queue_name="queue",
        entrypoint="obs://bucket/job.jar",
        cu_number=4,
        parallel_number=1,
        checkpoint_enabled=True,
        checkpoint_path="obs://bucket/jobs/checkpoint/1",
        checkpoint_mode=2,
        runtime_config="a=1",
    )
    service.jobs.add(name="sql", job_type="flink_sql_job")
    found = info(access)
    assert found["tasks"] == [
        {
            "name": "job",
            "queue_name": "queue",
            "entrypoint": "obs://bucket/job.jar",
            "cu_number": 4,
            "checkpoint_enabled": True,
            "checkpoint_mode": "at_least_once",
            "runtime_config": {"a": "1"},
        }
    ]
    assert found["left_out"] == [] and "warnings" not in found


def test_of_resources_only_the_parts_that_are_not_the_default_are_told(service, access):
    spec = {"cpu": 1.0, "memory": "4 GB"}
    resources = {
        "max_slot": 1,
        "parallel_number": 5,
        "jobmanager_resource_spec": spec,
        "taskmanager_resource_spec": {**spec, "memory": "8192 MB"},
    }
    service.jobs.add(name="job", cu_number=9, resource_config_version="v2", resource_config=resources)
    tasks = info(access)["tasks"]
    assert tasks == [
        {
            "name": "job",
            "resource_config_version": "v2",
            "resource_config": {"parallel_number": 5, "taskmanager_resource_spec": {"memory": "8 GB"}},
        }
    ]
    assert_no_change(access, tasks)


@pytest.mark.parametrize(("list_details", "requests"), [("all", 3), ("no_resource_config", 253)])
def test_a_detail_is_read_only_where_the_list_lacks_something(service, behave, access, list_details, requests):
    behave(list_details=list_details)
    service.jobs.add_many(250, queue_name="queue")
    service.jobs.add_many(5, name="sql", job_type="flink_sql_job")
    service.requests.clear()
    assert len(info(access)["tasks"]) == 250
    assert len(service.requests) == requests


@pytest.mark.parametrize(
    "status", ["job_init", "job_running", "job_submitting", "job_cancel_fail", "job_running_exception"]
)
def test_jobs_in_any_status_are_left_as_they_are(service, access, status):
    service.jobs.add(name="job", queue_name="queue", desc="a", obs_bucket="bucket", status=status, start_time=1)
    tasks = info(access)["tasks"]
    assert_no_change(access, tasks)
    assert service.jobs.all()[0].status == status or status == "job_submitting"


def test_no_secret_and_no_mask_is_told(service, access):
    service.jobs.add(
        name="job", desc="a", entrypoint_args="--password hidden-1", runtime_config="db.password=hidden-2\na=1"
    )
    for show in (False, True):
        found = info(access, show_entrypoint_args=show)
        (task,) = found["tasks"]
        assert "hidden-2" not in str(found) and MASK not in str(task)
        assert task.get("entrypoint_args") == ("--password hidden-1" if show else None)
        assert {entry["option"] for entry in found["left_out"]} == {"runtime_config"} | (
            set() if show else {"entrypoint_args"}
        )
        assert len(found["warnings"]) == 1
        assert_no_change(access, found["tasks"])
    assert "hidden-1" not in str(info(access))


def test_what_ansible_would_mask_is_left_out(service, access):
    """A secret of the task can be part of a value; with the mask in its place it would be another value."""
    service.jobs.add(
        name="job", desc="a", main_class="org.example.hidden-word.Main", entrypoint_args="--key hidden-word"
    )
    service.jobs.add(name="hidden-word", desc="b")
    wanted = [{"name": "job", "secret_entrypoint_args": "hidden-word"}]
    found = info(access, report=True, jobs=wanted, show_entrypoint_args=True)
    assert found["tasks"] == [{"name": "job", "desc": "a"}]
    assert sorted(entry["option"] for entry in found["left_out"]) == ["entrypoint_args", "main_class", "name"]
    assert "hidden-word" not in str(found)


def test_what_no_option_can_say_is_left_out(service, access):
    service.jobs.add(name="long", queue_name="queue", desc="x" * 513)
    service.jobs.add(name="logs", log_enabled=True, smn_topic="topic")
    service.jobs.add(name="logs-with-bucket", log_enabled=True, obs_bucket="bucket", image="org/image:1")
    service.jobs.add(name="text", runtime_config="neither keys nor values")
    service.jobs.add(name="spaces", entrypoint_args=" a ")
    found = info(access, show_entrypoint_args=True)
    tasks = {task["name"]: task for task in found["tasks"]}
    assert tasks == {
        "long": {"name": "long", "queue_name": "queue"},
        "logs": {"name": "logs", "smn_topic": "topic"},
        "logs-with-bucket": {"name": "logs-with-bucket", "log_enabled": True, "obs_bucket": "bucket"},
        "text": {"name": "text"},
        "spaces": {"name": "spaces"},
    }
    reasons = {entry["name"]: (entry["option"], entry["reason"]) for entry in found["left_out"]}
    assert reasons["long"][0] == "desc" and "at most 512 characters" in reasons["long"][1]
    assert reasons["logs"][0] == "log_enabled" and "it needs obs_bucket" in reasons["logs"][1]
    assert reasons["logs-with-bucket"][0] == "image" and reasons["text"] == (
        "runtime_config",
        "it is no value that the option takes",
    )
    assert reasons["spaces"] == ("entrypoint_args", "an option cannot say exactly what the job has")
    assert len(found["warnings"]) == 1 and "4 more are left out" in str(found["warnings"][0])
    assert_no_change(access, found["tasks"])


def test_what_the_option_would_refuse_is_left_out():
    """However the service words it: a later release may know more choices."""
    config = {"feature": "other", "resource_config_version": "v3", "checkpoint_mode": 3, "cu_number": "many"}
    job = FlinkJob({"job_id": 1, "name": "job", "desc": "a", "job_config": config}, "list", "detail")
    tasks, left_out = describe([job], True, is_hidden=lambda value: False)
    assert tasks == [{"name": "job", "desc": "a"}]
    assert {entry["option"] for entry in left_out} == set(config)


def test_a_job_whose_name_is_no_option_is_told_by_its_id(service, access):
    jobs = [service.jobs.add(name="Aufträge 1", desc="a"), *(service.jobs.add(name="twin", desc=desc) for desc in "bc")]
    tasks = info(access)["tasks"]
    assert sorted(task["job_id"] for task in tasks) == [job.job_id for job in jobs]
    assert not any("name" in task for task in tasks)
    assert_no_change(access, tasks)


def test_cus_that_the_service_has_replaced_are_not_told_as_requested(service, behave, access):
    behave(cu_number_reads="actual")
    service.jobs.add(name="job", cu_number=4, parallel_number=6, tm_slot_num=1, queue_name="queue")
    found = info(access)
    (task,) = found["tasks"]
    assert "cu_number" not in task and task["parallel_number"] == 6
    assert [entry["option"] for entry in found["left_out"]] == ["cu_number"]
    assert_no_change(access, [task])


class Api:
    """Lists jobs that are gone when their details are asked for."""

    def __init__(self, names):
        self._jobs = [{"job_id": number, "name": name} for number, name in enumerate(names, start=1)]

    def list_jobs(self, **_filters):
        yield from self._jobs

    def get_job(self, job_id):
        raise NotFound(f"GET /streaming/jobs/{job_id}", 404, "DLI.0023", "It is gone.")


def test_a_job_that_is_deleted_meanwhile_is_no_task_and_missing():
    goals = [Goal(FlinkJobSpec("a", fields={"resource_config_version": "v1"})), Goal(FlinkJobSpec("b"))]
    query = FlinkJobQuery(as_tasks=True, ages=Ages(), goals=goals)
    result = query_jobs(Api("ab"), query, is_hidden=lambda value: False)
    assert result["tasks"] == [] and result["count"] == 2
    assert result["report"]["missing"] == [{"name": "a", "job_id": None}]
