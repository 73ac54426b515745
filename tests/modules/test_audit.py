# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dli_flink_job_audit finds in a fleet, and how many requests that takes."""

from __future__ import annotations

import time

import pytest
import yaml
from ansible_collections.otc.dli.plugins.doc_fragments import fleet
from ansible_collections.otc.dli.plugins.module_utils._info.audit import Audit, audit_jobs, audit_options
from ansible_collections.otc.dli.plugins.module_utils._info.selection import Selection
from ansible_collections.otc.dli.plugins.module_utils._model.canonical import is_flink_1_15_or_later
from ansible_collections.otc.dli.plugins.module_utils._model.findings import Ages, findings_about, jobs_with_findings
from ansible_collections.otc.dli.plugins.module_utils._model.fleet import desired_options
from ansible_collections.otc.dli.plugins.module_utils._model.goal import Goal
from ansible_collections.otc.dli.plugins.module_utils._model.job import ObservedJob
from ansible_collections.otc.dli.plugins.module_utils._model.spec import JobSpec
from ansible_collections.otc.dli.plugins.module_utils._model.status import STATUSES
from ansible_collections.otc.dli.plugins.modules import dli_flink_job_audit, dli_flink_job_info

from module_runner import run_module

pytestmark = pytest.mark.any_core

NOW = 1_600_000_000_000
HOUR, DAY = 3_600_000, 86_400_000
SIZED = {"resource_config_version": "v2", "resource_config": {"max_slot": 2}}
COMMON = {"queue_name": "queue", "obs_bucket": "bucket"}


@pytest.fixture(name="audit")
def fixture_audit(service, access):
    """Return a function that runs the module with the given options, checks that it only reads, and returns what it
    finds.
    """

    def run(**options):
        service.requests.clear()
        result = run_module(dli_flink_job_audit, {**access, **options})
        assert not result["failed"], result
        assert not result["changed"] and {request.method for request in service.requests} == {"GET"}
        return result["findings"]

    return run


def paths(service):
    return [request.path.rpartition("/streaming/")[2] for request in service.requests]


def findings_of(*answers, stuck_after=900, stale_after=604800, sources=("list",)):
    """The findings about jobs that the service returns like this, NOW."""
    jobs = [ObservedJob({"job_id": number, "name": f"job-{number}", **answer}, *sources)
            for number, answer in enumerate(answers, start=1)]  # fmt: skip
    return findings_about(jobs, None, Ages(stuck_after, stale_after), NOW)


def ids(finding):
    return [entry["job_id"] for entry in finding]


def test_nothing_is_compared_without_a_list(service, audit):
    service.jobs.add(name="job", **COMMON)
    found = audit()
    assert (found["drift"], found["missing"], found["unmanaged"]) == (None, None, None)
    found = audit(jobs=[])
    assert (found["drift"], found["missing"], [job["name"] for job in found["unmanaged"]]) == ([], [], ["job"])


def test_a_fleet_of_500_takes_five_requests(service, audit):
    service.jobs.add_many(500, **COMMON)
    found = audit(jobs=[{"name": f"job-{number}"} for number in range(500)], defaults={**COMMON, "cu_number": 2})
    assert (found["drift"], found["missing"], found["unmanaged"]) == ([], [], [])
    assert paths(service) == ["jobs"] * 5


@pytest.mark.parametrize("name_filter", ["exact", "contains", "ignored"])
def test_only_what_differs_is_drift(service, behave, audit, name_filter):
    behave(name_filter=name_filter)
    first = service.jobs.add(name="first", desc="as it was", parallel_number=3, cu_number=4, **COMMON)
    service.jobs.add(name="second", **COMMON)
    service.jobs.add(name="third", **COMMON)
    service.jobs.add(name="sql", job_type="flink_sql_job")
    jobs = [{"name": "first", "parallel_number": 6}, {"name": "second"}, {"name": "gone", "cu_number": 4}]
    found = audit(jobs=jobs, defaults=COMMON)
    assert found["drift"] == [
        {
            "name": "first",
            "job_id": first.job_id,
            "changes": {"parallel_number": {"before": 3, "after": 6}},
            "msg": None,
        }
    ]
    assert found["missing"] == [{"name": "gone", "job_id": None}]
    assert [(job["name"], job["status"]) for job in found["unmanaged"]] == [("third", "job_init")]


