# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The unkind service: reads of the past, late savepoints, short pages, odd jobs, and somebody else at work."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from local_dli import Behaviour
from local_dli.__main__ import main
from local_dli.actor import DEEDS, parse

RUNNING = {"status": "job_running", "start_time": 1, "queue_name": "queue", "obs_bucket": "bucket"}


@pytest.fixture(name="job")
def fixture_job(service: Any) -> Any:
    """A running job that was there before anything else."""
    return service.jobs.add(name="job", **RUNNING)


def listed(api: Any) -> list[tuple[str, str, str]]:
    return [(job["name"], job["status"], job["job_config"]["smn_topic"]) for job in api.jobs(show_detail="true")]


# Reads of the past


def test_a_list_that_lags(api: Any, behave: Any, clock: Any, job: Any) -> None:
    behave(list_lag_seconds=3.0)
    assert listed(api) == [("job", "job_running", None)]
    clock.forward(10)
    api.update(job.job_id, smn_topic="topic")
    made = api.create(name="new")
    detail = api.detail(job.job_id)
    assert detail["job_config"]["smn_topic"] == "topic"
    assert listed(api) == [("job", "job_running", None)]
    clock.forward(2.5)
    assert listed(api) == [("job", "job_running", None)]
    clock.forward(0.5)
    assert listed(api) == [("new", "job_init", None), ("job", "job_running", "topic")]
    api.batch("delete", job.job_id, made)
    assert len(listed(api)) == 2
    assert api.error("GET", f"jobs/{made}") == (400, "DLI.16001")
    clock.forward(3)
    assert listed(api) == []


def test_a_detail_that_lags(api: Any, behave: Any, clock: Any, job: Any) -> None:
    behave(detail_lag_seconds=3.0)
    assert api.status(job.job_id) == "job_running"
    api.batch("stop", job.job_id)
    made = api.create(name="new")
    assert api.status(job.job_id) == "job_running"
    assert api.names(status="job_cancel_success") == ["job"]
    assert api.error("GET", f"jobs/{made}") == (400, "DLI.16001")
    clock.forward(3)
    assert api.status(job.job_id) == "job_cancel_success"
    assert api.status(made) == "job_init"


def test_a_lag_is_exact_though_nobody_reads_meanwhile(api: Any, behave: Any, clock: Any, job: Any) -> None:
    behave(detail_lag_seconds=5.0, savepoint_seconds=10.0, cancel_seconds=10.0)
    api.batch("stop", job.job_id, trigger_savepoint=True)
    for seconds, status in ((14.9, "job_savepointing"), (0.1, "job_canceling"), (10, "job_cancel_success")):
        clock.forward(seconds)
        assert api.status(job.job_id) == status


def test_what_is_written_acts_on_the_truth(api: Any, behave: Any, job: Any) -> None:
    behave(list_lag_seconds=100.0, detail_lag_seconds=100.0)
    assert api.batch("stop", job.job_id)[0]["is_success"] == "true"
    assert api.status(job.job_id) == "job_running"
    assert api.batch("stop", job.job_id)[0]["is_success"] == "false"


@pytest.mark.parametrize(("first", "seen"), [("fresh", ["new", "old", "new"]), ("behind", ["old", "new", "old"])])
def test_replicas_answer_in_turn(api: Any, behave: Any, job: Any, first: str, seen: list[str]) -> None:
    behave(replica_lag_seconds=10.0, replica_first=first)
    job.fields["smn_topic"] = "old"
    api.update(job.job_id, smn_topic="new")
    found = [api.config(job.job_id)["smn_topic"], listed(api)[0][2], api.config(job.job_id)["smn_topic"]]
    assert found == seen


# Savepoints and statuses


def test_a_savepoint_that_shows_late(api: Any, behave: Any, clock: Any, job: Any) -> None:
    behave(savepoint_seconds=1.0, cancel_seconds=1.0, savepoint_late_seconds=3.0)
    api.batch("stop", job.job_id, trigger_savepoint=True)
    shown = []
    for _second in range(6):
        detail = api.detail(job.job_id)
        shown.append((detail["status"], detail["has_savepoint"]))
        clock.forward(1)
    stopped, saved = ("job_cancel_success", False), ("job_cancel_success", True)
    assert shown[:2] == [("job_savepointing", False), ("job_canceling", False)]
    assert shown[2:] == [stopped, stopped, stopped, saved]
    assert api.detail(job.job_id)["savepoint_path"].startswith(f"obs://bucket/jobs/savepoint/{job.job_id}/")


