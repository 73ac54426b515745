# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Responses as the live sister service gives them: the evidence is read by our own code, and by whole modules."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import yaml
from ansible_collections.otc.dli.plugins.module_utils import _errors
from ansible_collections.otc.dli.plugins.module_utils._api.archives import ArchiveApi
from ansible_collections.otc.dli.plugins.module_utils._api.flink_jobs import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._api.templates import TemplateApi
from ansible_collections.otc.dli.plugins.module_utils._http.access import Access, TokenAuth
from ansible_collections.otc.dli.plugins.module_utils._http.client import HttpClient
from ansible_collections.otc.dli.plugins.module_utils._model.description import describe
from ansible_collections.otc.dli.plugins.module_utils._model.job import ObservedJob
from ansible_collections.otc.dli.plugins.modules import (
    dli_flink_jar_job,
    dli_flink_jar_jobs,
    dli_flink_job_adopt,
    dli_flink_job_audit,
    dli_flink_job_info,
    dli_flink_savepoint,
    dli_flink_sql_job,
)

from module_runner import run_module

pytestmark = pytest.mark.any_core

EVIDENCE = yaml.safe_load((Path(__file__).parents[1] / "evidence" / "responses.yml").read_text(encoding="utf-8"))
RUNNING = {"queue_name": "queue", "status": "job_running", "obs_bucket": "bucket", "start_time": 1}
MAY_BE_SHARED = "may be shared with this user without the right to view it"


@pytest.fixture(name="api_answering")
def fixture_api_answering(httpserver):
    """Return a function that gives an API whose service has a piece of evidence as its response."""
    client = HttpClient()

    def answering(name, kind=FlinkJobApi):
        piece = EVIDENCE[name]
        version = "v3" if name == "tags" else "v1.0"
        request = httpserver.expect_request(f"/{version}/p{piece['path']}", method=piece["method"])
        request.respond_with_json(piece["response"], status=piece["status"])
        return kind(client, Access(httpserver.url_for("").rstrip("/"), "p", TokenAuth("t")))

    yield answering
    client.close()


# The evidence, by our code


def test_a_captured_refusal_of_a_start_is_one_error(api_answering):
    with pytest.raises(_errors.ApiError) as caught:
        api_answering("run_refused_400_array").run_jobs([1], False)
    assert (caught.value.http_status, caught.value.error_code, caught.value.api_message) == (
        400, "DLI.13024", "No queue.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("run", lambda api: api.run_jobs([1, 2], True)),
        ("stop_object_2021", lambda api: api.stop_jobs([1], True)),
        ("savepoint_triggered", lambda api: api.trigger_savepoint(104, "bucket/folder")),
        ("savepoint_imported", lambda api: api.import_savepoint(104, "obs://bucket/folder/")),
    ],
)
def test_an_accepted_request_is_no_error(api_answering, name, ask):
    assert ask(api_answering(name)) is None


def test_a_detail_of_2020_is_read(api_answering):
    job = ObservedJob(api_answering("job_detail_jar_2020").get_job(104), "detail")
    assert (job.job_id, job.name, job.status, job.kind.name) == (104, "jptest", "job_init", "JAR")
    assert not job.has_run and not job.has("tm_slot_num") and job.value("resource_config_version") == "v1"
    assert (job.value("entrypoint"), job.value("obs_bucket"), job.value("main_class")) == (
        "FemaleInfoCollection.jar", "", "",
    )  # fmt: skip
    assert job.value("dependency_jars") == ["FemaleInfoCollection.jar", "ObsBatchTest.jar"]
    assert job.value("checkpoint_interval") == 10
    described = describe([job], True, is_redacted=lambda value: False)
    assert described["left_out"] == [] and described["jar_jobs"][0]["entrypoint"] == "FemaleInfoCollection.jar"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "job_detail_jar_default_v1_reconstructed",
            {"checkpoint_interval": 30, "flink_version": "1.15", "feature": "basic", "runtime_config": {}},
        ),
        (
            "job_detail_jar_v2_reconstructed",
            {
                "checkpoint_interval": 60,
                "checkpoint_mode": "at_least_once",
                "checkpoint_path": "bucket/jobs/checkpoint/2",
                "runtime_config": {"max_records_per_file": "10"},
                "resource_config": {
                    "max_slot": 4,
                    "parallel_number": 3,
                    "jobmanager_resource_spec": {"cpu": 1.0, "memory": "8 GB"},
                    "taskmanager_resource_spec": {"cpu": 2.0, "memory": "6 GB"},
                },
            },
        ),
    ],
)
def test_a_detail_of_the_vendors_tests_is_read_and_described(api_answering, name, expected):
    job_id = EVIDENCE[name]["response"]["job_detail"]["job_id"]
    job = ObservedJob(api_answering(name).get_job(job_id), "list", "detail")
    assert {field: job.value(field) for field in expected} == expected
    described = describe([job], True, is_redacted=lambda value: False)
    assert described["left_out"] == []
    (task,) = described["jar_jobs"]
    # Sizes that the service shows under v1 are its own, and a path that it makes is no option.
    assert ("resource_config" in task) is (name == "job_detail_jar_v2_reconstructed")
    assert "checkpoint_path" not in task