def test_what_a_filter_leaves_out_is_not_missing(service, audit):
    for name, queue in (("a", "q"), ("b", "other"), ("c", "q")):
        service.jobs.add(name=name, queue_name=queue)
    found = audit(jobs=[{"name": "a"}, {"name": "b", "desc": "new"}], queue_name="q")
    assert found["missing"] == [] and [job["name"] for job in found["drift"]] == ["b"]
    assert [job["name"] for job in found["unmanaged"]] == ["c"]


def test_a_field_that_the_list_lacks_is_read_from_the_detail(service, audit):
    config = {
        "max_slot": 2,
        "parallel_number": 1,
        "jobmanager_resource_spec": {"cpu": 1.0, "memory": "4 GB"},
        "taskmanager_resource_spec": {"cpu": 1.0, "memory": "4 GB"},
    }
    job = service.jobs.add(name="sized", resource_config_version="v2", resource_config=config, **COMMON)
    service.jobs.add(name="other", **COMMON)
    wanted = {"name": "sized", **SIZED}
    assert audit(jobs=[wanted, {"name": "other"}])["drift"] == []
    assert paths(service) == ["jobs", f"jobs/{job.job_id}"]
    wanted["resource_config"] = {"max_slot": 3}
    (drift,) = audit(jobs=[wanted, {"name": "other"}])["drift"]
    assert list(drift["changes"]) == ["resource_config"]


@pytest.mark.parametrize("delete_keeps_record", [True, False])
def test_jobs_can_be_listed_by_id(service, behave, audit, job, delete_keeps_record):
    behave(delete_keeps_record=delete_keeps_record)
    kept = service.jobs.add(name="kept", **COMMON)
    gone = job(name="gone")["job"]["job_id"]
    job(name="gone", state="absent")
    jobs = [{"job_id": kept.job_id, "name": "renamed"}, {"job_id": gone}]
    found = audit(jobs=jobs)
    assert [entry["changes"] for entry in found["drift"]] == [{"name": {"before": "kept", "after": "renamed"}}]
    assert found["missing"] == [{"name": None, "job_id": gone}] and found["unmanaged"] == []


def test_a_job_that_is_in_doubt_is_drift_with_a_sentence(service, audit):
    service.jobs.add(name="sql", job_type="flink_sql_job")
    service.jobs.add(name="double")
    service.jobs.add(name="double")
    found = audit(jobs=[{"name": "sql"}, {"name": "double", "desc": "b"}])
    assert [(entry["name"], entry["changes"]) for entry in found["drift"]] == [("sql", {}), ("double", {})]
    assert (
        "is a flink_sql_job" in found["drift"][0]["msg"] and "Several jobs are named double" in found["drift"][1]["msg"]
    )
    assert found["missing"] == []


def test_two_entries_that_are_one_job_are_drift_with_a_sentence(service, audit):
    job = service.jobs.add(name="job", desc="x")
    other = service.jobs.add(name="other", desc="x")
    jobs = [{"name": "job", "desc": "x"}, {"name": "other", "desc": "x"}, {"job_id": job.job_id, "desc": "y"}]
    found = audit(jobs=jobs)
    sentence = f"Jobs 1 and 3 of jobs are the same job, {job.job_id} (job)."
    assert found["drift"] == [{"name": None, "job_id": job.job_id, "changes": {}, "msg": sentence}]
    assert found["missing"] == [] and found["unmanaged"] == [] and other.job_id != job.job_id


SHOULD_BE = {
    "present": "all",
    "started": {"job_running", "job_finish", "job_submitting", "job_downloading", "job_savepointing",
                "job_arrearage_recovering"},
    "restarted": {"job_running", "job_finish", "job_submitting", "job_downloading", "job_savepointing",
                  "job_arrearage_recovering"},
    "stopped": {"job_init", "job_submit_fail", "job_running_exception", "job_idle", "job_cancel_success", "job_finish",
                "job_arrearage_stopped", "job_canceling", "job_savepointing", "job_arrearage_recovering"},
    "absent": set(),
}  # fmt: skip


