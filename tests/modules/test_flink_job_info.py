# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dli_flink_job_info promises: which jobs it finds, what it returns of them, and how many requests it takes."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.otc.dli.plugins.doc_fragments import auth, selection
from ansible_collections.otc.dli.plugins.module_utils._info.query import query_options
from ansible_collections.otc.dli.plugins.module_utils._info.selection import selection_options
from ansible_collections.otc.dli.plugins.module_utils._model.fields import JAR, SQL
from ansible_collections.otc.dli.plugins.modules import (
    dli_flink_jar_job,
    dli_flink_job_adopt,
    dli_flink_job_audit,
    dli_flink_job_info,
)

import local_dli.errors
from module_runner import run_module

SUMMARY = {
    "job_id", "name", "job_type", "status", "status_desc", "desc", "queue_name", "user_name", "has_savepoint",
    "savepoint_path", "restart_times", "create_time", "start_time",
}  # fmt: skip


@pytest.fixture(name="info")
def fixture_info(service, access):
    """Return a function that runs the module with the given options and a token, and checks that it only reads."""

    def run(check_mode=False, **options):
        service.requests.clear()
        result = run_module(dli_flink_job_info, {**access, **options}, check_mode=check_mode)
        assert not result["changed"]
        assert all(request.method == "GET" for request in service.requests)
        return result

    return run


def paths(service):
    return [request.path.rpartition("/streaming/")[2] for request in service.requests]


def names(result):
    assert not result["failed"], result["msg"]
    assert result["count"] == len(result["jobs"])
    return [job["name"] for job in result["jobs"]]


JOB = {"queue_name": "queue", "resource_config_version": "v2", "resource_config": {"max_slot": 2}}
ASKED_OF_MANY = {
    "all": (dli_flink_job_info, 500, {}, 1),
    "execution_plan": (dli_flink_job_info, 8, {"execution_plan": True}, 1),
    # One request finds out whether tags can be read.
    "descriptions": (dli_flink_job_adopt, 9, {}, 2),
    "tags": (dli_flink_job_info, 9, {"show_tags": True}, 2),
    "audit": (dli_flink_job_audit, 8, {"jobs": [{"name": f"job-{number}", **JOB} for number in range(8)]}, 1),
}


@pytest.mark.parametrize(("module", "count", "options", "alone"), ASKED_OF_MANY.values(), ids=ASKED_OF_MANY)
def test_what_is_asked_of_many_jobs_is_asked_concurrently(
    service, access, behave, wants_requests_together, module, count, options, alone
):
    behave(list_details="all" if module is dli_flink_job_adopt else "no_resource_config")
    service.jobs.add_many(count, **JOB, status="job_running", start_time=1)
    wants_requests_together(4, alone)
    result = run_module(module, {**access, **options})
    assert not result["failed"] and result["count"] == count
    assert service.most_in_flight == 4


def test_no_more_requests_than_allowed_are_in_flight(service, access):
    service.jobs.add_many(8, **JOB)
    assert run_module(dli_flink_job_adopt, {**access, "concurrency": 1})["count"] == 8
    # A list, and the detail and the tags of each.
    assert len(service.requests) == 17 and service.most_in_flight == 1


@pytest.mark.parametrize("details", [True, False])
@pytest.mark.parametrize("check_mode", [True, False])
def test_all_jobs_of_all_pages_cost_one_request_a_page(service, info, details, check_mode):
    for number in range(250):
        service.jobs.add(name=f"job-{number}")
    found = names(info(check_mode=check_mode, details=details))
    assert sorted(found) == sorted(f"job-{number}" for number in range(250))
    assert paths(service) == ["jobs"] * 3
    assert {request.query["show_detail"][0] for request in service.requests} == {str(details).lower()}


def test_no_job_is_an_empty_list(service, info):
    for options in ({}, {"name": "none"}, {"job_id": 12}, {"status": "job_idle"}):
        result = info(**options)
        assert names(result) == [] and len(service.requests) == 1


@pytest.mark.parametrize("not_found", ["DLI.0023", "DLI.16001", "DLI.0002"])
def test_an_unknown_id_is_no_error_whatever_its_code(behave, info, not_found):
    behave(not_found=not_found)
    assert names(info(job_id=12)) == []


@pytest.mark.parametrize("name_filter", ["exact", "contains", "ignored"])
def test_a_name_means_the_job_of_exactly_that_name(service, behave, info, name_filter):
    behave(name_filter=name_filter)
    for number in range(120):
        service.jobs.add(name=f"job-{number}")
    assert names(info(name="job")) == []
    assert names(info(name="job-7")) == ["job-7"]
    assert names(info(name="job-7", details=False)) == ["job-7"]