def test_what_else_a_sql_job_may_have_is_no_obstacle(api_answering):
    job = ObservedJob(api_answering("job_detail_opensource_sql_autoscaling").get_job(105), "detail")
    assert (job.kind.name, job.real_cu_number) == ("SQL", 2)
    assert "max_parallelism" not in job.definition()


def test_an_execution_plan_is_read_whole(api_answering):
    graph = api_answering("execute_graph_full").get_execution_graph(104)
    assert graph == EVIDENCE["execute_graph_full"]["response"]["execute_graph"]


def test_exports_and_imports_are_read(api_answering):
    assert api_answering("export", ArchiveApi).export_jobs({}) == ["obs-test/aggregate_1582677879475.zip"]
    (job,) = api_answering("import", ArchiveApi).import_jobs({})
    assert (job["old_job_id"], job["new_job_id"]) == (100, 200)


def test_tags_are_read(api_answering):
    assert api_answering("tags").get_tags(104) == {"key1": "value1", "key2": "value2"}


def test_templates_are_read(api_answering):
    found = {template["template_id"]: template for template in api_answering("templates", TemplateApi).list_templates()}
    assert set(found) == {1, 2}
    assert found[2]["sql_body"] == "select * from source_table" and "job_type" not in found[1]


# The same by whole modules, and what is the other way round


@pytest.mark.parametrize("outcome", ["nested", "plain"])
def test_a_savepoint_that_is_rejected_inside_an_answer_is_a_rejection(service, behave, access, outcome):
    behave(savepoint_outcome=outcome)
    planted = service.jobs.add(name="job", **RUNNING)
    made = run_module(dli_flink_savepoint, {**access, "name": "job"})
    assert made["changed"] and planted.has_savepoint, made
    # Between the read and the request the job ends, so that no savepoint can be made of it.
    before = planted.savepoint_path
    service.actor.follow(["before savepoint 1: finish job"])
    result = run_module(dli_flink_savepoint, {**access, "name": "job"})
    assert result["failed"] and planted.savepoint_path == before
    assert result["error"]["message"] == "DLI.0007: a job in job_finish cannot make a savepoint."


@pytest.mark.parametrize("answers", ["full", "short", "object"])
def test_a_job_is_run_and_stopped_whatever_shape_says_so(service, behave, access, answers):
    behave(batch_answers=answers)
    options = {
        "name": "job",
        "queue_name": "queue",
        "entrypoint": "obs://bucket/job.jar",
        "main_class": "org.example.J",
    }
    for state, status in (("started", "job_running"), ("stopped", "job_cancel_success"), ("started", "job_running")):
        result = run_module(dli_flink_jar_job, {**access, **options, "state": state})
        assert result["changed"] and result["job"]["status"] == status, result
    service.jobs.plan_stop("job", "refused")
    refused = run_module(dli_flink_jar_job, {**access, **options, "state": "stopped"})
    assert refused["failed"] and "DLI.0999: planned refusal." in refused["msg"]
    assert run_module(dli_flink_jar_job, {**access, **options, "state": "absent"})["changed"]