@pytest.mark.parametrize("state", SHOULD_BE)
def test_a_status_that_is_not_the_desired_state_is_drift(service, audit, state):
    statuses = list(STATUSES)
    for status in statuses:
        service.jobs.add(name=status, status=status, **COMMON)
    found = audit(jobs=[{"name": status} for status in statuses], defaults={"state": state})
    drifting = {entry["name"] for entry in found["drift"]}
    assert set(statuses) - drifting == (set(statuses) if SHOULD_BE[state] == "all" else SHOULD_BE[state])
    for entry in found["drift"]:
        assert entry["changes"] == {"state": {"before": entry["name"], "after": state}}


def test_a_job_that_shall_be_absent_is_not_missing_and_costs_no_detail(service, audit):
    service.jobs.add(name="there", **COMMON)
    found = audit(jobs=[{"name": "gone"}, {"name": "there"}], defaults={"state": "absent", **SIZED})
    assert found["missing"] == [] and [entry["name"] for entry in found["drift"]] == ["there"]
    assert paths(service) == ["jobs"]


@pytest.mark.parametrize(("reads", "drifts"), [("requested", True), ("actual", False)])
def test_cus_that_the_service_has_replaced_are_a_warning_and_no_drift(service, behave, access, reads, drifts):
    behave(cu_number_reads=reads)
    for name in ("a", "b"):
        service.jobs.add(name=name, cu_number=4, manager_cu_number=1, parallel_number=6, tm_slot_num=1, **COMMON)
    jobs = [{"name": name, "cu_number": 300} for name in ("a", "b")]
    result = run_module(dli_flink_job_audit, {**access, "jobs": jobs})
    assert bool(result["findings"]["drift"]) == drifts
    warnings = [str(warning) for warning in result.get("warnings", [])]
    assert drifts or ("is not compared" in warnings[0] and "1 more" in warnings[0] and len(warnings) == 1)


def test_no_secret_is_in_a_finding(service, audit):
    service.jobs.add(
        name="job", entrypoint_args="--password hidden-1", runtime_config="s3.secret-key=hidden-2\na=1", **COMMON
    )
    wanted = {
        "name": "job",
        "entrypoint_args": "--rate 3",
        "secret_entrypoint_args": "--password hidden-3",
        "runtime_config": {"s3.secret-key": "hidden-4"},
    }
    found = audit(jobs=[wanted])
    assert list(found["drift"][0]["changes"]) == ["entrypoint_args", "runtime_config"]
    assert "hidden" not in str(found)


