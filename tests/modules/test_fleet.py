# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dli_flink_jar_jobs promises: the same as a loop of the single module, in few requests and in safe waves."""

from __future__ import annotations

import functools
import itertools
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest
import yaml
from ansible_collections.otc.dli.plugins.module_utils import _module
from ansible_collections.otc.dli.plugins.module_utils._model.fleet import MOST_CONCURRENT
from ansible_collections.otc.dli.plugins.module_utils._read.reader import JobReader
from ansible_collections.otc.dli.plugins.module_utils._reconcile.executor import Executor
from ansible_collections.otc.dli.plugins.module_utils._reconcile.wait import Waiting
from ansible_collections.otc.dli.plugins.module_utils._reconcile.work import Work
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job, dli_flink_jar_jobs

import lifecycle_clock
import local_dli.errors
from module_runner import run_module

pytestmark = pytest.mark.any_core

DEFAULTS = {"entrypoint": "obs://bucket/job.jar", "queue_name": "queue"}
RUNNING = {
    **DEFAULTS,
    "status": "job_running",
    "start_time": 1,
    "obs_bucket": "bucket",
    "execution_agency_urn": "agency",
}
DRAFT = {**RUNNING, "status": "job_init", "start_time": None}
RETURN = yaml.safe_load(dli_flink_jar_jobs.RETURN)


@pytest.fixture(name="fleet")
def fixture_fleet(access):
    """Return a function that runs the module dli_flink_jar_jobs with the given options and a token."""

    def run(check_mode=False, **options):
        return run_module(dli_flink_jar_jobs, {**access, **options}, check_mode=check_mode, diff=True)

    return run


def names(count):
    return [{"name": f"job-{number:03d}"} for number in range(count)]


def requests_of(service):
    common = f"/v1.0/{service.credentials['project_id']}/streaming"
    return [f"{request.method} {request.path.removeprefix(common)}" for request in service.requests]


def verdicts(result):
    return [job["verdict"] for job in result["jobs"]]


def test_a_fleet_that_is_as_described_takes_one_listing(service, fleet):
    for job in names(250):
        service.jobs.add(**job, **DEFAULTS)
    result = fleet(jobs=names(250), defaults=DEFAULTS)
    assert not result["failed"] and not result["changed"]
    assert result["counts"] == {"changed": 0, "unchanged": 250, "failed": 0, "not_attempted": 0}
    assert requests_of(service) == ["GET /jobs"] * 3


def test_the_pages_of_a_listing_are_read_at_one_time(service, fleet, wants_requests_together):
    for job in names(500):
        service.jobs.add(**job, **DEFAULTS)
    # How many pages there are is known from the first one.
    wants_requests_together(4)
    result = fleet(jobs=names(500), defaults=DEFAULTS)
    assert result["counts"]["unchanged"] == 500
    assert requests_of(service) == ["GET /jobs"] * 5 and service.most_in_flight == 4


def test_a_project_of_many_jobs_is_not_listed_for_a_few(service, fleet):
    for job in names(601):
        service.jobs.add(**job, **DEFAULTS)
    # Three pages may be read for six jobs. That there are seven is known from the first.
    result = fleet(jobs=names(6), defaults=DEFAULTS)
    assert result["counts"]["unchanged"] == 6
    assert len(requests_of(service)) == 1 + 6


def test_a_fleet_is_created_and_then_left_alone(service, fleet):
    predicted = fleet(jobs=names(30), defaults=DEFAULTS, check_mode=True)
    assert service.jobs.all() == [] and verdicts(predicted) == ["changed"] * 30
    first = fleet(jobs=names(30), defaults=DEFAULTS)
    assert not first["failed"] and first["changed"] and verdicts(first) == ["changed"] * 30
    assert sorted(requests_of(service)) == ["GET /jobs"] * 3 + ["POST /flink-jobs"] * 30
    assert [job["actions"] for job in first["jobs"]] == [job["actions"] for job in predicted["jobs"]]
    assert first["diff"] == predicted["diff"]
    assert {job.name for job in service.jobs.all()} == {job["name"] for job in names(30)}
    assert not fleet(jobs=names(30), defaults=DEFAULTS)["changed"]
    unchanged = fleet(jobs=names(30), defaults=DEFAULTS, check_mode=True)
    assert not unchanged["changed"] and verdicts(unchanged) == ["unchanged"] * 30 and unchanged["diff"] == []


