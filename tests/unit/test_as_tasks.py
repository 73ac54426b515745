# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dli_flink_job_info describes with as_tasks: to apply it is no change, and it holds no secret and no mask."""

from __future__ import annotations

import pytest
from ansible_collections.otc.dli.plugins.module_utils._errors import NotFound
from ansible_collections.otc.dli.plugins.module_utils._info.adopt import describe
from ansible_collections.otc.dli.plugins.module_utils._info.audit import Ages
from ansible_collections.otc.dli.plugins.module_utils._info.query import JobQuery, query_jobs
from ansible_collections.otc.dli.plugins.module_utils._model.fields import FIELDS
from ansible_collections.otc.dli.plugins.module_utils._model.goal import Goal
from ansible_collections.otc.dli.plugins.module_utils._model.job import ObservedJob
from ansible_collections.otc.dli.plugins.module_utils._model.spec import JobSpec
from ansible_collections.otc.dli.plugins.modules import (
    dli_flink_jar_job,
    dli_flink_jar_jobs,
    dli_flink_job_info,
    dli_flink_sql_job,
)
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from local_dli import LocalDli
from module_runner import access_to, run_module
from unit.test_properties import behaviours, chosen_by_service, definitions, sql_definitions, wrongly_predicted

MASK = "****"


def info(access, **options):
    result = run_module(dli_flink_job_info, {**access, "as_tasks": True, **options})
    assert not result["failed"] and not result["changed"], result
    return result


def assert_no_change(access, tasks):
    """Both modules leave the jobs alone."""
    assert_no_change_of_each(dli_flink_jar_job, access, tasks)
    fleet = run_module(dli_flink_jar_jobs, {**access, "jobs": tasks}, diff=True)
    assert not fleet["failed"] and not fleet["changed"], fleet


def assert_no_change_of_each(module, access, tasks):
    """The module of one job leaves each of the jobs alone, and has nothing to say about that."""
    for task in tasks:
        single = run_module(module, {**access, **task}, diff=True)
        assert not single["failed"] and not single["changed"] and single["changes"] == {}, single
        assert "warnings" not in single


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
    access, tasks = described(service, dli_flink_jar_job, definition, behaviour, show)
    service.requests.clear()
    assert_no_change(access, tasks)
    assert {request.method for request in service.requests} == {"GET"}
    assert info(access, report=True, jobs=tasks)["report"]["drift"] == []
    (drift,) = info(access, report=True, jobs=[{**tasks[0], field: OTHER[field]}])["report"]["drift"]
    assert list(drift["changes"]) == [field] and drift["changes"][field]["after"] == OTHER[field]


# A shared cluster takes jobs of this type only.
SHARED = {"job_type": "flink_sql_job", "run_mode": "shared_cluster"}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(definition=sql_definitions(), shared=st.booleans(), behaviour=behaviours, show=st.booleans())
def test_what_it_gives_of_sql_jobs_is_no_change(service: LocalDli, definition, shared, behaviour, show):
    definition = {**definition, **SHARED} if shared else definition
    access, tasks = described(service, dli_flink_sql_job, definition, behaviour, show)
    service.requests.clear()
    assert_no_change_of_each(dli_flink_sql_job, access, tasks)
    assert {request.method for request in service.requests} == {"GET"}


# In which list of the result the options for a module are.
LISTS = {dli_flink_jar_job: "tasks", dli_flink_sql_job: "sql_tasks"}


def described(service, module, definition, behaviour, show):
    """Make one job, and return the access to it and its description, which is in the list of its kind alone."""
    service.reset()
    access = access_to(service)
    created = run_module(module, {**access, "name": "job", **definition})
    assert not created["failed"], created
    service.behaviour = behaviour
    found = info(access, show_entrypoint_args=show)
    assert {name: [task["name"] for task in found[name]] for name in LISTS.values()} == {
        name: ["job"] if name == LISTS[module] else [] for name in LISTS.values()
    }
    return access, found[LISTS[module]]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(definition=definitions(), behaviour=behaviours)
def test_what_it_gives_makes_the_same_job_elsewhere(service: LocalDli, definition, behaviour):
    check_that_it_makes_the_same_job(service, dli_flink_jar_job, definition, behaviour)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(definition=sql_definitions(), behaviour=behaviours)
def test_what_it_gives_makes_the_same_sql_job_elsewhere(service: LocalDli, definition, behaviour):
    check_that_it_makes_the_same_job(service, dli_flink_sql_job, definition, behaviour)