def test_a_savepoint_of_a_running_job_shows_late_too(api: Any, behave: Any, clock: Any, job: Any) -> None:
    behave(savepoint_late_seconds=3.0)
    body = {"action": "TRIGGER", "savepoint_path": "obs://bucket/mine"}
    api.ok("POST", f"jobs/{job.job_id}/savepoint", json=body)
    assert (api.status(job.job_id), job.has_savepoint) == ("job_running", False)
    clock.forward(3)
    assert (api.status(job.job_id), job.has_savepoint) == ("job_running", True)


def test_a_job_that_is_started_before_its_savepoint_shows_has_none(api: Any, behave: Any, clock: Any, job: Any) -> None:
    behave(savepoint_late_seconds=3.0)
    api.batch("stop", job.job_id, trigger_savepoint=True)
    assert api.batch("run", job.job_id, resume_savepoint=True)[0]["is_success"] == "false"
    assert api.batch("run", job.job_id)[0]["is_success"] == "true"
    clock.forward(10)
    assert (api.status(job.job_id), api.detail(job.job_id)["has_savepoint"]) == ("job_running", False)


def test_a_savepoint_that_never_shows(api: Any, behave: Any, clock: Any, job: Any) -> None:
    behave(savepoint="never_shown")
    api.batch("stop", job.job_id, trigger_savepoint=True)
    clock.forward(1000)
    detail = api.detail(job.job_id)
    assert (detail["status"], detail["has_savepoint"]) == ("job_cancel_success", False)


@pytest.mark.parametrize("saved", [True, False])
def test_a_stop_that_ends_in_job_init(api: Any, behave: Any, job: Any, saved: bool) -> None:
    behave(stop_ends="job_init")
    api.batch("stop", job.job_id, trigger_savepoint=saved)
    detail = api.detail(job.job_id)
    assert (detail["status"], detail["start_time"], detail["has_savepoint"]) == ("job_init", 1, saved)


@pytest.mark.parametrize(("outcome", "end"), [("running", "job_running"), ("submit_fail", "job_submit_fail")])
def test_a_start_that_shows_job_init_first(
    api: Any, behave: Any, clock: Any, service: Any, job: Any, outcome: str, end: str
) -> None:
    behave(init_seconds=5.0, submit_seconds=5.0)
    service.jobs.set_status(job.job_id, "job_cancel_success")
    service.jobs.plan_start("job", outcome)
    api.batch("run", job.job_id)
    shown = []
    for _time in range(3):
        shown.append(api.status(job.job_id))
        clock.forward(5)
    assert shown == ["job_init", "job_submitting", end]


def test_a_job_that_is_stuck_in_job_submitting_can_be_stopped(api: Any, clock: Any, service: Any, job: Any) -> None:
    service.jobs.set_status(job.job_id, "job_cancel_success")
    service.jobs.plan_start("job", "stuck")
    api.batch("run", job.job_id)
    clock.forward(10_000)
    assert api.status(job.job_id) == "job_submitting"
    assert api.batch("stop", job.job_id)[0]["is_success"] == "true"
    assert api.status(job.job_id) == "job_cancel_success"


def test_stops_that_are_accepted_and_do_not_stop(api: Any, behave: Any, clock: Any, service: Any, job: Any) -> None:
    behave(savepoint_seconds=5.0, cancel_seconds=5.0)
    for outcome, at_first in (("ignored", "job_running"), ("runs_on", "job_canceling")):
        service.jobs.plan_stop("job", outcome)
        assert api.batch("stop", job.job_id, trigger_savepoint=True)[0]["is_success"] == "true"
        assert api.status(job.job_id) == at_first
        clock.forward(100)
        assert (api.status(job.job_id), job.has_savepoint) == ("job_running", False)


def test_the_service_restarts_a_job_by_itself(api: Any, clock: Any, service: Any, job: Any) -> None:
    service.jobs.set_status(job.job_id, "job_cancel_success")
    service.jobs.plan_start("job", "restarts_after:3")
    api.batch("run", job.job_id)
    assert api.detail(job.job_id)["restart_times"] == 0
    clock.forward(3)
    assert (api.status(job.job_id), api.detail(job.job_id)["restart_times"]) == ("job_running", 1)


# Lists


@pytest.mark.parametrize(("pages", "names"), [("full", "edcba"), ("short", "edc"), ("empty", "")])
def test_pages(api: Any, behave: Any, service: Any, pages: str, names: str) -> None:
    behave(list_pages=pages)
    for name in "abcde":
        service.jobs.add(name=name)
    answer = api.ok("GET", "jobs", params={"limit": 100})["job_list"]
    assert (answer["total_count"], "".join(job["name"] for job in answer["jobs"])) == (5, names)
    assert len(api.names(offset=4)) == (0 if pages == "empty" else 1)


