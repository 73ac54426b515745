# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of existing jobs: read and changed without a stop, and what happens where they cannot be read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.otc.dli.plugins.module_utils._model.tags import canonical_tags, tags_to_add, tags_to_remove
from ansible_collections.otc.dli.plugins.modules import (
    dli_flink_jar_job,
    dli_flink_jar_jobs,
    dli_flink_job_adopt,
    dli_flink_job_audit,
    dli_flink_job_info,
    dli_flink_sql_job,
)

from local_dli.errors import ApiError
from local_dli.tags import planted
from module_runner import run_module

pytestmark = pytest.mark.any_core

OLD, NEW = "obs://bucket/job-1.jar", "obs://bucket/job-2.jar"
KINDS = {"JAR": (dli_flink_jar_job, "flink_jar_job"), "SQL": (dli_flink_sql_job, "flink_opensource_sql_job")}
RUNS = {"status": "job_running", "start_time": 1, "queue_name": "queue", "obs_bucket": "bucket"}


@pytest.fixture(name="run")
def fixture_run(access):
    def run(module=dli_flink_jar_job, check_mode=False, **options):
        return run_module(module, {**access, **options}, check_mode=check_mode, diff=True)

    return run


def calls(service):
    """Return the requests since the last call, each as its method and the end of its path."""
    found = []
    for request in service.requests:
        below = request.path.partition("/streaming/")[2] or request.path.partition("/dli_flink_job/")[2]
        words = ("tags/create", "tags/delete", "tags", "jobs/run", "jobs/stop")
        end = next((word for word in words if below.endswith(word)), below.partition("/")[0])
        found.append(f"{request.method} {end}")
    service.requests.clear()
    return found


def warnings(result):
    """Return the warnings as texts; newer cores of Ansible wrap them."""
    return [item if isinstance(item, str) else item["event"]["msg"] for item in result["warnings"]]


def tags_of(job):
    return {tag["key"]: tag["value"] for tag in job.fields["tags"] or []}