def check_that_it_makes_the_same_job(service, module, definition, behaviour):
    service.reset()
    access = access_to(service)
    run_module(module, {**access, "name": "job", **definition})
    service.behaviour = behaviour
    found = info(access, show_entrypoint_args=True)
    (task,) = found[LISTS[module]]
    # These jobs have the type that a new job gets, whatever the service shows.
    assume({entry["option"] for entry in found["left_out"]} <= {"job_type"})
    service.reset()
    service.behaviour = behaviour
    access = access_to(service)
    created = run_module(module, {**access, **task})
    assert not created["failed"], created
    again = info(access, show_entrypoint_args=True)
    assert again[LISTS[module]] == [task]
    one, other = found["jobs"][0], again["jobs"][0]
    assert wrongly_predicted(one, other) <= {"job_id", "create_time", "update_time", *chosen_by_service(one)}


@pytest.mark.parametrize("text", ["{{ lookup('pipe', 'true') }}", "a {# b #} c", "{% raw %}", "{%"])
def test_what_a_file_of_variables_would_take_for_a_template_is_left_out(service, access, text):
    jar = {"desc": text, "entrypoint": "obs://bucket/job.jar", "entrypoint_args": text, "runtime_config": f"a={text}"}
    service.jobs.add(name="job", **jar)
    service.jobs.add(name="sql", job_type="flink_opensource_sql_job", sql_body=f"SELECT '{text}'")
    found = info(access, show_entrypoint_args=True)
    assert found["tasks"] == [{"name": "job", "entrypoint": "obs://bucket/job.jar"}]
    assert found["sql_tasks"] == [{"name": "sql"}]
    left_out = {(entry["name"], entry["option"]) for entry in found["left_out"] if "template" in entry["reason"]}
    assert left_out == {("job", "desc"), ("job", "entrypoint_args"), ("job", "runtime_config"), ("sql", "sql_body")}


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
    service.jobs.add(
        name="sql",
        job_type="flink_opensource_sql_job",
        sql_body="INSERT INTO sink\r\nSELECT 1\n",
        run_mode="exclusive_cluster",
        idle_state_retention=3600,
        dirty_data_strategy="1",
        operator_config='{"b": 1, "a": [2]}',
    )
    found = info(access)
    assert found["sql_tasks"] == [
        {
            "name": "sql",
            "sql_body": "INSERT INTO sink\nSELECT 1",
            "run_mode": "exclusive_cluster",
            "dirty_data_strategy": "1",
            "operator_config": '{"a": [2], "b": 1}',
        }
    ]
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


@pytest.mark.parametrize(("list_details", "requests"), [("all", 3), ("no_resource_config", 258)])
def test_a_detail_is_read_only_where_the_list_lacks_something(service, behave, access, list_details, requests):
    behave(list_details=list_details)
    service.jobs.add_many(250, queue_name="queue")
    service.jobs.add_many(5, name="sql", job_type="flink_sql_job")
    service.requests.clear()
    found = info(access)
    assert (len(found["tasks"]), len(found["sql_tasks"])) == (250, 5)
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
    assert reasons["long"][0] == "desc" and "must have at most 512" in reasons["long"][1]
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
    job = ObservedJob({"job_id": 1, "name": "job", "desc": "a", "job_config": config}, "list", "detail")
    sql = ObservedJob(
        {"job_id": 2, "name": "sql", "job_type": "flink_sql_edge_job", "run_mode": "other"}, "list", "detail"
    )
    found = describe([job, sql], True, is_redacted=lambda value: False)
    assert found["tasks"] == [{"name": "job", "desc": "a"}] and found["sql_tasks"] == [{"name": "sql"}]
    assert {entry["option"] for entry in found["left_out"]} == {*config, "job_type", "run_mode"}


def test_of_sql_that_can_hold_secrets_nothing_is_told(service, access):
    """A part of it would be another statement. Without strings and comments, nothing can be hidden in it."""
    statements = {
        "plain": 'SELECT `a`, 1 FROM "orders"',
        "string": "SELECT 'hidden-1'",
        "comment": "SELECT 1 -- hidden-2",
        "option": "CREATE TABLE sink (id INT) WITH ('connector' = 'jdbc', 'password' = 'hidden-3')",
    }
    for name, sql in statements.items():
        service.jobs.add(name=name, job_type="flink_opensource_sql_job", sql_body=sql)
    reasons = {
        "string": "it can hold secrets; show_entrypoint_args shows it",
        "comment": "it can hold secrets; show_entrypoint_args shows it",
        "option": "it has sensitive values, which are never shown",
    }
    found = info(access)
    assert_no_change_of_each(dli_flink_sql_job, access, found["sql_tasks"])
    assert "hidden" not in str(found) and sql_told(found) == {"plain": statements["plain"]}
    assert {entry["name"]: entry["reason"] for entry in found["left_out"]} == reasons
    (warning,) = found["warnings"]
    assert "sql_body is left out of the task for Flink job " in str(warning) and "2 more are" in str(warning)
    shown = info(access, show_entrypoint_args=True)
    assert_no_change_of_each(dli_flink_sql_job, access, shown["sql_tasks"])
    assert "hidden-3" not in str(shown) and MASK not in str(shown["sql_tasks"])
    assert sql_told(shown) == {name: statements[name] for name in ("plain", "string", "comment")}
    assert {entry["name"]: entry["reason"] for entry in shown["left_out"]} == {"option": reasons["option"]}