def test_a_fleet_is_started_stopped_and_deleted_in_batches(service, fleet):
    for job in names(40):
        service.jobs.add(**job, **DRAFT)
    for state, operation, status in (
        ("started", "run", "job_running"),
        ("stopped", "stop", "job_cancel_success"),
        ("absent", "delete", None),
    ):
        service.requests.clear()
        result = fleet(jobs=names(40), defaults={"state": state})
        assert not result["failed"] and verdicts(result) == ["changed"] * 40, result
        batches = [request for request in service.requests if request.path.endswith(f"/jobs/{operation}")]
        assert len(batches) <= 10 and sum(len(batch.json["job_ids"]) for batch in batches) == 40
        assert {job.status for job in service.jobs.all()} == ({status} if status else set())


def test_an_upgrade_of_a_fleet_keeps_every_state(service, fleet):
    for job in names(12):
        service.jobs.add(**job, **RUNNING)
    new = {"entrypoint": "obs://bucket/new.jar", "state": "started", "health_window": 0}
    result = fleet(jobs=names(12), defaults=new, batch_size=5)
    assert verdicts(result) == ["changed"] * 12
    assert all(job["savepoint_path"] for job in result["jobs"])
    assert {job.fields["entrypoint"] for job in service.jobs.all()} == {"obs://bucket/new.jar"}
    assert not fleet(jobs=names(12), defaults=new)["changed"]


def test_a_job_of_a_batch_that_cannot_be_started_does_not_stop_the_others(service, fleet):
    for job in names(6):
        service.jobs.add(**job, **{**DEFAULTS, "queue_name": None if job["name"] == "job-003" else "queue"})
    result = fleet(jobs=names(6), defaults={"state": "started"}, max_failures=1)
    assert result["failed"] and result["changed"]
    assert verdicts(result) == ["changed"] * 3 + ["failed"] + ["changed"] * 2
    assert {job.name: job.status for job in service.jobs.all()}["job-003"] == "job_init"
    assert "1 of 6 Flink jobs failed. Flink job job-003 failed with: " in result["msg"]


def test_a_failed_canary_stops_the_rollout(service, fleet):
    for job in names(5):
        service.jobs.add(**job, **RUNNING)
    service.jobs.plan_start("job-001", "submit_fail")
    result = fleet(
        jobs=names(5),
        defaults={"entrypoint": "obs://bucket/new.jar", "state": "started", "health_window": 0},
        canaries=2,
        max_failures=5,
    )
    assert result["failed"] and verdicts(result) == ["changed", "failed"] + ["not_attempted"] * 3
    assert result["jobs"][1]["error"]["rolled_back"] and result["jobs"][1]["changed"]
    jars = {job.name: job.fields["entrypoint"] for job in service.jobs.all()}
    assert [jars[f"job-{number:03d}"] for number in range(5)] == ["obs://bucket/new.jar"] + [RUNNING["entrypoint"]] * 4
    assert {job.status for job in service.jobs.all()} == {"job_running"}


@pytest.mark.parametrize(("left", "sentence"), [(1, "1 was"), (2, "2 were")])
def test_too_many_failures_stop_the_rollout_between_waves(service, fleet, left, sentence):
    ids = [service.jobs.add(**job, **DRAFT).job_id for job in names(4 + left)]
    for name in ("job-000", "job-002"):
        service.jobs.plan_start(name, "submit_fail")
    result = fleet(jobs=names(4 + left), defaults={"state": "started"}, batch_size=2, max_failures=1)
    assert verdicts(result) == ["failed", "changed", "failed", "changed"] + ["not_attempted"] * left
    assert result["msg"].startswith(f"2 of {4 + left} Flink jobs failed, {sentence} not attempted. ")
    assert [job["status"] for job in result["jobs"][4:]] == [None] * left, "a plan is not what is so"
    assert [job["job_id"] for job in result["jobs"]] == ids


def test_a_job_that_cannot_be_planned_keeps_all_from_being_changed(service, fleet):
    for job in names(3):
        service.jobs.add(**job, **RUNNING)
    jobs = [*names(2), {"name": "job-002", "upgrade_mode": "fail"}]
    result = fleet(jobs=jobs, defaults={"entrypoint": "obs://bucket/new.jar", "state": "started"})
    assert verdicts(result) == ["not_attempted", "not_attempted", "failed"] and not result["changed"]
    assert not any(request.method != "GET" for request in service.requests)