BAD = {
    "defaults without a list": ({"defaults": {"desc": "a"}}, "defaults is given, but jobs is not"),
    "rule of the selection": ({"name": "a b"}, 'name is "a b", but may hold only letters'),
    "rule of a job": ({"jobs": [{"name": "a", "cu_number": 1}]}, 'Job "a" of jobs: cu_number is 1'),
    "stuck_after": ({"stuck_after": -1}, "stuck_after is -1, but must be a number of seconds, 0 or more."),
    "concurrency": ({"concurrency": 65}, "concurrency is 65, but must be at most 64."),
    "stale_after": ({"stale_after": "nan"}, "stale_after is nan, but must be a number of seconds, 0 or more."),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_sentence_and_no_request(service, access, options, message):
    service.requests.clear()
    result = run_module(dli_flink_job_audit, {**access, **options})
    assert result["failed"] and message in result["msg"] and "\n" not in result["msg"]
    assert not service.requests


def test_what_is_down_is_the_first_finding():
    statuses = [*STATUSES, "job_later"]
    found = findings_of(*[{"status": status, "status_desc": f"{status}\x1b."} for status in statuses])
    assert next(iter(found)) == "failed"
    assert found["failed"] == [
        {"name": f"job-{number}", "job_id": number, "status": status, "status_desc": f"{status} ."}
        for number, status in enumerate(statuses, start=1)
        if status in ("job_submit_fail", "job_running_exception", "job_cancel_fail", "job_arrearage_stopped")
    ]
    assert len(found["failed"]) == 4
    (entry,) = findings_of({"status": "job_submit_fail", "job_type": "flink_later_job"})["failed"]
    assert entry["status_desc"] == ""


def test_stuck_is_a_transitional_status_for_too_long():
    found = findings_of(
        {"status": "job_submitting", "create_time": NOW - DAY, "start_time": NOW - HOUR},
        {"status": "job_submitting", "create_time": NOW - DAY, "start_time": NOW - 1000},
        {"status": "job_canceling", "update_time": str(NOW - HOUR)},
        {"status": "job_running", "start_time": NOW - DAY},
        {"status": "job_savepointing"},
        {"status": "job_submitting", "start_time": NOW + HOUR},
    )["stuck"]
    assert found == [
        {"name": "job-1", "job_id": 1, "status": "job_submitting", "seconds": 3600},
        {"name": "job-3", "job_id": 3, "status": "job_canceling", "seconds": 3600},
    ]
    assert findings_of({"status": "job_submitting", "start_time": NOW - HOUR}, stuck_after=3600)["stuck"] == []


def test_the_age_of_a_status_is_counted_by_the_clock_of_this_host(service, audit):
    service.jobs.add(name="old", status="job_submitting", create_time=1_500_000_000_000, update_time=0, start_time=None)
    service.jobs.add(name="new", status="job_submitting")
    assert [job["name"] for job in audit()["stuck"]] == ["old"]


def test_jobs_without_checkpoints_agency_or_restart():
    safe = {"checkpoint_enabled": True, "restart_when_exception": True, "flink_version": "1.15"}
    found = findings_of(
        {"job_config": {**safe, "execution_agency_urn": "agency"}},
        {"job_config": {}},
        {"job_config": {**safe, "checkpoint_enabled": "true", "restart_when_exception": "true"}},
        {"job_config": {**safe, "flink_version": "1.12", "checkpoint_enabled": False, "checkpoint_path": "obs://b/c"}},
        {"job_config": {"runtime_config": "execution.checkpointing.interval=10s", "resource_config_version": "v2"}},
        {"job_type": "flink_sql_job", "job_config": {"flink_version": "1.17"}},
        {"job_type": "flink_opensource_sql_job", "job_config": {**safe, "execution_agency_urn": "agency"}},
        {"job_type": "flink_sql_job", "job_config": {"runtime_config": "execution.checkpointing.interval=10s"}},
        # Nobody can give a SQL job a path, so a path says nothing of checkpoints that are switched off.
        {"job_type": "flink_sql_job", "job_config": {"checkpoint_path": "obs://b/c", "restart_when_exception": True}},
        {"job_type": "flink_later_job", "job_config": {"flink_version": "1.17"}},
    )
    assert ids(found["without_checkpoints"]) == [2, 6, 9]
    assert ids(found["without_agency"]) == [3, 5, 6]
    assert ids(found["without_auto_restart"]) == [2, 5, 6, 8]


def test_cus_are_those_of_jobs_that_run():
    found = findings_of(
        {"status": "job_running", "job_config": {"cu_number": 4, "real_cu_number": 7, "flink_version": "1.12"}},
        {"status": "job_running", "job_config": {"cu_number": "5", "real_cu_number": "0", "flink_version": "1.12"}},
        {"status": "job_init", "job_config": {"cu_number": 100}},
        {"status": "job_running", "job_config": {"cu_number": 100, "resource_config_version": "v2"}},
        {"status": "job_running", "job_config": {"cu_number": 100, "flink_version": "1.17"}},
        {"status": "job_running", "job_config": {"cu_number": 10, "flink_version": "1.15"}},
        {"status": "job_running", "job_config": {"cu_number": 20, "resource_config_version": "v1"}},
        {"status": "job_running", "job_type": "flink_sql_job", "job_config": {"cu_number": 40}},
    )["cus"]
    assert found == {
        "requested": 4 + 5 + 10 + 20 + 40,
        "actual": 7 + 5 + 10 + 20 + 40,
        "jobs": [{"name": "job-1", "job_id": 1, "requested": 4, "actual": 7}],
        "unsure": [],
    }


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ({"flink_version": "1.15"}, "unsure"),
        ({"flink_version": None}, "unsure"),
        ({"flink_version": "1.12"}, "jobs"),
        ({"flink_version": "1.15", "resource_config_version": "v1"}, "jobs"),
        ({"flink_version": "1.15", "resource_config_version": "v2"}, None),
    ],
)
def test_whether_a_job_is_sized_by_cus_is_in_doubt_only_where_nothing_shows_it(config, where):
    config = {"cu_number": 2, "real_cu_number": 7, **config}
    found = findings_of({"status": "job_running", "job_config": config})["cus"]
    assert {key for key in ("jobs", "unsure") if found[key]} == ({where} if where else set())
    assert (found["requested"], found["actual"]) == ((2, 7) if where == "jobs" else (0, 0))
    config["real_cu_number"] = 0
    found = findings_of({"status": "job_running", "job_config": config})["cus"]
    assert (found["jobs"], found["unsure"]) == ([], [])