def sql_told(found):
    return {task["name"]: task["sql_body"] for task in found["sql_tasks"] if "sql_body" in task}


def test_a_type_that_may_stand_for_another_one_is_left_out(service, access):
    for job_type in ("flink_opensource_sql_job", "flink_sql_job", "flink_sql_edge_job"):
        service.jobs.add(name=job_type, job_type=job_type)
    found = info(access)
    assert {task["name"]: task for task in found["sql_tasks"]} == {
        job_type: {"name": job_type} for job_type in ("flink_opensource_sql_job", "flink_sql_job", "flink_sql_edge_job")
    }
    assert {entry["name"]: (entry["option"], entry["reason"]) for entry in found["left_out"]} == {
        "flink_sql_job": ("job_type", "the service may show this type for a SQL job of any type"),
        "flink_sql_edge_job": ("job_type", "it is no value that the option takes"),
    }
    assert_no_change_of_each(dli_flink_sql_job, access, found["sql_tasks"])


def test_what_no_option_of_a_sql_job_can_say_is_left_out(service, access):
    values = {"sql_body": "SELECT 1 \x00", "operator_config": "{", "dirty_data_strategy": "3"}
    service.jobs.add(name="job", job_type="flink_opensource_sql_job", desc="a", **values)
    found = info(access)
    assert found["sql_tasks"] == [{"name": "job", "desc": "a"}]
    assert {entry["option"] for entry in found["left_out"]} == set(values)


def test_a_job_of_an_unknown_type_is_no_task():
    """No module would take it. Where no type is told, the modules take a job for one of their own."""
    types = {"a": "flink_later_job", "b": "", "c": "flink_sql_edge_job"}
    found = query_jobs(Api(types), JobQuery(as_tasks=True), is_redacted=lambda value: False)
    assert found["tasks"] == [{"name": "b"}] and found["sql_tasks"] == [{"name": "c"}]


def test_a_job_whose_name_is_no_option_is_told_by_its_id(service, access):
    jobs = [service.jobs.add(name="Aufträge 1", desc="a"), *(service.jobs.add(name="twin", desc=desc) for desc in "bc")]
    # The modules find a name whatever the kind of its job is.
    jobs.append(service.jobs.add(name="pair", desc="d"))
    sql = service.jobs.add(name="pair", desc="d", job_type="flink_opensource_sql_job")
    found = info(access)
    assert found["sql_tasks"] == [{"job_id": sql.job_id, "desc": "d"}]
    assert_no_change_of_each(dli_flink_sql_job, access, found["sql_tasks"])
    tasks = found["tasks"]
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
    """Lists jobs whose details cannot be asked for.

    :param types: their types by name.
    :param gone: whether they are gone when their details are asked for; otherwise the list tells all.
    """

    parallelism = 1

    def __init__(self, types, gone=False):
        config = {} if gone else {field.name: None for field in FIELDS if not field.top_level}
        rest = {} if gone else {field.name: None for field in FIELDS if field.top_level}
        self._jobs = [
            {**rest, "job_id": number, "name": name, "job_type": types[name], "job_config": config}
            for number, name in enumerate(types, start=1)
        ]

    def list_jobs(self, **_filters):
        yield from self._jobs

    def get_job(self, job_id):
        raise NotFound(f"GET /streaming/jobs/{job_id}", 404, "DLI.0023", "It is gone.")


def test_a_job_that_is_deleted_meanwhile_is_no_task_and_missing():
    goals = [Goal(JobSpec("a", fields={"resource_config_version": "v1"})), Goal(JobSpec("b"))]
    query = JobQuery(as_tasks=True, ages=Ages(), goals=goals)
    types = {"a": "", "b": "flink_jar_job", "c": "flink_sql_job"}
    result = query_jobs(Api(types, gone=True), query, is_redacted=lambda value: False)
    assert result["tasks"] == result["sql_tasks"] == [] and result["count"] == 3
    assert result["report"]["missing"] == [{"name": "a", "job_id": None}]