@pytest.mark.parametrize("reads", ["as_written", "zero", "computed"])
@pytest.mark.parametrize("given", [None, 2, 7])
def test_slots_that_the_service_computes_are_no_difference(service, behave, access, reads, given):
    behave(tm_slot_num_reads=reads)
    # By the documented formula the service computes 5 * 1 / (4 - 1), so 1 or 2 slots.
    sizes = {"name": "job", "cu_number": 4, "parallel_number": 5}
    assert run_module(dli_flink_jar_job, {**access, **sizes})["changed"]
    task = {**sizes, **({"tm_slot_num": given} if given else {})}
    first = run_module(dli_flink_jar_job, {**access, **task})
    assert first["changed"] is (given == 7), first
    assert not run_module(dli_flink_jar_job, {**access, **task})["changed"]
    # Another change sends neither 0, which no option could say, nor back what the service has computed.
    assert run_module(dli_flink_jar_job, {**access, **task, "desc": "new"})["changed"]
    (planted,) = service.jobs.all()
    assert (planted.fields["tm_slot_num"], planted.fields["desc"]) == (given, "new")
    (described,) = run_module(dli_flink_job_adopt, access)["jar_jobs"]
    assert described.get("tm_slot_num") != 0
    assert not run_module(dli_flink_jar_job, {**access, **described})["changed"]


@pytest.mark.parametrize("reads", ["as_written", "computed"])
@pytest.mark.parametrize("cus_read", ["requested", "actual"])
@pytest.mark.parametrize("omitted", ["keep", "default"])
@pytest.mark.parametrize("given", [None, 2, 7])
@pytest.mark.parametrize(
    "changes",
    [
        {"desc": "new"},
        {"desc": "new", "cu_number": 6},
        {"desc": "new", "tm_slot_num": 2},
        {"cu_number": 3},
        {"parallel_number": 3},
        {"tm_slot_num": 3},
        {"resource_config_version": "v2"},
    ],
)
def test_check_mode_does_not_say_how_many_slots_and_cus_the_service_will_compute(
    service, behave, access, reads, cus_read, omitted, given, changes
):
    behave(tm_slot_num_reads=reads, cu_number_reads=cus_read, put_omitted=omitted)
    service.jobs.add(name="job", cu_number=4, parallel_number=4, tm_slot_num=given)
    task = {**access, "name": "job", **changes}
    predicted, real = (run_module(dli_flink_jar_job, task, check_mode=only)["job"] for only in (True, False))
    for name in ("tm_slot_num", "cu_number", "real_cu_number"):
        assert predicted[name] in (real[name], None), name
    slots = changes.get("tm_slot_num", given)
    if slots not in (None, 1, 2):
        # It cannot be what the service computes.
        assert predicted["tm_slot_num"] == real["tm_slot_num"] == slots
    if cus_read == "requested" and "resource_config_version" not in changes:
        assert predicted["cu_number"] == real["cu_number"]


def test_check_mode_that_finds_nothing_to_do_returns_what_the_service_shows(service, behave, access):
    behave(tm_slot_num_reads="computed", cu_number_reads="actual")
    service.jobs.add(name="job", cu_number=4, parallel_number=5)
    first, again = (run_module(dli_flink_jar_job, {**access, "name": "job"}, check_mode=only) for only in (True, False))
    assert first["job"] == again["job"]
    assert first["job"]["tm_slot_num"] == 2


def test_every_request_to_dli_asks_for_english_and_signs_that(service, behave):
    behave(messages="by_header")
    keys = {name: service.credentials[name] for name in ("access_key", "secret_key")}
    password = {name: service.credentials[name] for name in ("username", "password", "user_domain_name")}
    password |= {"auth_url": service.auth_url, "project_id": service.credentials["project_id"]}
    for access in (keys | {"project_id": service.credentials["project_id"]}, password):
        options = {**access, "endpoint": service.url, "name": "job"}
        assert run_module(dli_flink_jar_job, options)["changed"]
        result = run_module(dli_flink_jar_job, {**options, "state": "started"})
        assert result["failed"] and "The job has no queue to run in." in result["msg"], result
        assert run_module(dli_flink_jar_job, {**options, "state": "absent"})["changed"]
    to_iam = [request for request in service.requests if request.path.startswith("/v3/auth")]
    to_dli = [request for request in service.requests if "/streaming/" in request.path]
    assert len(to_dli) + len(to_iam) == len(service.requests) and to_iam
    assert {request.headers.get("x-language") for request in to_dli} == {"en-us"}
    assert {request.headers.get("x-language") for request in to_iam} == {None}
    signed = [request.headers["authorization"] for request in to_dli if "authorization" in request.headers]
    assert signed and all("x-language" in header.partition("SignedHeaders=")[2] for header in signed)


