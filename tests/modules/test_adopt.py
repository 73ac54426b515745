# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dli_flink_job_adopt returns: to apply it is no change, and it holds no secret and no mask."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.otc.dli.plugins.module_utils._errors import NotFound
from ansible_collections.otc.dli.plugins.module_utils._info.adopt import Adoption, adopt_jobs, adoption_options
from ansible_collections.otc.dli.plugins.module_utils._info.audit import Audit, audit_jobs
from ansible_collections.otc.dli.plugins.module_utils._info.selection import Selection
from ansible_collections.otc.dli.plugins.module_utils._model.description import describe
from ansible_collections.otc.dli.plugins.module_utils._model.fields import FIELDS
from ansible_collections.otc.dli.plugins.module_utils._model.goal import Goal
from ansible_collections.otc.dli.plugins.module_utils._model.job import ObservedJob
from ansible_collections.otc.dli.plugins.module_utils._model.spec import JobSpec
from ansible_collections.otc.dli.plugins.modules import (
    dli_flink_jar_job,
    dli_flink_jar_jobs,
    dli_flink_job_adopt,
    dli_flink_job_audit,
    dli_flink_job_info,
    dli_flink_sql_job,
)
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from examples import examples
from local_dli import LocalDli
from module_runner import access_to, run_module
from modules.test_properties import behaviours, chosen_by_service, definitions, sql_definitions, wrongly_predicted

MASK = "****"


def adopt(access, **options):
    return read(dli_flink_job_adopt, access, **options)


def read(module, access, **options):
    result = run_module(module, {**access, **options})
    assert not result["failed"] and not result["changed"], result
    return result


def but_for_interval(descriptions):
    """Return descriptions without the one number that is always described, because its default is not certain."""
    assert all(description["checkpoint_interval"] in (10, 30) for description in descriptions)
    return [
        {name: value for name, value in description.items() if name != "checkpoint_interval"}
        for description in descriptions
    ]


def drift(access, jobs):
    return read(dli_flink_job_audit, access, jobs=jobs)["findings"]["drift"]


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


@pytest.mark.any_core
@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    definition=definitions(), behaviour=behaviours, show=st.booleans(), field=st.sampled_from(sorted(OTHER))
)  # fmt: skip
def test_what_it_gives_is_no_change_and_no_drift(service: LocalDli, definition, behaviour, show, field):
    access, tasks = described(service, dli_flink_jar_job, definition, behaviour, show)
    service.requests.clear()
    assert_no_change(access, tasks)
    assert {request.method for request in service.requests} == {"GET"}
    assert drift(access, tasks) == []
    (found,) = drift(access, [{**tasks[0], field: OTHER[field]}])
    assert list(found["changes"]) == [field] and found["changes"][field]["after"] == OTHER[field]


# A shared cluster takes jobs of this type only.
SHARED = {"job_type": "flink_sql_job", "run_mode": "shared_cluster"}


@pytest.mark.any_core
@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(definition=sql_definitions(), shared=st.booleans(), behaviour=behaviours, show=st.booleans())
def test_what_it_gives_of_sql_jobs_is_no_change(service: LocalDli, definition, shared, behaviour, show):
    definition = {**definition, **SHARED} if shared else definition
    access, tasks = described(service, dli_flink_sql_job, definition, behaviour, show)
    service.requests.clear()
    assert_no_change_of_each(dli_flink_sql_job, access, tasks)
    assert {request.method for request in service.requests} == {"GET"}


# In which list of the result the options for a module are.
LISTS = {dli_flink_jar_job: "jar_jobs", dli_flink_sql_job: "sql_jobs"}


def described(service, module, definition, behaviour, show):
    """Make one job, and return the access to it and its description, which is in the list of its kind alone."""
    service.reset()
    access = access_to(service)
    created = run_module(module, {**access, "name": "job", **definition})
    assert not created["failed"], created
    service.behaviour = behaviour
    found = adopt(access, show_entrypoint_args=show)
    assert {name: [task["name"] for task in found[name]] for name in LISTS.values()} == {
        name: ["job"] if name == LISTS[module] else [] for name in LISTS.values()
    }
    return access, found[LISTS[module]]