class Api:
    """Lists jobs that use other CUs than their cu_number, and that only their details show to be sized otherwise."""

    concurrency = 1

    def __init__(self, *names):
        self._jobs = {number: {"job_id": number, "name": name} for number, name in enumerate(names, start=1)}

    def list_jobs(self, **_filters):
        config = {"flink_version": "1.15", "cu_number": 2, "real_cu_number": 7}
        yield from ({**job, "status": "job_running", "job_config": config} for job in self._jobs.values())

    def get_job(self, job_id):
        return {**self._jobs[job_id], "status": "job_idle", "job_config": SIZED}


@pytest.mark.parametrize("selection", [Selection(), Selection(filters={"queue_name": "queue"})])
def test_what_the_comparison_reads_decides_how_a_job_is_sized(selection):
    sized = [name for name in SIZED if name != "resource_config"]
    goals = [Goal(JobSpec("described", fields={name: SIZED[name] for name in sized})), Goal(JobSpec("listed"))]
    found = audit_jobs(Api("described", "listed"), Audit(selection, goals=goals))["findings"]
    assert [job["name"] for job in found["cus"]["unsure"]] == ["listed"] and found["cus"]["jobs"] == []
    assert found["drift"] == []


def test_restarted_jobs():
    found = findings_of({"restart_times": 2}, {"restart_times": 0}, {}, {"restart_times": "1"})["restarted"]
    assert [(entry["job_id"], entry["restart_times"]) for entry in found] == [(1, 2), (4, 1)]


def savepoint(made, **answer):
    return {"has_savepoint": True, "savepoint_path": f"obs://bucket/jobs/savepoint/131/{made}/", **answer}


def test_a_savepoint_that_does_not_stand_for_where_its_job_is_is_stale():
    before, after, long_ago = NOW - 2 * HOUR, NOW - HOUR // 2, NOW - 8 * DAY
    start = {"start_time": NOW - HOUR}
    cases = [
        (savepoint(before, status="job_running", **start), "older_than_start"),
        (savepoint(before, status="job_running_exception", start_time=str(NOW - HOUR)), "older_than_start"),
        (savepoint(after, status="job_running", **start), ""),
        (savepoint(before, status="job_submit_fail", **start), ""),
        (savepoint(before, status="job_cancel_success", **start), "older_than_start"),
        (savepoint(before, status="job_arrearage_stopped", **start), "older_than_start"),
        (savepoint(long_ago, status="job_finish", **start), "older_than_start"),
        (savepoint(before, status="job_submitting", **start), ""),
        (savepoint(after, status="job_cancel_success", **start), ""),
        (savepoint(long_ago, status="job_cancel_success"), "old"),
        (savepoint(long_ago, status="job_cancel_success", **start), "older_than_start"),
        (savepoint(long_ago, status="job_finish"), ""),
        (savepoint(long_ago, status="job_running"), ""),
        (savepoint(long_ago, status="job_cancel_success", has_savepoint=False), ""),
        (savepoint("own", status="job_cancel_success"), ""),
        ({"status": "job_cancel_success", "has_savepoint": True}, ""),
        ({**savepoint(0, status="job_idle"), "savepoint_path": f"bucket/{long_ago}"}, "old"),
        ({**savepoint(0, status="job_idle"), "savepoint_path": f"bucket/{long_ago}a"}, ""),
        ({**savepoint(0, status="job_idle"), "savepoint_path": f"bucket/{long_ago}0"}, ""),
    ]
    found = findings_of(*[answer for answer, _reason in cases])["stale_savepoints"]
    reasons = {entry["job_id"]: entry["reason"] for entry in found}
    assert [reasons.get(number, "") for number in range(1, len(cases) + 1)] == [reason for _answer, reason in cases]
    assert found[0]["made"] == before and found[0]["savepoint_path"].endswith(f"/{before}/")


def test_the_path_of_a_savepoint_has_its_time(service, audit, job, monkeypatch):
    service.jobs.add(name="job", status="job_running", start_time=1, execution_agency_urn="agency", **COMMON)
    job(name="job", state="stopped")
    assert audit()["stale_savepoints"] == []
    # The service counts the time of day from its start, and the clock of the machine may have been set back since.
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 60)
    (stale,) = audit(stale_after=0)["stale_savepoints"]
    assert stale["reason"] == "old"