@pytest.mark.parametrize("plan", ["full", "short"])
def test_an_execution_plan_is_returned_with_all_that_there_is(service, behave, access, plan):
    behave(execution_plan=plan)
    service.jobs.add(name="job", **RUNNING)
    (job,) = run_module(dli_flink_job_info, {**access, "name": "job", "execution_plan": True})["jobs"]
    found = job["execution_plan"]
    assert found["state"] == "RUNNING"
    if plan == "short":
        assert {found[name] for name in ("now", "timestamps", "vertices", "status_counts", "plan")} == {None}
    else:
        assert found["vertices"][0]["metrics"]["write-records"] == 0 and found["status_counts"]["RUNNING"] == 1
        assert found["plan"]["nodes"][0]["id"] == found["vertices"][0]["id"]


@pytest.mark.parametrize("module", [dli_flink_jar_job, dli_flink_sql_job], ids=["JAR", "SQL"])
def test_log_levels_are_compared_as_json(service, access, module):
    def run(levels):
        return run_module(module, {**access, "name": "job", "flink_log_config": levels})

    assert run({"rootLogLevel": "INFO", "levels": [1]})["changed"]
    (planted,) = service.jobs.all()
    assert yaml.safe_load(planted.fields["flink_log_config"]) == {"rootLogLevel": "INFO", "levels": [1]}
    assert not run('{"levels":[1],\n "rootLogLevel":"INFO"}')["changed"]
    changed = run({"rootLogLevel": "WARN"})
    assert changed["changed"] and list(changed["changes"]) == ["flink_log_config"]
    assert run("")["changed"] and not planted.fields["flink_log_config"] and not run("")["changed"]
    refused = run("{")
    assert refused["failed"] and refused["msg"].startswith("flink_log_config is not JSON")


@pytest.mark.parametrize("module", [dli_flink_job_info, dli_flink_job_audit, dli_flink_job_adopt])
def test_lists_are_filtered_by_parent_and_by_enterprise_project(service, access, module):
    service.jobs.add(name="child", root_id=5, queue_name="queue")
    service.jobs.add(name="other", enterprise_project="streams", queue_name="queue")
    for option, value, name in (
        ("root_job_id", 5, "child"),
        ("sys_enterprise_project_name", "streams", "other"),
        ("enterprise_project", "streams", "other"),
    ):
        result = run_module(module, {**access, option: value})
        assert result["count"] == 1, result
        if module is dli_flink_job_info:
            assert [job["name"] for job in result["jobs"]] == [name]
    for option, value in (("root_job_id", 0), ("sys_enterprise_project_name", "")):
        refused = run_module(module, {**access, option: value})
        assert refused["failed"] and refused["msg"].startswith(option)


# A job that the list has, and whose detail is refused


@pytest.fixture(name="shared")
def fixture_shared(service):
    """Plant a job of ours, and one that is shared without the right to view it."""
    ours = service.jobs.add(name="team-ours", **RUNNING)
    return ours, service.jobs.add(name="team-shared", detail_refused=True, **RUNNING)


def test_adoption_leaves_a_job_that_may_not_be_viewed_alone(service, shared, access):
    result = run_module(dli_flink_job_adopt, access)
    assert not result["failed"] and [task["name"] for task in result["jar_jobs"]] == ["team-ours"]
    (warning,) = result["warnings"]
    assert "Flink job team-shared" in str(warning) and MAY_BE_SHARED in str(warning)