@pytest.mark.any_core
@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(definition=definitions(), behaviour=behaviours)
def test_what_it_gives_makes_the_same_job_elsewhere(service: LocalDli, definition, behaviour):
    check_that_it_makes_the_same_job(service, dli_flink_jar_job, definition, behaviour)


@pytest.mark.any_core
@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(definition=sql_definitions(), behaviour=behaviours)
def test_what_it_gives_makes_the_same_sql_job_elsewhere(service: LocalDli, definition, behaviour):
    check_that_it_makes_the_same_job(service, dli_flink_sql_job, definition, behaviour)


def check_that_it_makes_the_same_job(service, module, definition, behaviour):
    service.reset()
    access = access_to(service)
    run_module(module, {**access, "name": "job", **definition})
    service.behaviour = behaviour
    found, (one,) = adopt(access, show_entrypoint_args=True), read(dli_flink_job_info, access, name="job")["jobs"]
    (task,) = found[LISTS[module]]
    # These jobs have the type that a new job gets, whatever the service shows.
    assume({entry["option"] for entry in found["left_out"]} <= {"job_type"})
    service.reset()
    service.behaviour = behaviour
    access = access_to(service)
    created = run_module(module, {**access, **task})
    assert not created["failed"], created
    assert adopt(access, show_entrypoint_args=True)[LISTS[module]] == [task]
    (other,) = read(dli_flink_job_info, access, name="job")["jobs"]
    assert wrongly_predicted(one, other) <= {"job_id", "create_time", "update_time", *chosen_by_service(one)}


@pytest.mark.parametrize("text", ["{{ lookup('pipe', 'true') }}", "a {# b #} c", "{% raw %}", "{%"])
def test_what_a_file_of_variables_would_take_for_a_template_is_left_out(service, access, text):
    jar = {"desc": text, "entrypoint": "obs://bucket/job.jar", "entrypoint_args": text, "runtime_config": f"a={text}"}
    service.jobs.add(name="job", **jar)
    service.jobs.add(name="sql", job_type="flink_opensource_sql_job", sql_body=f"SELECT '{text}'")
    found = adopt(access, show_entrypoint_args=True)
    assert but_for_interval(found["jar_jobs"]) == [{"name": "job", "entrypoint": "obs://bucket/job.jar"}]
    assert but_for_interval(found["sql_jobs"]) == [{"name": "sql"}]
    left_out = {(entry["name"], entry["option"]) for entry in found["left_out"] if "template" in entry["reason"]}
    assert left_out == {("job", "desc"), ("job", "entrypoint_args"), ("job", "runtime_config"), ("sql", "sql_body")}