@pytest.mark.parametrize("unset_reads", ["null", "empty", "absent"])
@pytest.mark.parametrize("details", [True, False])
@pytest.mark.parametrize("summary_fields", ["table", "example"])
def test_filters_narrow_down_together(service, behave, info, unset_reads, details, summary_fields):
    behave(unset_reads=unset_reads, summary_fields=summary_fields)
    service.jobs.add(name="a", queue_name="q", status="job_running")
    service.jobs.add(name="b", queue_name="q")
    service.jobs.add(name="c", job_type="flink_sql_job", status="job_running")
    service.jobs.add(name="d", owner="other")
    assert names(info(details=details)) == ["c", "b", "a"]
    assert names(info(details=details, queue_name="q")) == ["b", "a"]
    assert names(info(details=details, queue_name="q", status="job_running")) == ["a"]
    assert names(info(details=details, job_type="flink_sql_job")) == ["c"]
    assert names(info(details=details, user_name=service.credentials["username"])) == ["c", "b", "a"]
    assert names(info(details=details, user_name="nobody")) == []


DOWN = ["job_running_exception", "job_submit_fail"]


def test_several_statuses_take_one_list_where_that_is_least(service, info):
    for name, status in (("a", DOWN[0]), ("b", "job_running"), ("c", DOWN[1]), ("d", DOWN[0])):
        service.jobs.add(name=name, status=status, queue_name="q" if name == "d" else "p")
    assert names(info(status=DOWN)) == ["d", "c", "a"] and paths(service) == ["jobs"]
    assert "status" not in service.requests[0].query
    assert names(info(status=",".join(DOWN), queue_name="p")) == ["c", "a"] and paths(service) == ["jobs"]
    assert names(info(status=[DOWN[1], DOWN[1]])) == ["c"] and service.requests[0].query["status"] == [DOWN[1]]
    assert names(info(status=[*DOWN, "job_idle"], name="a")) == ["a"] and "status" not in service.requests[0].query


@pytest.mark.parametrize("details", [True, False])
def test_several_statuses_of_many_jobs_take_a_list_each(service, info, details):
    service.jobs.add_many(320, status="job_running")
    for number in range(4):
        service.jobs.add(name=f"down-{number}", status=DOWN[number % 2])
    assert names(info(status=DOWN, details=details)) == [f"down-{number}" for number in (3, 2, 1, 0)]
    # The list of all jobs would take four.
    asked = [request.query.get("status", [""])[0] for request in service.requests]
    assert asked == ["", "job_submit_fail", "job_running_exception"]


def test_a_job_that_goes_on_to_its_next_status_meanwhile_is_found_once(service, info, monkeypatch):
    service.jobs.add_many(250, status="job_idle")
    job = service.jobs.add(name="job", status="job_submitting", start_time=1)
    search, asked = service.jobs.search, []

    def fail_after_the_first_list(project_id, filters, *others):
        found = search(project_id, filters, *others)
        asked.append(filters.get("status"))
        if filters.get("status") == "job_submitting":
            service.jobs.set_status(job.job_id, "job_submit_fail")
        return found

    monkeypatch.setattr(service.jobs, "search", fail_after_the_first_list)
    service.jobs.plan_start("job", "submit_fail")
    assert names(info(status=["job_submit_fail", "job_submitting"])) == ["job"]
    assert asked == [None, "job_submitting", "job_submit_fail"]


def test_an_id_goes_with_all_other_filters(service, info):
    job = service.jobs.add(name="a", queue_name="q", tags=[{"key": "team", "value": "orders"}])
    matching = {
        "name": "a",
        "status": "job_init",
        "queue_name": "q",
        "job_type": "flink_jar_job",
        "user_name": service.credentials["username"],
        "tags": {"team": "orders"},
    }
    assert names(info(job_id=job.job_id, **matching)) == ["a"]
    assert paths(service) == [f"jobs/{job.job_id}", "jobs"]
    other = {
        "name": "b",
        "status": "job_running",
        "queue_name": "p",
        "job_type": "flink_sql_job",
        "user_name": "nobody",
        "tags": {"team": "sales"},
    }
    for option, value in other.items():
        assert names(info(job_id=job.job_id, **{option: value})) == [], option


@pytest.mark.parametrize("delete_keeps_record", [True, False])
def test_a_deleted_job_is_not_found(service, behave, info, job, delete_keeps_record):
    behave(delete_keeps_record=delete_keeps_record)
    job_id = job(name="job")["job"]["job_id"]
    assert names(info(job_id=job_id)) == ["job"]
    job(name="job", state="absent")
    assert names(info(job_id=job_id)) == [] == names(info(name="job"))