@pytest.mark.parametrize("max_failures", [0, 1])
@pytest.mark.parametrize("rollout", [{}, {"canaries": 1}, {"batch_size": 1}], ids=str)
def test_check_mode_promises_what_the_real_run_does(service, fleet, max_failures, rollout):
    for job in [*names(3), {"name": "job-old"}]:
        service.jobs.add(**job, **RUNNING)
    task = {
        "jobs": [{"name": "job-000", "upgrade_mode": "fail"}, *names(3)[1:]],
        "defaults": {"entrypoint": "obs://bucket/new.jar", "state": "started", "health_window": 0},
        "purge": True,
        "purge_scope": {"name_prefix": "job-"},
        "max_failures": max_failures,
        **rollout,
    }
    predicted = fleet(**task, check_mode=True)
    assert not any(request.method != "GET" for request in service.requests)
    result = fleet(**task)
    # The job that could not be planned may be the one that seems to be unlisted.
    assert verdicts(result) == ["failed"] + ["changed" if max_failures else "not_attempted"] * 2 + ["not_attempted"]
    for key in ("failed", "changed", "counts", "diff", "msg"):
        assert predicted[key] == result[key], key
    for key in ("verdict", "changed", "actions", "purged"):
        assert [job.get(key) for job in predicted["jobs"]] == [job.get(key) for job in result["jobs"]], key


def test_the_same_job_by_name_and_by_id_is_refused_before_anything_is_changed(service, fleet):
    job_id = service.jobs.add(name="orders", **RUNNING).job_id
    jobs = [{"name": "other"}, {"name": "orders", "cu_number": 3}, {"job_id": job_id, "cu_number": 4}]
    for last in (jobs[2], {**jobs[2], "name": "renamed"}, {**jobs[2], "upgrade_mode": "fail"}):
        # Not even with many failures allowed, and not when one of the two cannot be planned.
        result = fleet(jobs=[*jobs[:2], last], defaults={**DEFAULTS, "state": "started"}, max_failures=9)
        assert result["failed"] and result["error"] == {"type": "InvalidInput"}
        assert result["msg"] == f"Jobs 2 and 3 of jobs are the same job, {job_id} (orders); nothing was changed."
    assert not any(request.method != "GET" for request in service.requests)


def test_what_is_listed_by_id_is_not_purged(service, fleet):
    listed = service.jobs.add(name="team-a", **DEFAULTS)
    renamed = service.jobs.add(name="team-b", **DEFAULTS)
    service.jobs.add(name="team-c", **DEFAULTS)
    jobs = [{"job_id": listed.job_id}, {"job_id": renamed.job_id, "name": "team-d"}]
    result = fleet(jobs=jobs, purge=True, purge_scope={"name_prefix": "team-"})
    assert verdicts(result) == ["unchanged", "changed", "changed"]
    assert {job.name for job in service.jobs.all()} == {"team-a", "team-d"}


def test_what_is_not_listed_is_purged_within_the_scope(service, fleet):
    for name in ("team-a", "team-b", "team-c", "other-d"):
        service.jobs.add(name=name, **DEFAULTS)
    options = {"jobs": [{"name": "team-a"}], "purge": True, "purge_scope": {"name_prefix": "team-"}}
    predicted = fleet(**options, check_mode=True)
    assert [job["name"] for job in predicted["jobs"] if job["purged"]] == ["team-c", "team-b"]
    assert len(service.jobs.all()) == 4
    result = fleet(**options)
    assert not result["failed"] and {job.name for job in service.jobs.all()} == {"team-a", "other-d"}
    assert not fleet(**options)["changed"]


def test_what_is_purged_can_be_stopped_instead(service, fleet):
    service.jobs.add(name="team-a", **RUNNING)
    scope = {"allow_empty": True, "purge": True, "purge_scope": {"name_prefix": "team-"}}
    result = fleet(jobs=[], **scope, purge_state="stopped")
    assert verdicts(result) == ["changed"] and service.jobs.all()[0].status == "job_cancel_success"
    assert result["jobs"][0]["savepoint_path"]