def test_an_audit_goes_on_behind_a_job_that_may_not_be_viewed(service, shared, access):
    # Of what the list leaves out, nothing is known.
    wanted = {"resource_config_version": "v1", "state": "started"}
    jobs = [{"name": "team-shared", **wanted}, {"name": "team-ours", **wanted}]
    result = run_module(dli_flink_job_audit, {**access, "jobs": jobs})
    assert not result["failed"], result
    (drift,) = result["findings"]["drift"]
    assert drift["name"] == "team-shared" and MAY_BE_SHARED in drift["msg"]
    by_name = run_module(dli_flink_job_audit, {**access, "name": "team-shared"})
    assert by_name["count"] == 1 and MAY_BE_SHARED in str(by_name["warnings"])


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("state", ["absent", "stopped"])
def test_a_fleet_purges_around_a_job_that_may_not_be_viewed(service, shared, access, state, check_mode):
    ours, theirs = shared
    listed = service.jobs.add(name="team-listed", queue_name="queue")
    purge = {"purge": True, "purge_state": state, "purge_scope": {"name_prefix": "team-"}, "max_purged": 5}
    params = {**access, "jobs": [{"name": "team-listed", "desc": "new"}], **purge}
    result = run_module(dli_flink_jar_jobs, params, check_mode=check_mode)
    assert not result["failed"], result
    verdicts = {job["name"]: job["verdict"] for job in result["jobs"]}
    assert verdicts == {"team-listed": "changed", "team-ours": "changed", "team-shared": "unchanged"}
    (warning,) = result["warnings"]
    assert "team-shared was left alone" in str(warning) and MAY_BE_SHARED in str(warning)
    assert theirs.status == "job_running" and theirs.gone_at is None
    assert (ours.status == "job_running" and ours.gone_at is None) is check_mode and listed.gone_at is None


@pytest.mark.parametrize("options", [{"state": "absent"}, {"state": "started", "desc": "new"}, {"state": "stopped"}])
@pytest.mark.parametrize("by", ["name", "job_id"])
def test_a_task_for_exactly_such_a_job_has_one_clear_error(service, shared, access, options, by):
    _ours, theirs = shared
    identity = {by: "team-shared" if by == "name" else theirs.job_id}
    result = run_module(dli_flink_jar_job, {**access, **identity, **options})
    assert result["failed"] and not result["changed"] and MAY_BE_SHARED in result["msg"]
    assert (result["error"]["type"], result["error"]["http_status"]) == ("DetailDenied", 403)
    assert {request.method for request in service.requests} == {"GET"}


def test_reading_such_a_job_shows_what_the_list_has(service, shared, access):
    (job,) = (found := run_module(dli_flink_job_info, {**access, "name": "team-shared"}))["jobs"]
    assert job["status"] == "job_running" and job["queue_name"] == "queue"
    assert MAY_BE_SHARED in str(found["warnings"])
    plans = run_module(dli_flink_job_info, {**access, "execution_plan": True})
    found = {job["name"]: job["execution_plan"] for job in plans["jobs"]}
    assert found["team-ours"]["state"] == "RUNNING" and found["team-shared"] is None
    assert "There is no execution plan of Flink job team-shared" in str(plans["warnings"])
    # Where all of them are refused, it is not about one shared job.
    service.jobs.delete(shared[0], service.behaviour)
    alone = run_module(dli_flink_job_info, {**access, "execution_plan": True})
    assert alone["failed"] and alone["error"]["http_status"] == 403
    by_id = run_module(dli_flink_job_info, {**access, "job_id": shared[1].job_id})
    assert by_id["failed"] and MAY_BE_SHARED in by_id["msg"]


def test_a_job_of_a_colleague_is_no_obstacle_to_any_module(service, behave, access):
    behave(odd_job="shared")
    service.jobs.add(name="team-ours", **RUNNING)
    for module, extra in itertools.chain(
        ((module, {}) for module in (dli_flink_job_info, dli_flink_job_adopt, dli_flink_job_audit)),
        [(dli_flink_job_info, {"execution_plan": True})],
    ):
        result = run_module(module, {**access, **extra})
        assert not result["failed"] and result["count"] == 2, result