def test_tags_find_jobs(service, info):
    tags = [{"key": "team", "value": "orders"}, {"key": "tier", "value": "1"}]
    service.jobs.add(name="a", tags=tags)
    service.jobs.add(name="b", tags=tags[:1])
    assert names(info(tags={"team": "orders"})) == ["b", "a"]
    assert names(info(tags={"team": "orders", "tier": 1})) == ["a"]
    assert names(info(tags={})) == ["b", "a"]


@pytest.mark.parametrize("list_details", ["all", "no_resource_config"])
@pytest.mark.parametrize("detail_omits_image", [True, False])
@pytest.mark.parametrize("by", ["name", "job_id"])
def test_one_job_is_returned_as_the_jar_module_returns_it(behave, info, job, list_details, detail_omits_image, by):
    behave(list_details=list_details, detail_omits_image=detail_omits_image)
    described = {
        "name": "job",
        "flink_version": "1.15",
        "checkpoint_mode": "at_least_once",
        "resource_config_version": "v2",
        "resource_config": {"max_slot": 2, "taskmanager_resource_spec": {"cpu": 2, "memory": "8 GB"}},
        "runtime_config": {"a.b": "1"},
    }
    job(**described)
    # A task that names all of the fields reads all of them.
    expected = job(**described)["job"]
    (found,) = info(**{by: expected["job_id" if by == "job_id" else "name"]})["jobs"]
    assert found.pop("job_type") == "flink_jar_job"
    assert found == expected
    assert found["resource_config"]["max_slot"] == 2 and found["flink_version"] == "1.15"


def test_what_the_list_leaves_out_is_null_when_many_are_asked_for(service, info, job):
    job(name="job", resource_config_version="v2", resource_config={"max_slot": 2})
    (found,) = info()["jobs"]
    assert found["resource_config"] is None and found["resource_config_version"] is None
    assert set(found) >= {field.name for field in JAR.fields} and paths(service) == ["jobs"]


@pytest.mark.parametrize("summary_fields", ["table", "example"])
@pytest.mark.parametrize("by", ["name", "job_id"])
def test_a_summary_has_always_the_same_keys(service, behave, info, summary_fields, by):
    behave(summary_fields=summary_fields)
    planted = service.jobs.add(name="job", queue_name="q", has_savepoint=True, savepoint_path="obs://b/s/")
    (found,) = info(details=False, **{by: planted.job_id if by == "job_id" else "job"})["jobs"]
    assert set(found) == SUMMARY
    assert found["user_name"] == service.credentials["username"] and found["has_savepoint"]
    assert (found["queue_name"] == "q") == (summary_fields == "table" or by == "job_id")


def test_arguments_and_sensitive_settings_are_masked(service, info):
    service.jobs.add(
        name="job", entrypoint_args="--rate 3 --password hunter2", runtime_config="a=1\ndb.password=hunter3"
    )
    service.jobs.add(name="sql", job_type="flink_sql_job", sql_body="select 'hunter4'")
    for options in ({}, {"name": "job"}, {"details": False}):
        assert "hunter" not in str(info(**options))
    (found,) = info(name="job")["jobs"]
    assert found["entrypoint_args"] == "********"
    assert found["runtime_config"] == {"a": "1", "db.password": "********"}
    (found,) = info(name="job", show_entrypoint_args=True)["jobs"]
    assert found["entrypoint_args"] == "--rate 3 --password hunter2"
    assert found["runtime_config"]["db.password"] == "********"


@pytest.mark.parametrize("details", [True, False])
def test_an_execution_plan_costs_one_request_for_each_job_that_is_no_draft(service, info, job, details):
    job(name="running", queue_name="q")
    (planted,) = service.jobs.all()
    service.jobs.set_status(planted.job_id, "job_running")
    service.jobs.add(name="draft")
    never_ran = service.jobs.add(name="never-ran", status="job_submit_fail")
    result = info(execution_plan=True, details=details)
    plans = {found["name"]: found["execution_plan"] for found in result["jobs"]}
    assert plans["draft"] is None and plans["never-ran"] is None and "warnings" not in result
    assert plans["running"]["state"] == "RUNNING" and plans["running"]["end_time"] == -1
    listed = {"jid", "name", "is_stoppable", "state", "start_time", "end_time", "duration"}
    assert set(plans["running"]) == listed | {"now", "timestamps", "vertices", "status_counts", "plan"}
    graphs = {f"jobs/{job_id}/execute-graph" for job_id in (planted.job_id, never_ran.job_id)}
    assert len(service.requests) == 3 and set(paths(service)) == {"jobs"} | graphs
    assert "execution_plan" not in info(details=details)["jobs"][0]