def test_what_is_purged_can_be_deleted_without_a_savepoint(service, fleet):
    service.jobs.add(name="team-a", **RUNNING)
    scope = {"allow_empty": True, "purge": True, "purge_scope": {"name_prefix": "team-"}}
    predicted = fleet(jobs=[], **scope, check_mode=True)
    assert [action["operation"] for action in predicted["jobs"][0]["actions"]] == ["stop", "delete"]
    result = fleet(jobs=[], **scope, purge_trigger_savepoint=False)
    assert [action["operation"] for action in result["jobs"][0]["actions"]] == ["delete"]
    assert "its state is lost" in result["jobs"][0]["risks"][0]
    assert not service.jobs.all()


@pytest.mark.parametrize("tags_filter", ["match", "any", "ignored", "none"])
def test_a_purge_by_tags_that_cannot_be_read_is_refused_where_the_filter_finds_others(
    service, fleet, behave, tags_filter
):
    behave(tags_filter=tags_filter, job_tags="absent")
    for name, team in (("ours", "a"), ("theirs", "b")):
        tags = [{"key": "team", "value": team}, {"key": "env", "value": "dev"}]
        service.jobs.add(name=name, tags=tags, **DEFAULTS)
    result = fleet(jobs=[], allow_empty=True, purge=True, purge_scope={"tags": {"team": "a", "env": "dev"}})
    left = {job.name for job in service.jobs.all()}
    assert result["failed"] == (tags_filter in ("any", "ignored"))
    assert left == ({"theirs"} if tags_filter == "match" else {"ours", "theirs"})