@pytest.mark.parametrize(
    ("flink_version", "resource_config_version", "expected"),
    [("1.12", "v1", False), ("1.15", "v1", True), ("1.17", "v1", True), ("1.15.2", "", True), ("2.0", "", True),
     ("1.9", "", False), ("", "v2", True),
     ("1.13", "v2", False), ("", "v1", False), (None, None, False), ("newest", "v1", False)],
)  # fmt: skip
def test_what_counts_as_flink_1_15_or_later(flink_version, resource_config_version, expected):
    assert is_flink_1_15_or_later(flink_version, resource_config_version) is expected


def test_the_findings_are_those_that_are_documented(service, audit):
    service.jobs.add(name="job", **COMMON)
    documented = yaml.safe_load(dli_flink_job_audit.RETURN)["findings"]["contains"]
    assert list(audit()) == list(documented)


def test_documentation_has_the_options_of_the_argument_spec():
    documented = yaml.safe_load(dli_flink_job_audit.DOCUMENTATION)["options"]
    assert {name: {key: option[key] for key in ("type", "default")} for name, option in documented.items()} == (
        audit_options()
    )


def test_the_number_of_jobs_is_returned_so_that_no_finding_is_not_taken_for_no_job(service, access):
    assert run_module(dli_flink_job_audit, access)["count"] == 0
    service.jobs.add_many(3)
    assert run_module(dli_flink_job_audit, access)["count"] == 3


def test_the_jobs_are_returned_on_request_and_take_no_further_one(service, access):
    status = {"status": "job_running_exception", "status_desc": "out of memory", "start_time": NOW + 1}
    saved = {"has_savepoint": True, "savepoint_path": f"bucket/jobs/savepoint/1/{NOW}/"}
    down = service.jobs.add(name="down", **status, **saved, **COMMON)
    service.jobs.add(name="busy", status="job_running", cu_number=4, flink_version="1.12", **COMMON)
    service.jobs.add(name="sized", status="job_running", flink_version="1.17", **SIZED, **COMMON)
    service.requests.clear()
    result = run_module(dli_flink_job_audit, {**access, "show_jobs": True, "jobs": [{"name": "down", "desc": "new"}]})
    assert paths(service) == ["jobs"]
    sized, found_busy, found_down = result["jobs"]
    assert found_down["job_id"] == down.job_id and found_down["status_desc"] == "out of memory"
    assert found_down["findings"][:2] == ["failed", "drift"] and found_down["cus"] == 0
    assert found_down["savepoint_made"] == NOW
    assert "stale_savepoints" in found_down["findings"]
    assert (found_busy["cus"], found_busy["savepoint_made"]) == (4, None)
    assert sized["cus"] is None and "unmanaged" in sized["findings"]
    summary = run_module(dli_flink_job_info, {**access, "details": False})["jobs"]
    own = ("savepoint_made", "cus", "findings")
    assert [[key for key in job if key not in own] for job in result["jobs"]] == [list(job) for job in summary]
    assert "jobs" not in run_module(dli_flink_job_audit, access)


def test_a_job_that_uses_more_cus_than_it_requests_is_among_that_finding():
    config = {"cu_number": 4, "real_cu_number": 7, "flink_version": "1.12", "restart_when_exception": True}
    job = ObservedJob({"job_id": 1, "name": "job", "status": "job_running", "job_config": config}, "list")
    (shown,) = jobs_with_findings([job], findings_about([job], None, Ages(), NOW))
    assert (shown["cus"], shown["findings"]) == (7, ["without_checkpoints", "cus"])


def test_the_list_of_jobs_is_documented_as_for_the_module_of_many_jobs():
    # Only what the module here lacks is referred to elsewhere.
    desired = yaml.safe_load(fleet.ModuleDocFragment.DESIRED.replace("otc.dli.dli_flink_jar_jobs#module:", ""))
    for option, documented in desired["options"].items():
        of_fleet = yaml.safe_load(fleet.ModuleDocFragment.DOCUMENTATION)["options"][option]
        assert documented["suboptions"] == of_fleet["suboptions"], "make fragments"
        assert set(documented["suboptions"]) == set(desired_options()[option]["options"]), "make fragments"
        assert not documented.get("required")