@pytest.mark.parametrize(
    ("value", "named"), [("all", {"jar": True, "sql": True}), ("jar", {"jar": True, "sql": False}), ("none", {})]
)
def test_list_job_type(api: Any, behave: Any, value: str, named: dict[str, bool]) -> None:
    behave(list_job_type=value)
    api.create(name="jar")
    sql = api.ok("POST", "sql-jobs", json={"name": "sql"})["job"]["job_id"]
    for query in ({}, {"show_detail": "true"}):
        for job in api.jobs(**query):
            assert ("job_type" in job) is named.get(job["name"], False)
    assert api.detail(sql)["job_type"] == "flink_opensource_sql_job"


def test_the_tags_filter_can_take_a_beginning_for_a_value(api: Any, behave: Any) -> None:
    behave(tags_filter="prefix")
    for name, team in (("one", "data"), ("two", "database"), ("three", "web")):
        api.create(name=name, tags=[{"key": "team", "value": team}])
    assert api.names(tags="team=data") == ["two", "one"]
    assert api.names(tags="team=data,team=web") == []


@pytest.mark.parametrize(
    ("value", "name", "odd"),
    [
        ("shared", "job_id", 77),
        ("iso_time", "create_time", "2026-01-31T12:00:00Z"),
        ("long_name", "name", "n" * 300),
        ("big_id", "job_id", "9123456789012345678"),
        ("nulls", "status", None),
    ],
)
def test_the_job_of_a_colleague(api: Any, behave: Any, service: Any, job: Any, value: str, name: str, odd: Any) -> None:
    behave(odd_job=value)
    for query in ({}, {"show_detail": "true"}):
        mine, other = api.jobs(**query)
        assert mine["name"] == "job"
        assert other[name] == odd
    assert api.error("GET", "jobs/77") == (403, "DLI.0016")
    assert api.names(name="job") == ["job"]
    assert [other.job_id for other in service.jobs.all()] == [job.job_id]


def test_a_planted_job_can_be_odd_and_can_be_in_the_list_alone(api: Any, service: Any) -> None:
    odd = service.jobs.add(name="odd", odd={"restart_times": "many"})
    shared = service.jobs.add(name="shared", detail_refused=True)
    assert [job["restart_times"] for job in api.jobs()] == [0, "many"]
    assert api.detail(odd.job_id)["restart_times"] == "many"
    assert api.error("GET", f"jobs/{shared.job_id}") == (403, "DLI.0016")


# Somebody else


@pytest.mark.parametrize(
    "line",
    [
        "before update: stop job",
        "before update 0: stop job",
        "during update 1: stop job",
        "before dance 1: stop job",
        "before update 1: dance job",
        "before update 1: stop",
        "before update 1: stop job now",
        "before update 1: update job smn_topic",
    ],
)
def test_a_line_that_is_none_is_refused(service: Any, line: str) -> None:
    with pytest.raises(ValueError, match="line|deed|wants"):
        service.actor.follow([line])


def test_a_line_reads_as_it_is_written() -> None:
    for line in ("before request 3: rename job other", "after PUT 2: behave list_lag_seconds=4"):
        assert str(parse(line)) == line


def test_acts_come_at_the_requests_they_name(api: Any, service: Any, job: Any) -> None:
    script = [
        "after request 2: update job smn_topic=first",
        "before PUT 2: update job smn_topic=second",
        "after update 2: update job smn_topic=third",
        "before show 2: update job smn_topic=fourth",
    ]
    service.actor.follow(script)

    def topic() -> Any:
        return service.jobs.get(job.job_id).fields["smn_topic"]

    api.update(job.job_id, resume_max_num=1)
    assert topic() is None
    api.detail(job.job_id)
    assert topic() == "first"
    assert api.update(job.job_id, resume_max_num=2)["is_success"] == "true"
    assert topic() == "third"
    assert api.config(job.job_id)["smn_topic"] == "fourth"
    assert [str(done.act) for done in service.actor.done] == [script[0], script[1], script[2], script[3]]
    assert not any(done.refused for done in service.actor.done)


def deed(service: Any, api: Any, text: str) -> str:
    """Let somebody else do something, and return why it was refused."""
    service.actor.follow([f"before list 1: {text}"])
    api.names()
    return service.actor.done[0].refused