@pytest.mark.parametrize(("status", "code", "fails"), [(400, "DLI.0999", False), (403, "DLI.0016", True)])
def test_a_rejected_execution_plan_does_not_hide_the_jobs(service, info, monkeypatch, status, code, fails):
    for name in ("a", "b"):
        service.jobs.set_status(service.jobs.add(name=name).job_id, "job_running")

    def refuse(_job):
        raise local_dli.errors.ApiError(status, code, "The cluster is gone.")

    monkeypatch.setattr(service.jobs, "execution", refuse)
    result = info(execution_plan=True)
    assert result["failed"] == fails
    if not fails:
        assert [found["execution_plan"] for found in result["jobs"]] == [None, None]
        (warning,) = result["warnings"]
        assert "no execution plan of Flink job b: The service refused" in str(warning)
        assert "The same goes for 1 more of the jobs." in str(warning)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "a b"}, 'name is "a b", but may hold only letters, digits, underscores and hyphens.'),
        ({"job_id": 0}, "job_id is 0, but must be at least 1."),
        ({"job_id": True}, "job_id is true, but must be a number."),
        ({"name": "b", "job_id": -3}, "job_id is -3, but must be at least 1."),
        ({"name": ""}, 'name is "", but must have 1 to 57 characters, not 0.'),
        (
            {"queue_name": "a\nb"},
            "queue_name holds an invisible character or line break (U+000A), but must be plain text.",
        ),
        (
            {"user_name": "a\nb"},
            "user_name holds an invisible character or line break (U+000A), but must be plain text.",
        ),
        ({"tags": dict.fromkeys("abcdefghijklmnopqrstu", "x")}, "tags has 21 tags, but a job can have at most 20."),
        ({"queue_name": ""}, "queue_name is empty, but must have at least 1 character; leave it out for all jobs."),
        ({"status": []}, "status is an empty list, but must have at least 1 status; leave it out for all jobs."),
        ({"user_name": ""}, "user_name is empty, but must have at least 1 character; leave it out for all jobs."),
        ({"tags": {"a": "b,c"}}, "tags has a tag with a comma, which the service's list cannot be asked for."),
        ({"tags": {"": "b"}}, "tags has an empty key, but each key must have at least 1 character."),
    ],
)
def test_bad_input_is_reported_before_any_request(service, info, options, sentence):
    result = info(**options)
    assert result["failed"] and result["msg"] == sentence
    assert service.requests == []


def described(options):
    keys = ("type", "elements", "choices", "default", "aliases")
    return {name: {key: option[key] for key in keys if key in option} for name, option in options.items()}


def documented(documentation):
    return described(yaml.safe_load(documentation)["options"])


def test_documentation_has_the_options_of_the_argument_spec():
    of_selection = documented(selection.ModuleDocFragment.DOCUMENTATION)
    assert of_selection == described(selection_options())
    assert documented(dli_flink_job_info.DOCUMENTATION) == described(query_options())
    of_all = documented(auth.ModuleDocFragment.DOCUMENTATION)
    assert not of_selection.keys() & {*query_options(), *of_all} and not query_options().keys() & of_all.keys()


def test_returned_facts_are_documented(service, info, job):
    job(name="job")
    service.jobs.add(name="sql", job_type="flink_sql_job")
    result = yaml.safe_load(dli_flink_job_info.RETURN)["jobs"]
    of_every_job = yaml.safe_load(dli_flink_jar_job.RETURN)["job"]["contains"]
    jobs = info(execution_plan=True, stream_graph="job_graph", show_tags=True)["jobs"]
    found = {fact for job in jobs for fact in job}
    assert found - {*JAR.names, *SQL.names} <= {*result["contains"], *of_every_job} <= found
    assert all(set(sample) <= found for sample in result["sample"])


def test_the_form_of_a_job_is_that_of_the_job_modules(info, job):
    """Under v1 a resource_config has no effect, and no defaults that nobody asked for are returned."""
    expected = job(name="job", queue_name="queue", resource_config_version="v1")["job"]
    (found,) = info(name="job")["jobs"]
    assert {name: found[name] for name, value in expected.items() if value is not None} == {
        name: value for name, value in expected.items() if value is not None
    }
    assert found["resource_config"] == expected["resource_config"] == {}