CHANGES = {
    "one is added": ({"team": "a"}, {"team": "a", "env": "dev"}, ["create"]),
    "one is removed": ({"team": "a", "env": "dev"}, {"team": "a"}, ["delete"]),
    "a value changes": ({"team": "a", "env": "dev"}, {"team": "b", "env": "dev"}, ["delete", "create"]),
    "all are removed": ({"team": "a", "env": "dev"}, {}, ["delete"]),
    "there were none": ({}, {"team": "a", "cost center": "1,2", "number": 7, "flag": True, "empty": ""}, ["create"]),
    "all are others": ({f"k{n}": "v" for n in range(20)}, {f"l{n}": "v" for n in range(20)}, ["delete", "create"]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", ["job_init", "job_running", "job_running_exception"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_foreseen_made_and_made_once(service, run, kind, status, change):
    before, wanted, writes = CHANGES[change]
    module, job_type = KINDS[kind]
    job = service.jobs.add(name="job", job_type=job_type, **{**RUNS, "status": status}, tags=planted(**before))
    started = job.start_time
    expected = {key: {True: "true"}.get(value, str(value)) for key, value in wanted.items()}
    foreseen = run(module, check_mode=True, name="job", tags=wanted)
    assert tags_of(job) == before
    service.requests.clear()
    result = run(module, name="job", tags=wanted)
    assert calls(service) == [
        "GET jobs", "GET tags", "GET jobs", "GET tags", *(f"POST tags/{word}" for word in writes), "GET tags"
    ]  # fmt: skip
    assert tags_of(job) == expected and (job.status, job.start_time) == (status, started)
    for seen in (foreseen, result):
        assert not seen["failed"] and seen["changed"] and "warnings" not in seen, seen
        assert seen["actions"] == [{"operation": "tag", "fields": ["tags"]}]
        assert seen["changes"] == {"tags": {"before": before, "after": expected}}
        assert seen["diff"]["before"]["tags"] == before and seen["diff"]["after"]["tags"] == expected
        assert seen["job"]["tags"] == expected and seen["risks"] == []
    again = run(module, name="job", tags=wanted)
    assert not again["changed"] and calls(service) == ["GET jobs", "GET tags"]
    assert again["diff"]["before"]["tags"] == again["diff"]["after"]["tags"] == expected


def test_tags_of_the_service_itself_are_neither_shown_nor_compared_nor_removed(service, run):
    job = service.jobs.add(name="job", tags=planted(_sys_enterprise_project_id="7", team="a"))
    assert not run(name="job", tags={"team": "a"})["changed"]
    result = run(name="job", tags={})
    assert result["changed"] and result["changes"]["tags"] == {"before": {"team": "a"}, "after": {}}
    assert tags_of(job) == {"_sys_enterprise_project_id": "7"}
    assert not run(name="job", tags={})["changed"]


def test_tags_that_the_task_does_not_give_are_neither_read_nor_changed(service, run):
    job = service.jobs.add(name="job", desc="old", tags=planted(team="a"))
    result = run(name="job", desc="new")
    assert result["changed"] and "tags" not in result["job"] and tags_of(job) == {"team": "a"}
    assert "GET tags" not in calls(service)


def test_a_new_job_gets_its_tags_with_its_creation_and_shows_them(service, run):
    task = {"name": "job", "entrypoint": OLD, "tags": {"team": "a"}}
    foreseen = run(check_mode=True, **task)
    result = run(**task)
    assert foreseen["changes"] == result["changes"]
    assert result["changes"]["tags"] == {"before": None, "after": {"team": "a"}}
    assert foreseen["job"]["tags"] == result["job"]["tags"] == {"team": "a"} and "warnings" not in result
    assert [action["operation"] for action in result["actions"]] == ["create"]


def test_tags_come_last_so_that_a_job_never_stays_stopped_for_them(service, run):
    service.jobs.add(name="job", entrypoint=OLD, **RUNS, tags=planted(version="1"))
    result = run(name="job", state="started", entrypoint=NEW, tags={"version": "2"})
    assert [action["operation"] for action in result["actions"]] == ["stop", "update", "run", "tag"]
    writes = [call for call in calls(service) if not call.startswith("GET")]
    assert writes == ["POST jobs/stop", "PUT flink-jobs", "POST jobs/run", "POST tags/delete", "POST tags/create"]
    assert not run(name="job", state="started", entrypoint=NEW, tags={"version": "2"})["changed"]


def test_an_upgrade_that_is_rolled_back_has_not_changed_the_tags(service, run, behave):
    behave(savepoint_after_restart="kept")
    job = service.jobs.add(name="job", entrypoint=OLD, **RUNS, tags=planted(version="1"))
    service.jobs.plan_start("job", "submit_fail")
    result = run(name="job", state="started", entrypoint=NEW, tags={"version": "2"})
    assert result["failed"] and result["error"]["rolled_back"]
    assert (job.status, job.fields["entrypoint"], tags_of(job)) == ("job_running", OLD, {"version": "1"})


def test_a_rejected_tag_leaves_the_job_upgraded_and_running_and_the_next_run_does_the_rest(service, run, monkeypatch):
    job = service.jobs.add(name="job", entrypoint=OLD, **RUNS)

    def refuse(*_args):
        raise ApiError(403, "DLI.0016", "no right to tag")

    with monkeypatch.context() as context:
        context.setattr(service.jobs, "set_tags", refuse)
        result = run(name="job", state="started", entrypoint=NEW, tags={"version": "2"})
    assert result["failed"] and result["changed"]
    assert "no right to tag" in result["msg"] and "Tags are changed last; all else was done." in result["msg"]
    assert [action["operation"] for action in result["actions"]] == ["stop", "update", "run"]
    assert (job.status, job.fields["entrypoint"]) == ("job_running", NEW)
    again = run(name="job", state="started", entrypoint=NEW, tags={"version": "2"})
    assert [action["operation"] for action in again["actions"]] == ["tag"] and tags_of(job) == {"version": "2"}


@pytest.mark.parametrize("how", ["by one task", "in a fleet"])
def test_tags_that_somebody_else_changes_during_an_upgrade_are_left_alone(service, run, how):
    job = service.jobs.add(name="job", entrypoint=OLD, **RUNS, tags=planted(version="1"))
    service.actor.follow(["before run 1: tag job version=hotfix"])
    task = {"name": "job", "state": "started", "entrypoint": NEW, "tags": {"version": "2"}}
    result = run(**task) if how == "by one task" else run(dli_flink_jar_jobs, jobs=[task])
    assert result["failed"] and "somebody else has changed its tags meanwhile, so they were left alone" in result["msg"]
    assert (job.status, job.fields["entrypoint"], tags_of(job)) == ("job_running", NEW, {"version": "hotfix"})


def test_what_somebody_else_adds_before_the_plan_is_made_is_part_of_it(service, run):
    job = service.jobs.add(name="job", tags=planted(team="a"))
    service.actor.follow(["before show 1: tag job team=b owner=c"])
    result = run(name="job", tags={"team": "d"})
    assert result["changes"]["tags"] == {"before": {"team": "b", "owner": "c"}, "after": {"team": "d"}}
    assert tags_of(job) == {"team": "d"}


def test_somebody_else_may_bring_the_tags_to_what_is_wanted(service, run):
    job = service.jobs.add(name="job", tags=planted(team="a"))
    service.actor.follow(["before list-tags 2: tag job team=b"])
    result = run(name="job", tags={"team": "b"})
    assert not result["failed"] and not result["changed"] and tags_of(job) == {"team": "b"}


@pytest.mark.parametrize("job_tags", ["absent", "forbidden"])
def test_where_tags_cannot_be_read_one_sentence_says_so_for_the_whole_fleet(service, run, behave, job_tags):
    behave(job_tags=job_tags)
    jobs = [{"name": f"job-{number}", "tags": {"team": "b"}} for number in range(5)]
    for job in jobs:
        service.jobs.add(name=job["name"], tags=planted(team="a" if job["name"] < "job-3" else "b"))
    result = run(dli_flink_jar_jobs, jobs=jobs)
    assert not result["failed"] and not result["changed"]
    reason = {
        "absent": "the service has no request for the tags of an existing job",
        "forbidden": "this user may not read them (You may not see the tags of this job)",
    }[job_tags]
    assert warnings(result) == [
        f"The tags of Flink job job-0 are unconfirmed: {reason}, and its list does not find the job by team=b. They "
        "were left as they are. The same goes for 2 more of the jobs."
    ]
    asked = calls(service)
    # That one job has no such call goes for all. What is forbidden for two, before any could be read, goes for all too.
    assert (asked.count("GET tags"), asked.count("GET jobs")) == ({"absent": 1, "forbidden": 2}[job_tags], 2)


@pytest.mark.parametrize("refused", ["job-0", "job-2"])
def test_a_job_whose_tags_are_refused_hides_none_of_the_others(service, run, refused):
    """Tags of a job that is shared without the right to them are its own matter, wherever it stands in the list."""
    names = [f"job-{number}" for number in range(4)]
    planted_jobs = [service.jobs.add(name=name, tags=planted(team="a")) for name in names]
    for job in planted_jobs:
        job.tags_refused = job.name == refused
    result = run(dli_flink_jar_jobs, jobs=[{"name": name, "tags": {"team": "b"}} for name in names])
    assert not result["failed"] and result["changed"]
    assert {job.name for job in planted_jobs if tags_of(job) == {"team": "a"}} == {refused}
    (warning,) = warnings(result)
    assert warning.startswith(f"The tags of Flink job {refused} are unconfirmed: this user may not read them")

    shown = run(dli_flink_job_info, show_tags=True)
    assert {job["name"] for job in shown["jobs"] if job["tags"] is None} == {refused}
    (warning,) = warnings(shown)
    ids = {job.name: job.job_id for job in planted_jobs}
    assert warning.startswith(f"The result leaves out the tags of {ids[refused]}: this user may not read them")


def test_a_job_that_is_gone_is_read_once_to_see_that(service, run):
    """Its tags are not found, which may also mean that the service has no such call."""
    job = service.jobs.add(name="job", tags=planted(team="a"))
    service.actor.follow(["after list 1: delete job"])
    assert not run(name="job", tags={"team": "b"})["failed"]
    shown = [sent for sent in service.requests if sent.path.endswith(f"/streaming/jobs/{job.job_id}")]
    assert len(shown) == 1


@pytest.mark.parametrize("job_tags", ["absent", "forbidden"])
def test_tags_that_can_no_longer_be_read_are_not_left_out_without_a_word(service, run, job_tags):
    """The list shows a job that needs a change, and right before it nobody can read its tags."""
    job = service.jobs.add(name="job", tags=planted(team="a"))
    service.actor.follow([f"after list-tags 1: behave job_tags={job_tags}"])
    result = run(name="job", tags={"team": "b"})
    assert not result["failed"] and not result["changed"] and tags_of(job) == {"team": "a"}
    assert "The tags of Flink job job are unconfirmed" in str(warnings(result))


def test_where_tags_cannot_be_read_a_new_job_has_them_all_the_same(service, run, behave):
    behave(job_tags="absent")
    assert "warnings" not in run(name="job", entrypoint=OLD, tags={"team": "a"})
    (job,) = service.jobs.all()
    assert tags_of(job) == {"team": "a"}
    assert "warnings" not in run(name="job", tags={"team": "a"}), "the list finds it by them"
    for wanted, words in (({}, "cannot be asked for them"), ({"team": "b"}, "does not find the job by team=b")):
        result = run(name="job", tags=wanted)
        assert not result["changed"] and words in str(result["warnings"]) and tags_of(job) == {"team": "a"}


@pytest.mark.parametrize(
    ("status", "code"), [(405, "APIG.0102"), (501, "X.1"), (404, "APIG.0101"), (404, "DLI.0023"), (400, "DLI.0002")]
)
def test_an_unknown_call_is_not_taken_for_an_unknown_job(service, run, monkeypatch, status, code):
    service.jobs.add(name="job", tags=planted(team="a"))

    def refuse(_switch):
        raise ApiError(status, code, "unknown")

    monkeypatch.setattr("local_dli.tags.refuse", refuse)
    result = run(name="job", tags={"team": "b"})
    assert not result["failed"] and not result["changed"]
    assert "the service has no request for the tags of an existing job" in str(result["warnings"])


def test_another_error_of_the_service_is_an_error(service, run, monkeypatch):
    service.jobs.add(name="job", tags=planted(team="a"))

    def refuse(_switch):
        raise ApiError(400, "DLI.0001", "not today")

    monkeypatch.setattr("local_dli.tags.refuse", refuse)
    assert "not today" in run(name="job", tags={"team": "b"})["msg"]


@pytest.mark.parametrize("tags_filter", ["match", "any", "prefix", "ignored"])
def test_a_purge_goes_by_the_tags_of_each_job_whatever_the_filter_finds(service, run, behave, tags_filter):
    behave(tags_filter=tags_filter)
    for name, tags in {"ours": {"team": "a", "env": "dev"}, "theirs": {"team": "ab", "env": "dev"}}.items():
        service.jobs.add(name=name, tags=planted(**tags))
    scope = {"purge": True, "allow_empty": True, "purge_scope": {"tags": {"team": "a", "env": "dev"}}}
    for check_mode in (True, False):
        result = run(dli_flink_jar_jobs, check_mode, jobs=[], **scope)
        assert [job["name"] for job in result["jobs"] if job["changed"]] == ["ours"], result
    assert [job.name for job in service.jobs.all()] == ["theirs"]


def test_a_job_that_loses_its_tags_while_it_is_stopped_for_its_purge_is_not_deleted(service, run):
    service.jobs.add(name="ours", **RUNS, tags=planted(team="a"))
    service.actor.follow(["after stop 1: tag ours team=b"])
    scope = {"purge": True, "allow_empty": True, "purge_scope": {"tags": {"team": "a"}}}
    result = run(dli_flink_jar_jobs, jobs=[], **scope)
    assert result["failed"] and "changed its tags meanwhile, so it was not deleted" in result["jobs"][0]["msg"]
    assert [job.name for job in service.jobs.all()] == ["ours"]


def test_the_audit_reports_drift_of_tags(service, run, behave):
    for name, team in (("a", "x"), ("b", "y"), ("c", "y")):
        service.jobs.add(name=name, tags=planted(team=team))
    jobs = [{"name": "a", "tags": {"team": "y"}}, {"name": "b", "tags": {"team": "y"}}, {"name": "c"}]
    service.requests.clear()
    result = run(dli_flink_job_audit, jobs=jobs)
    (drift,) = result["findings"]["drift"]
    assert drift["name"] == "a"
    assert drift["changes"] == {"tags": {"before": {"team": "x"}, "after": {"team": "y"}}}
    assert sorted(calls(service)) == ["GET jobs", "GET tags", "GET tags"] and "warnings" not in result
    behave(job_tags="absent")
    result = run(dli_flink_job_audit, jobs=jobs)
    assert result["findings"]["drift"] == [] and "The tags of Flink job a are unconfirmed" in str(result["warnings"])


@pytest.mark.parametrize("kind", KINDS)
def test_an_adopted_job_keeps_its_tags(service, run, behave, kind):
    module, job_type = KINDS[kind]
    service.jobs.add(name="job", job_type=job_type, tags=planted(team="a", _sys_x="y"))
    (described,) = run(dli_flink_job_adopt)[f"{kind.lower()}_jobs"]
    assert described["tags"] == {"team": "a"}
    assert not run(module, **described)["changed"]
    behave(job_tags="absent")
    result = run(dli_flink_job_adopt)
    assert "tags" not in result[f"{kind.lower()}_jobs"][0]
    assert warnings(result) == [
        "The result leaves out the tags of the jobs: the service has no request for the tags of an existing job."
    ]


@pytest.mark.parametrize("details", [True, False])
def test_the_tags_of_each_job_are_there_when_asked_for(service, run, behave, details):
    for number in range(3):
        service.jobs.add(name=f"job-{number}", tags=planted(number=str(number), _sys_x="y"))
    service.requests.clear()
    shown = run(dli_flink_job_info, show_tags=True, details=details)
    assert [job["tags"] for job in shown["jobs"]] == [{"number": "2"}, {"number": "1"}, {"number": "0"}]
    assert sorted(calls(service)) == ["GET jobs", *["GET tags"] * 3]
    assert "tags" not in run(dli_flink_job_info, details=details)["jobs"][0]
    behave(job_tags="forbidden")
    refused = run(dli_flink_job_info, show_tags=True, details=details)
    assert [job["tags"] for job in refused["jobs"]] == [None] * 3 and len(refused["warnings"]) == 1


def test_a_fleet_reads_the_tags_of_those_jobs_that_give_them(service, run):
    jobs = [{"name": f"job-{number}", **({"tags": {"team": "a"}} if number < 3 else {})} for number in range(30)]
    for job in jobs:
        service.jobs.add(name=job["name"], tags=planted(team="a"))
    service.requests.clear()
    assert run(dli_flink_jar_jobs, jobs=jobs)["counts"]["unchanged"] == 30
    assert sorted(calls(service)) == ["GET jobs", *["GET tags"] * 3]
    service.jobs.set_tags(service.jobs.all()[1], planted(team="b"))
    result = run(dli_flink_jar_jobs, jobs=jobs)
    assert [job["name"] for job in result["jobs"] if job["changed"]] == ["job-1"]
    assert run(dli_flink_jar_jobs, jobs=jobs)["counts"]["unchanged"] == 30


@pytest.mark.parametrize(
    "odd", ["x", [1], [{"value": "a"}], [{"key": 1, "value": "a"}], [{"key": "a", "value": ["b"]}]]
)
def test_what_is_no_list_of_tags_is_an_error_in_words(service, run, monkeypatch, odd):
    monkeypatch.setattr(service, "validate_responses", False)
    service.jobs.add(name="job", tags=odd)
    result = run(name="job", tags={"team": "a"})
    assert result["failed"] and "a list of tags" in result["msg"]


def test_a_change_removes_and_adds_no_more_than_it_has_to():
    shown = {"kept": "1", "value": "old", "gone": "x", "_sys_a": "b", "blank ": "c "}
    wanted = {"kept": "1", "value": "new", "more": "y", "blank": "c"}
    assert tags_to_remove(shown, wanted) == {"value": "old", "gone": "x"}
    assert tags_to_add(shown, wanted) == {"value": "new", "more": "y"}
    assert canonical_tags(shown) == {"kept": "1", "value": "old", "gone": "x", "blank": "c"}


def test_a_change_is_waited_for_where_reads_are_behind(service, run, monkeypatch):
    job = service.jobs.add(name="job", tags=planted(team="a"))
    monkeypatch.setattr("ansible_collections.otc.dli.plugins.module_utils._reconcile.wait.GRACE_SECONDS", 15.0)
    service.behaviour = replace(service.behaviour, detail_lag_seconds=3.0)
    result = run(name="job", tags={"team": "b"})
    assert not result["failed"] and "warnings" not in result and tags_of(job) == {"team": "b"}
    assert calls(service).count("GET tags") > 3