BAD = {
    "purge without a scope": ({"purge": True}, "purge is true, but purge_scope has neither"),
    "empty scope": ({"purge": True, "purge_scope": {"name_prefix": ""}}, "purge is true, but purge_scope has neither"),
    "no prefix of a name": (
        {"purge": True, "purge_scope": {"name_prefix": "team a"}},
        'purge_scope.name_prefix is "team a", but may hold only letters',
    ),
    "long prefix": (
        {"purge": True, "purge_scope": {"name_prefix": "a" * 58}},
        "but must have 1 to 57 characters, not 58",
    ),
    "no tag": (
        {"purge": True, "purge_scope": {"tags": {"_sys_a": "b"}}},
        'purge_scope.tags has the key "_sys_a", but keys that start with _sys_ are reserved',
    ),
    "a tag twice": (
        {"purge": True, "purge_scope": {"tags": {"a": "b", "a ": "c"}}},
        'purge_scope.tags has the key "a" twice, once with other blanks or another form',
    ),
    "too many tags": (
        {"purge": True, "purge_scope": {"tags": {f"k{number}": "v" for number in range(21)}}},
        "purge_scope.tags has 21 tags, but a job can have at most 20",
    ),
    "comma in a tag": (
        {"purge": True, "purge_scope": {"tags": {"a": "b,c"}}},
        "purge_scope.tags has a tag with a comma",
    ),
    "tag without a value": (
        {"purge": True, "purge_scope": {"tags": {"team": "", "env": "dev"}}},
        'purge_scope.tags has the key "team" without a value',
    ),
    "tag with a null value": (
        {"purge": True, "purge_scope": {"name_prefix": "a", "tags": {"team": None}}},
        'purge_scope.tags has the key "team" without a value',
    ),
    "twice": ({"jobs": [{"name": "a"}, {"name": "a"}]}, 'Job "a" of jobs is in the list twice'),
    "negative max_purged": ({"max_purged": -1}, "max_purged is -1, but must be 0 or more"),
    "nothing is listed": (
        {"jobs": [], "purge": True, "purge_scope": {"name_prefix": "a"}},
        "purge is true, but jobs is empty, so that every job of purge_scope would go; set allow_empty to true",
    ),
    "without a name": ({"jobs": [{"name": "a"}, {"desc": "b"}]}, "Job 2 of jobs: "),
    "rule of a job": ({"jobs": [{"name": "a", "cu_number": 1}]}, 'Job "a" of jobs: cu_number is 1'),
    "rule of the defaults": ({"defaults": {"cu_number": 1}}, 'Job "job-000" of jobs: cu_number is 1'),
    "concurrency": ({"concurrency": 0}, "concurrency is 0, but must be at least 1"),
    "batch_size": ({"batch_size": 0}, "batch_size is 0, but must be 1 or more"),
    "canaries": ({"canaries": -1}, "canaries is -1, but must be 0 or more"),
    "canaries by number and name": (
        {"canaries": 1, "canary_jobs": ["job-000"]},
        "canaries is 1, but canary_jobs names the canaries; only one of them can be given",
    ),
    "canaries by name that nobody waits for": (
        {"canary_jobs": ["job-000"], "wait": False},
        "canary_jobs is given, but wait is false",
    ),
    "a canary that is no job": (
        {"canary_jobs": ["job-9"]},
        'canary_jobs has "job-9", but jobs has no job of that name',
    ),
    "a window without canaries": ({"canary_health_window": 9}, "canary_health_window is 9, but there are no canaries"),
    "a window without an end": (
        {"canaries": 1, "canary_health_window": "inf"},
        "canary_health_window is inf, but must be a number of seconds, 0 or more",
    ),
    "canaries that nobody waits for": ({"canaries": 1, "wait": False}, "canaries is 1, but wait is false"),
    "unknown option": ({"jobs": [{"name": "a", "color": "red"}]}, "Unsupported parameters"),
    "named by the defaults": ({"defaults": {"name": "a"}}, "Unsupported parameters"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_sentence_and_no_request(service, fleet, options, message):
    result = fleet(**{"jobs": names(1), **options})
    assert result["failed"] and message in result["msg"] and "\n" not in result["msg"]
    assert not service.requests
    assert {key for key, described in RETURN.items() if described["returned"] == "always"} <= set(result)


def test_every_result_is_documented(service, fleet):
    for job in names(4):
        # The third has no place for its savepoint, which is a risk.
        service.jobs.add(**job, **{**RUNNING, "obs_bucket": None if job["name"] == "job-002" else "bucket"})
    service.jobs.plan_start("job-001", "submit_fail")
    jobs = [{"name": "job-000", "entrypoint": RUNNING["entrypoint"]}, *names(4)[1:]]
    new = {"entrypoint": "obs://bucket/new.jar", "state": "started", "health_window": 0}
    result = fleet(jobs=jobs, defaults=new, batch_size=2)
    assert verdicts(result) == ["unchanged", "failed", "changed", "not_attempted"]
    of_every_module = {"failed", "changed", "msg", "diff", "invocation"}
    assert {"counts", "jobs", "error"} <= set(result) <= {*RETURN, *of_every_module}
    assert set(result["error"]) <= set(yaml.safe_load(dli_flink_jar_job.RETURN)["error"]["contains"])
    assert {key for job in result["jobs"] for key in job} == set(RETURN["jobs"]["contains"])


def test_no_more_requests_than_allowed_are_in_flight(service, fleet, behave):
    behave(latency_seconds=0.01)
    result = fleet(jobs=names(40), defaults=DEFAULTS, concurrency=3)
    assert not result["failed"] and service.most_in_flight == 3


def test_a_service_that_throttles_is_asked_more_slowly(service, fleet, behave):
    behave(latency_seconds=0.005, max_in_flight=2, throttle_retry_after=False)
    result = fleet(jobs=names(30), defaults=DEFAULTS, concurrency=16)
    assert not result["failed"] and len(service.jobs.all()) == 30
    assert result["retries"]["requests"]


def test_secrets_of_every_job_are_masked(service, fleet):
    jobs = [{**job, "secret_entrypoint_args": f"--password hidden-{job['name']}"} for job in names(3)]
    service.jobs.add(**names(1)[0], **DEFAULTS, entrypoint_args="--password hidden-before")
    result = fleet(jobs=jobs, defaults={**DEFAULTS, "runtime_config": {"s3.secret-key": "hidden-too"}})
    assert not result["failed"] and "hidden" not in str(result)


@pytest.mark.parametrize("batch_refusal", ["per_job", "whole"])
@pytest.mark.parametrize("batch_answers", ["full", "short"])
def test_a_refused_batch_ends_the_same_however_the_service_takes_it(
    service, fleet, behave, batch_refusal, batch_answers
):
    behave(batch_refusal=batch_refusal, batch_answers=batch_answers)
    for job in names(5):
        service.jobs.add(**job, **{**DEFAULTS, "queue_name": None if job["name"] == "job-003" else "queue"})
    result = fleet(jobs=names(5), defaults={"state": "started"}, max_failures=1)
    assert verdicts(result) == ["changed"] * 3 + ["failed"] + ["changed"]
    assert [job.status for job in service.jobs.all()].count("job_running") == 4


def test_how_often_progress_is_shown_goes_by_the_clock(service, fleet, monkeypatch):
    shown = []
    # Each reading of this clock is 3 seconds after the one before.
    clock = SimpleNamespace(monotonic=functools.partial(next, itertools.count(step=3)))

    def waiting(wait, timeout, progress):
        assert progress
        progress.report = shown.append
        return Waiting(wait, timeout, progress, clock)

    monkeypatch.setattr(_module, "Waiting", waiting)
    assert not fleet(jobs=names(3), defaults=DEFAULTS)["failed"]
    assert shown[:2] == ["3 jobs: create 3", "wave 1 of 1: create 3: job-000, job-001, job-002"]
    assert shown[2:] == [f"{done} of 3 done, 0 failed" for done in (1, 2, 3)]
    shown.clear()
    assert fleet(jobs=names(3), defaults={"state": "absent"}, check_mode=True)["changed"]
    assert shown == ["3 jobs: delete 3"]


@pytest.fixture(name="running_after")
def fixture_running_after(service, monkeypatch):
    """Return a function after which jobs that are being started run after so many pauses, which take no time."""

    def after(pauses):
        slept = itertools.count(1)

        def sleep(_seconds):
            if next(slept) >= pauses:
                for job in service.jobs.all():
                    job.status = "job_running" if job.status == "job_submitting" else job.status

        clock = SimpleNamespace(monotonic=functools.partial(next, itertools.count()), sleep=sleep)
        monkeypatch.setattr(_module, "Waiting", functools.partial(Waiting, clock=clock))

    return after


def test_jobs_that_are_being_started_are_waited_for(service, fleet, running_after):
    for job in names(3):
        service.jobs.add(**job, **{**RUNNING, "status": "job_submitting"})
    running_after(2)
    result = fleet(jobs=names(3), defaults={"state": "started"})
    assert not result["failed"] and [job["status"] for job in result["jobs"]] == ["job_running"] * 3


def test_all_jobs_that_are_started_are_waited_for_concurrently(service, fleet, behave, monkeypatch):
    behave(submit_seconds=3600)
    count = MOST_CONCURRENT + 1
    for job in names(count):
        service.jobs.add(**job, **DEFAULTS)

    class Clock(lifecycle_clock.Clock):
        def sleep(self, seconds):
            super().sleep(seconds)
            for job in service.jobs.all():
                job.status = "job_running"

    monkeypatch.setattr(_module, "Waiting", functools.partial(Waiting, clock=Clock()))
    result = fleet(jobs=names(count), defaults={"state": "started"})
    assert result["counts"]["changed"] == count
    # One list shows all of them while they are submitted, and one more that they run.
    after = requests_of(service)
    after = after[len(after) - after[::-1].index("POST /jobs/run") :]
    assert set(after) == {"GET /jobs"} and len(after) <= 4


def test_a_failure_leaves_what_became_of_the_others_as_it_is(service, fleet):
    """Only the words of the service are cut and brought on one line."""
    service.jobs.plan_start("job-001", "submit_fail")
    jobs = [
        {"name": "job-000", "desc": "line one\nline  two", "entrypoint_args": "--word " * 400},
        {"name": "job-001", "state": "started"},
    ]
    predicted = fleet(jobs=jobs, defaults=DEFAULTS, check_mode=True)
    result = fleet(jobs=jobs, defaults=DEFAULTS)
    assert verdicts(result) == ["changed", "failed"]
    assert result["diff"][0] == predicted["diff"][0]
    assert result["jobs"][0]["changes"] == predicted["jobs"][0]["changes"]


@pytest.mark.parametrize("threads_left", [0, 1, 5])
def test_a_system_without_more_threads_makes_a_fleet_slow_but_not_wrong(service, fleet, monkeypatch, threads_left):
    left = itertools.count(threads_left, -1)
    start = threading.Thread.start

    def start_if_any_are_left(thread):
        if next(left) <= 0:
            raise RuntimeError("can't start new thread")
        start(thread)

    for job in names(201):
        service.jobs.add(**job, **DEFAULTS)
    monkeypatch.setattr(threading.Thread, "start", start_if_any_are_left)
    result = fleet(jobs=names(201), defaults={"state": "started"})
    assert not result["failed"] and result["counts"]["changed"] == 201
    started = [request.json["job_ids"] for request in service.requests if request.path.endswith("/jobs/run")]
    assert sorted(itertools.chain(*started)) == sorted(job.job_id for job in service.jobs.all())


@pytest.mark.parametrize(
    ("place", "method", "is_changed", "desc"),
    [
        (JobReader, "find", False, None),
        (Executor, "carry_out", True, None),
        (Work, "read_again", True, "new"),
    ],
    ids=["planning", "carrying out", "reading again"],
)
def test_a_fault_with_one_job_does_not_hide_what_became_of_the_others(
    service, fleet, monkeypatch, place, method, is_changed, desc
):
    original = getattr(place, method)

    def faulty(self, *arguments):
        result = original(self, *arguments)
        if "job-001" in [getattr(thing, "name", "") for thing in (*arguments, result)]:
            raise ZeroDivisionError
        return result

    for job in names(3):
        service.jobs.add(**job, **DEFAULTS)
    monkeypatch.setattr(place, method, faulty)
    result = fleet(jobs=names(3), defaults={"desc": "new"}, max_failures=1)
    assert result["changed"] and verdicts(result) == ["changed", "failed", "changed"]
    failed = result["jobs"][1]
    assert "This is a fault of the collection otc.dli" in failed["msg"]
    assert (failed["error"]["type"], failed["changed"]) == ("ZeroDivisionError", is_changed)
    assert [job.fields["desc"] for job in service.jobs.all()] == ["new", desc, "new"]


def test_a_few_jobs_among_many_are_waited_for_one_by_one(service, fleet, behave, running_after):
    behave(submit_seconds=3600)
    for job in names(300):
        service.jobs.add(**job, **DEFAULTS)
    running_after(5)
    result = fleet(jobs=names(2), defaults={"state": "started"})
    assert result["counts"]["changed"] == 2
    # That there are too many jobs for a listing is found out once, by its first page.
    assert requests_of(service).count("GET /jobs") == 1 + 2


def test_a_small_wave_is_not_read_in_a_listing_of_all(service, fleet):
    service.behaviour = replace(service.behaviour, detail_omits_image=True)
    for job in names(101):
        service.jobs.add(**job, **DEFAULTS)
    result = fleet(jobs=[{**job, "desc": "new"} for job in names(4)] + names(101)[4:], defaults=DEFAULTS, batch_size=1)
    assert result["counts"]["changed"] == 4
    # Two pages at first, and before each update what the detail of its job leaves out.
    lists = [request.query.get("name") for request in service.requests if request.path.endswith("/streaming/jobs")]
    assert lists == [None] * 2 + [[job["name"]] for job in names(4)]


def test_what_a_listing_lacks_is_read_after_a_start_too(service, fleet):
    sized = {**RUNNING, "resource_config_version": "v2", "resource_config": {"max_slot": 2}}
    options = {name: value for name, value in sized.items() if name not in ("status", "start_time")}
    result = fleet(jobs=names(3), defaults={**options, "state": "started"})
    assert result["counts"]["changed"] == 3 and "warnings" not in result
    result = fleet(jobs=names(3), defaults={**options, "state": "stopped"})
    assert result["counts"]["changed"] == 3 and "warnings" not in result


def test_a_job_is_not_missed_because_others_are_deleted_while_pages_are_read(service, fleet, monkeypatch):
    service.jobs.add_many(250, **DEFAULTS)
    newest = service.jobs.all()[-10:]

    def delete_after_the_first_page(_latency):
        if len(service.requests) == 2:
            for job in newest:
                service.jobs.delete(job, service.behaviour)

    monkeypatch.setattr(service, "sleep", delete_after_the_first_page)
    service.behaviour = replace(service.behaviour, latency_seconds=1)
    jobs = [{"name": f"job-{number}"} for number in range(100, 200)]
    result = fleet(jobs=jobs, defaults={"state": "absent"}, concurrency=1)
    assert result["counts"]["changed"] == 100
    assert len(service.jobs.all()) == 250 - 10 - 100


@pytest.mark.parametrize("answer", ["DLI.0023", "503"])
def test_a_listing_that_is_refused_is_not_asked_for_again_by_each_job(service, fleet, monkeypatch, answer):
    refusal = local_dli.errors.ApiError(int(answer) if answer == "503" else 403, "DLI.0016", "no right to list")

    def refuse(*_query):
        raise refusal

    monkeypatch.setattr(service.jobs, "search", refuse)
    result = fleet(jobs=names(20), defaults=DEFAULTS, retry_timeout=0)
    assert result["failed"] and result["counts"]["failed"] == 20
    assert {job["error"]["error_code"] for job in result["jobs"]} == {"DLI.0016"}
    assert requests_of(service) == ["GET /jobs"]


def test_a_job_that_is_gone_has_no_status(service, fleet):
    for job in names(3):
        service.jobs.add(**job, **RUNNING)
    jobs = [{**job, "state": "absent"} for job in names(2)]
    result = fleet(jobs=jobs, defaults=DEFAULTS, purge=True, purge_scope={"name_prefix": "job"})
    assert result["counts"]["changed"] == 3 and not service.jobs.all()
    assert [job["status"] for job in result["jobs"]] == [None] * 3
    assert all(job["job_id"] for job in result["jobs"])


def test_a_job_that_cannot_be_planned_keeps_its_id(service, fleet, behave):
    behave(submit_seconds=3600)
    job = service.jobs.add(name="job", **{**RUNNING, "status": "job_submitting"})
    result = fleet(jobs=[{"name": "job", "cu_number": 3}], wait=False)
    assert result["counts"]["failed"] == 1 and result["jobs"][0]["job_id"] == job.job_id


def test_what_is_purged_by_tags_is_read_in_one_listing(service, fleet):
    team = {"tags": [{"key": "team", "value": "a"}]}
    service.jobs.add_many(120, **DEFAULTS, **team)
    scope = {"allow_empty": True, "purge": True, "purge_scope": {"tags": {"team": "a"}}}
    refused = fleet(jobs=[], **scope)
    assert "120 jobs of purge_scope are not listed (job-" in refused["msg"] and "max_purged is 5" in refused["msg"]
    assert len(service.jobs.all()) == 120
    service.requests.clear()
    result = fleet(jobs=[], **scope, max_purged=120)
    assert result["counts"]["changed"] == 120
    # Lists of two pages, the tags of each, and right before each deletion the detail and the tags again.
    assert sum(request.path.endswith("/tags") for request in service.requests) == 240
    details = [request for request in requests_of(service) if request.startswith("GET /jobs/")]
    assert len(details) >= 120 and requests_of(service).count("GET /jobs") <= 4


def test_tags_are_read_concurrently_once_it_is_known_that_they_can_be(service, fleet, wants_requests_together):
    tags = {"tags": [{"key": "team", "value": "a"}]}
    for job in names(9):
        service.jobs.add(**job, **tags, **DEFAULTS)
    wants_requests_together(4, alone=2)
    result = fleet(jobs=names(9), defaults={**DEFAULTS, "tags": {"team": "a"}})
    assert result["counts"]["unchanged"] == 9
    assert len(service.requests) == 10 and service.most_in_flight == 4


def test_listings_by_different_tags_do_not_wait_for_each_other(service, fleet, wants_requests_together):
    jobs = [{**job, "tags": {"number": job["name"]}} for job in names(8)]
    for job in jobs:
        service.jobs.add(name=job["name"], tags=[{"key": "number", "value": job["name"]}], **DEFAULTS)
    service.behaviour = replace(service.behaviour, job_tags="absent")
    wants_requests_together(4, alone=2)
    assert fleet(jobs=jobs, defaults=DEFAULTS)["counts"]["unchanged"] == 8
    # All, the tags of one, and eight by tags.
    assert len(service.requests) == 10 and service.most_in_flight == 4


def test_without_wait_a_job_in_a_transitional_status_fails_unless_nothing_waits_for_it(service, fleet, behave):
    behave(submit_seconds=60)
    for job in names(4):
        service.jobs.add(**job, **{**RUNNING, "status": "job_submitting"})
    # Stopping while a job is submitted is documented, so that does not wait.
    wishes = ({"cu_number": 2}, {"cu_number": 3}, {"state": "absent"}, {"state": "stopped"})
    jobs = [{**job, **wish} for job, wish in zip(names(4), wishes, strict=True)]
    result = fleet(jobs=jobs, wait=False, max_failures=2)
    assert verdicts(result) == ["unchanged", "failed", "changed", "changed"]
    reason = "is job_submitting, which is a transitional status; wait is false, so nothing was done."
    assert result["jobs"][1]["msg"].endswith(reason)