def test_every_deed_does_what_it_says(api: Any, clock: Any, service: Any, job: Any) -> None:
    service.behaviour = Behaviour(savepoint_seconds=5.0, savepoint_after_restart="kept")
    done = set()

    def do(text: str) -> Any:
        assert deed(service, api, text) == ""
        done.add(text.partition(" ")[0])
        return service.jobs.all()[-1]

    assert do("save job").status == "job_savepointing"
    clock.forward(5)
    assert service.jobs.get(job.job_id).savepoint_path.startswith("obs://others/savepoints/")
    assert do("update job smn_topic=topic resume_max_num=7").fields["resume_max_num"] == 7
    assert do("tag job team=data").fields["tags"] == [{"key": "team", "value": "data"}]
    upgraded = do("upgrade job entrypoint=obs://bucket/new.jar parallel_number=2")
    assert (upgraded.status, upgraded.fields["parallel_number"]) == ("job_running", 2)
    assert upgraded.savepoint_path.startswith("obs://bucket/jobs/savepoint/")
    assert do("restart job").restart_times == 1
    assert do("stop-saved job").status == "job_savepointing"
    clock.forward(5)
    assert do("rename job other").name == "other"
    assert do("start other").status == "job_running"
    assert do("crash other").status == "job_running_exception"
    assert do("start-empty other").status == "job_running"
    assert do("finish other").status == "job_finish"
    do("start other")
    assert do("stop other").status == "job_cancel_success"
    made = do("recreate other desc=new")
    assert (made.name, made.status, made.fields["desc"], len(service.jobs.all())) == ("other", "job_init", "new", 1)
    assert made.job_id != job.job_id
    assert deed(service, api, "delete other") == "" and service.jobs.all() == []
    assert deed(service, api, "behave stop_ends=job_init delete_seconds=2") == ""
    assert service.behaviour == replace(
        Behaviour(savepoint_seconds=5.0, savepoint_after_restart="kept"), stop_ends="job_init", delete_seconds=2.0
    )
    assert done | {"delete", "behave"} == set(DEEDS)


@pytest.mark.parametrize(
    "text", ["rename job other", "start job", "stop none", "update job entrypoint=other", "update job none=1"]
)
def test_what_the_service_refuses_is_noted(api: Any, service: Any, job: Any, text: str) -> None:
    assert deed(service, api, text)
    assert (job.name, job.status) == ("job", "job_running")


def test_switches_can_change_for_one_request_alone(api: Any, service: Any, job: Any) -> None:
    service.actor.follow(["before request 2: behave list_lag_seconds=10", "after request 2: behave list_lag_seconds=0"])
    api.update(job.job_id, smn_topic="topic")
    assert [listed(api)[0][2] for _time in range(2)] == [None, "topic"]


def test_a_reset_forgets_the_script_the_journal_and_the_past(api: Any, behave: Any, service: Any, job: Any) -> None:
    behave(list_lag_seconds=10.0)
    service.actor.follow(["before list 1: rename new other"])
    api.update(job.job_id, smn_topic="topic")
    service.reset()
    assert service.journal.events == []
    service.jobs.add(name="new")
    behave(list_lag_seconds=10.0)
    assert api.names() == ["new"]


# The journal


def test_the_journal_says_what_happened_and_by_whom(api: Any, behave: Any, clock: Any, service: Any, job: Any) -> None:
    behave(savepoint_seconds=1.0)
    service.actor.follow(["before show 1: stop-saved job"])
    api.names()
    api.detail(job.job_id)
    clock.forward(1)
    api.batch("run", job.job_id, resume_savepoint=True)
    api.batch("run", job.job_id)
    api.names()
    events = service.journal.events
    noted = [(event.position, event.by, event.operation) for event in events]
    assert noted == [
        (3, "other", "stop"),
        (7, "service", "enter"),
        (7, "service", "saved"),
        (7, "service", "enter"),
        (7, "client", "start"),
        (7, "service", "enter"),
    ]
    start = next(event for event in events if event.operation == "start")
    assert start.asked == {"resume_savepoint": True}
    assert (start.before.status, start.after.status) == ("job_cancel_success", "job_submitting")
    assert start.before.savepoint_path.startswith("obs://bucket/jobs/savepoint/")


# The program


def test_the_program_takes_a_script(capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sys, "argv", ["local_dli", "--act", "before update: stop job"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert "a line is" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["local_dli", "--help"])
    with pytest.raises(SystemExit):
        main()
    text = " ".join(capsys.readouterr().out.split())
    assert all(known in text for known in ("--act", "stop-saved JOB", "--list-lag-seconds", "--odd-job"))