def test_only_what_differs_from_a_default_is_described(service, access):
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
    found = adopt(access)
    assert but_for_interval(found["sql_jobs"]) == [
        {
            "name": "sql",
            "sql_body": "INSERT INTO sink\nSELECT 1",
            "run_mode": "exclusive_cluster",
            "dirty_data_strategy": "1",
            "operator_config": '{"a": [2], "b": 1}',
        }
    ]
    assert but_for_interval(found["jar_jobs"]) == [
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


def test_of_resources_only_the_parts_that_are_not_the_default_are_described(service, access):
    spec = {"cpu": 1.0, "memory": "4 GB"}
    resources = {
        "max_slot": 1,
        "parallel_number": 5,
        "jobmanager_resource_spec": spec,
        "taskmanager_resource_spec": {**spec, "memory": "8192 MB"},
    }
    service.jobs.add(name="job", cu_number=9, resource_config_version="v2", resource_config=resources)
    tasks = adopt(access)["jar_jobs"]
    assert but_for_interval(tasks) == [
        {
            "name": "job",
            "resource_config_version": "v2",
            "resource_config": {"parallel_number": 5, "taskmanager_resource_spec": {"memory": "8 GB"}},
        }
    ]
    assert_no_change(access, tasks)


@pytest.mark.parametrize(("list_details", "requests"), [("all", 258), ("no_resource_config", 513)])
def test_a_detail_is_read_only_where_the_list_lacks_something(service, behave, access, list_details, requests):
    behave(list_details=list_details)
    service.jobs.add_many(250, queue_name="queue")
    service.jobs.add_many(5, name="sql", job_type="flink_sql_job")
    service.requests.clear()
    found = adopt(access)
    assert (len(found["jar_jobs"]), len(found["sql_jobs"])) == (250, 5)
    # The tags of each take one more.
    assert len(service.requests) == requests


@pytest.mark.parametrize(
    "status", ["job_init", "job_running", "job_submitting", "job_cancel_fail", "job_running_exception"]
)
def test_jobs_in_any_status_are_left_as_they_are(service, access, status):
    service.jobs.add(name="job", queue_name="queue", desc="a", obs_bucket="bucket", status=status, start_time=1)
    tasks = adopt(access)["jar_jobs"]
    assert_no_change(access, tasks)
    assert service.jobs.all()[0].status == status or status == "job_submitting"


def test_no_secret_and_no_mask_is_described(service, access):
    service.jobs.add(
        name="job", desc="a", entrypoint_args="--password hidden-1", runtime_config="db.password=hidden-2\na=1"
    )
    for show in (False, True):
        found = adopt(access, show_entrypoint_args=show)
        (task,) = found["jar_jobs"]
        assert "hidden-2" not in str(found) and MASK not in str(task)
        assert task.get("entrypoint_args") == ("--password hidden-1" if show else None)
        assert {entry["option"] for entry in found["left_out"]} == {"runtime_config"} | (
            set() if show else {"entrypoint_args"}
        )
        assert len(found["warnings"]) == 1
        assert_no_change(access, found["jar_jobs"])
    assert "hidden-1" not in str(adopt(access))


def test_what_ansible_would_mask_is_left_out(service, access):
    """A secret of the task can be part of a value; with the mask in its place it would be another value."""
    secret = access["token"]
    service.jobs.add(name="job", desc="a", main_class=f"org.example.{secret}.Main", entrypoint_args=f"--key {secret}")
    service.jobs.add(name=secret, desc="b")
    found = adopt(access, show_entrypoint_args=True)
    assert but_for_interval(found["jar_jobs"]) == [{"name": "job", "desc": "a"}]
    assert sorted(entry["option"] for entry in found["left_out"]) == ["entrypoint_args", "main_class", "name"]
    assert secret not in str(found)


def test_what_no_option_can_say_is_left_out(service, access):
    service.jobs.add(name="long", queue_name="queue", desc="x" * 2049)
    service.jobs.add(name="logs", log_enabled=True, smn_topic="topic")
    service.jobs.add(name="logs-with-bucket", log_enabled=True, obs_bucket="bucket", image="org/image:1")
    service.jobs.add(name="text", runtime_config="neither keys nor values")
    service.jobs.add(name="lines", entrypoint_args="a\nb")
    found = adopt(access, show_entrypoint_args=True)
    tasks = {task["name"]: task for task in but_for_interval(found["jar_jobs"])}
    assert tasks == {
        "long": {"name": "long", "queue_name": "queue"},
        "logs": {"name": "logs", "smn_topic": "topic"},
        "logs-with-bucket": {"name": "logs-with-bucket", "log_enabled": True, "obs_bucket": "bucket"},
        "text": {"name": "text"},
        "lines": {"name": "lines"},
    }
    reasons = {entry["name"]: (entry["option"], entry["reason"]) for entry in found["left_out"]}
    assert reasons["long"][0] == "desc" and "must have at most 2048" in reasons["long"][1]
    assert reasons["logs"][0] == "log_enabled" and "needs obs_bucket" in reasons["logs"][1]
    assert reasons["logs-with-bucket"][0] == "image" and reasons["text"] == (
        "runtime_config",
        "the option does not take its value",
    )
    assert reasons["lines"] == ("entrypoint_args", "no value of the option describes exactly what the job has")
    assert len(found["warnings"]) == 1 and "4 more are left out" in str(found["warnings"][0])
    assert_no_change(access, found["jar_jobs"])


def test_what_the_option_does_not_take_is_left_out():
    """However the service words it: a later release may know more choices."""
    config = {"feature": "other", "resource_config_version": "v3", "checkpoint_mode": 3, "cu_number": "many"}
    job = ObservedJob({"job_id": 1, "name": "job", "desc": "a", "job_config": config}, "list", "detail")
    sql = ObservedJob(
        {"job_id": 2, "name": "sql", "job_type": "flink_sql_edge_job", "run_mode": "other"}, "list", "detail"
    )
    found = describe([job, sql], True, is_redacted=lambda value: False)
    assert found["jar_jobs"] == [{"name": "job", "desc": "a"}] and found["sql_jobs"] == [{"name": "sql"}]
    assert {entry["option"] for entry in found["left_out"]} == {*config, "job_type", "run_mode"}


def test_sql_that_can_hold_secrets_is_left_out(service, access):
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
    found = adopt(access)
    assert_no_change_of_each(dli_flink_sql_job, access, found["sql_jobs"])
    assert "hidden" not in str(found) and sql_described(found) == {"plain": statements["plain"]}
    assert {entry["name"]: entry["reason"] for entry in found["left_out"]} == reasons
    (warning,) = found["warnings"]
    assert "sql_body is left out of the description of Flink job " in str(warning) and "2 more are" in str(warning)
    shown = adopt(access, show_entrypoint_args=True)
    assert_no_change_of_each(dli_flink_sql_job, access, shown["sql_jobs"])
    assert "hidden-3" not in str(shown) and MASK not in str(shown["sql_jobs"])
    assert sql_described(shown) == {name: statements[name] for name in ("plain", "string", "comment")}
    assert {entry["name"]: entry["reason"] for entry in shown["left_out"]} == {"option": reasons["option"]}


def sql_described(found):
    return {task["name"]: task["sql_body"] for task in found["sql_jobs"] if "sql_body" in task}


def test_a_type_that_may_stand_for_another_one_is_left_out(service, access):
    for job_type in ("flink_opensource_sql_job", "flink_sql_job", "flink_sql_edge_job"):
        service.jobs.add(name=job_type, job_type=job_type)
    found = adopt(access)
    assert {task["name"]: task for task in but_for_interval(found["sql_jobs"])} == {
        job_type: {"name": job_type} for job_type in ("flink_opensource_sql_job", "flink_sql_job", "flink_sql_edge_job")
    }
    assert {entry["name"]: (entry["option"], entry["reason"]) for entry in found["left_out"]} == {
        "flink_sql_job": ("job_type", "the service may show this type for a SQL job of any type"),
        "flink_sql_edge_job": ("job_type", "the option does not take its value"),
    }
    assert_no_change_of_each(dli_flink_sql_job, access, found["sql_jobs"])


def test_what_no_option_of_a_sql_job_can_say_is_left_out(service, access):
    values = {"sql_body": "SELECT 1 \x00", "operator_config": "{", "dirty_data_strategy": "3"}
    service.jobs.add(name="job", job_type="flink_opensource_sql_job", desc="a", **values)
    found = adopt(access)
    assert but_for_interval(found["sql_jobs"]) == [{"name": "job", "desc": "a"}]
    assert {entry["option"] for entry in found["left_out"]} == set(values)


def test_a_job_of_an_unknown_type_is_not_described():
    """No module would take it. Where the service gives no type, the modules take a job for one of their own."""
    types = {"a": "flink_later_job", "b": "", "c": "flink_sql_edge_job"}
    found = adopt_jobs(Api(types), Adoption(Selection()), is_redacted=lambda value: False)
    assert found["jar_jobs"] == [{"name": "b"}] and found["sql_jobs"] == [{"name": "c"}]


def test_a_job_whose_name_is_no_option_is_described_by_its_id(service, access):
    jobs = [
        service.jobs.add(name="Aufträge 1", desc="a"),
        *(service.jobs.add(name="double", desc=desc) for desc in "bc"),
    ]
    # The modules find a name whatever the kind of its job is.
    jobs.append(service.jobs.add(name="pair", desc="d"))
    sql = service.jobs.add(name="pair", desc="d", job_type="flink_opensource_sql_job")
    found = adopt(access)
    assert but_for_interval(found["sql_jobs"]) == [{"job_id": sql.job_id, "desc": "d"}]
    assert_no_change_of_each(dli_flink_sql_job, access, found["sql_jobs"])
    tasks = found["jar_jobs"]
    assert sorted(task["job_id"] for task in tasks) == [job.job_id for job in jobs]
    assert not any("name" in task for task in tasks)
    assert_no_change(access, tasks)


def test_cus_that_the_service_has_replaced_are_not_described_as_requested(service, behave, access):
    behave(cu_number_reads="actual")
    service.jobs.add(name="job", cu_number=4, parallel_number=6, tm_slot_num=1, queue_name="queue")
    found = adopt(access)
    (task,) = found["jar_jobs"]
    assert "cu_number" not in task and task["parallel_number"] == 6
    assert [entry["option"] for entry in found["left_out"]] == ["cu_number"]
    assert_no_change(access, [task])


class Api:
    """Lists jobs whose details cannot be asked for.

    :param types: their types by name.
    :param gone: whether they are gone when their details are asked for; otherwise the list has all fields.
    """

    concurrency = 1

    def __init__(self, types, gone=False):
        config = {} if gone else {field.name: None for field in FIELDS if not field.top_level}
        rest = {} if gone else {field.name: None for field in FIELDS if field.top_level}
        self._jobs = [
            {**rest, "job_id": number, "name": name, "job_type": types[name], "job_config": config}
            for number, name in enumerate(types, start=1)
        ]

    def list_jobs(self, **_filters):
        yield from self._jobs

    def get_tags(self, job_id):
        raise NotFound(f"GET /dli_flink_job/{job_id}/tags", 404, "DLI.0023", "It is gone.")

    def get_job(self, job_id):
        raise NotFound(f"GET /streaming/jobs/{job_id}", 404, "DLI.0023", "It is gone.")


def test_a_job_that_is_deleted_meanwhile_is_not_described_and_missing():
    types = {"a": "", "b": "flink_jar_job", "c": "flink_sql_job"}
    api = Api(types, gone=True)
    result = adopt_jobs(api, Adoption(Selection()), is_redacted=lambda value: False)
    assert result["jar_jobs"] == result["sql_jobs"] == [] and result["count"] == 3
    goals = [Goal(JobSpec("a", fields={"resource_config_version": "v1"})), Goal(JobSpec("b"))]
    result = audit_jobs(api, Audit(Selection(), goals=goals))
    assert result["findings"]["missing"] == [{"name": "a", "job_id": None}]


def test_documentation_has_the_options_and_results_of_the_module(service, access):
    documented = yaml.safe_load(dli_flink_job_adopt.DOCUMENTATION)["options"]
    assert {name: {key: option[key] for key in ("type", "default")} for name, option in documented.items()} == (
        adoption_options()
    )
    returned = adopt(access).keys() - {"changed", "failed", "invocation"}
    assert returned == yaml.safe_load(dli_flink_job_adopt.RETURN).keys() - {"retries", "error"}
