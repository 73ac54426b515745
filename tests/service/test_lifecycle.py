# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs go through their statuses as time advances; the clock is turned by hand."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from local_dli import Behaviour

DELAYS = {"submit_seconds": 360.0, "savepoint_seconds": 30.0, "cancel_seconds": 10.0}


def statuses(api: Any, clock: Any, job_id: int, *seconds: float) -> list[str]:
    """Return the status now and after each of these many seconds more."""
    found = [api.status(job_id)]
    for pause in seconds:
        clock.forward(pause)
        found.append(api.status(job_id))
    return found


@pytest.fixture(name="job_id")
def fixture_job_id(api: Any, behave: Any) -> int:
    behave(**DELAYS)
    return api.create(obs_bucket="bucket")


def test_a_job_is_submitted_and_runs(api: Any, clock: Any, job_id: int) -> None:
    assert api.status(job_id) == "job_init"
    assert api.batch("run", job_id) == [{"is_success": "true", "message": "The request to start the job was taken."}]
    assert statuses(api, clock, job_id, 359.5, 0.5, 3600) == ["job_submitting"] * 2 + ["job_running"] * 2


def test_times(api: Any, clock: Any, job_id: int) -> None:
    created = api.detail(job_id)["create_time"]
    assert created > 2**32
    assert api.jobs()[0]["start_time"] == 0
    api.batch("run", job_id)
    clock.forward(1000)
    started = api.detail(job_id)["start_time"]
    assert started - created == pytest.approx(360_000, abs=1)
    assert api.jobs()[0]["duration"] == pytest.approx(640_000, abs=1)
    api.batch("stop", job_id)
    clock.forward(1000)
    assert api.jobs()[0]["duration"] == pytest.approx(650_000, abs=1)


def test_a_job_is_stopped(api: Any, clock: Any, job_id: int) -> None:
    api.batch("run", job_id)
    clock.forward(360)
    api.batch("stop", job_id)
    assert statuses(api, clock, job_id, 9, 1) == ["job_canceling", "job_canceling", "job_cancel_success"]
    assert api.detail(job_id)["has_savepoint"] is False


def test_a_job_is_stopped_with_a_savepoint(api: Any, clock: Any, job_id: int) -> None:
    api.batch("run", job_id)
    clock.forward(360)
    api.batch("stop", job_id, trigger_savepoint=True)
    seen = statuses(api, clock, job_id, 29, 1, 10)
    assert seen == ["job_savepointing", "job_savepointing", "job_canceling", "job_cancel_success"]
    detail = api.detail(job_id)
    assert detail["has_savepoint"] is True
    assert detail["savepoint_path"].startswith(f"obs://bucket/jobs/savepoint/{job_id}/")
    assert detail["savepoint_path"].endswith("/")


def test_a_job_is_stopped_while_it_is_submitted(api: Any, clock: Any, job_id: int) -> None:
    api.batch("run", job_id)
    api.batch("stop", job_id, trigger_savepoint=True)
    assert statuses(api, clock, job_id, 10) == ["job_canceling", "job_cancel_success"]
    assert api.detail(job_id)["has_savepoint"] is False


def test_a_deleted_job_stays_for_a_while(api: Any, clock: Any, behave: Any) -> None:
    behave(delete_seconds=5.0)
    job_id = api.create()
    api.ok("DELETE", f"jobs/{job_id}")
    clock.forward(4.9)
    assert api.names() == ["job"]
    assert api.error("POST", "flink-jobs", json={"name": "job"}) == (400, "DLI.0006")
    clock.forward(0.1)
    assert api.names() == []


def test_a_bounded_job_finishes(api: Any, clock: Any, behave: Any) -> None:
    behave(finish_after_seconds=100.0)
    job_id = api.create()
    api.batch("run", job_id)
    assert statuses(api, clock, job_id, 99, 1) == ["job_running", "job_running", "job_finish"]
    api.batch("run", job_id)
    assert api.status(job_id) == "job_running"


def test_plans_are_used_up_in_order(api: Any, clock: Any, service: Any) -> None:
    job_id = api.create()
    service.jobs.plan_start("job", "submit_fail", times=2)
    service.jobs.plan_start("job", "exception_after:5")
    service.jobs.plan_start("job", "finish_after:5.5")
    service.jobs.plan_start("job", "refused")
    for _time in range(2):
        api.batch("run", job_id)
        assert api.status(job_id) == "job_submit_fail"
    assert api.detail(job_id)["status_desc"] == "Planned failure."
    api.batch("run", job_id)
    assert statuses(api, clock, job_id, 5) == ["job_running", "job_running_exception"]
    api.batch("run", job_id)
    assert statuses(api, clock, job_id, 5, 0.5) == ["job_running", "job_running", "job_finish"]
    assert api.error("POST", "jobs/run", json={"job_ids": [job_id]}) == (400, "DLI.13024")
    api.batch("run", job_id)
    assert api.status(job_id) == "job_running"


def test_planned_stops(api: Any, service: Any) -> None:
    job_id = api.create()
    service.jobs.plan_stop(job_id, "refused")
    service.jobs.plan_stop(job_id, "cancel_fail")
    api.batch("run", job_id)
    assert api.batch("stop", job_id)[0]["is_success"] == "false"
    assert api.status(job_id) == "job_running"
    api.batch("stop", job_id)
    assert api.status(job_id) == "job_cancel_fail"


def test_a_plan_that_is_none(service: Any) -> None:
    with pytest.raises(ValueError, match="start"):
        service.jobs.plan_start("job", "exception_after")
    with pytest.raises(ValueError, match="stop"):
        service.jobs.plan_stop("job", "running")


@pytest.mark.parametrize(
    ("status", "start", "stop"),
    [
        ("job_init", True, False),
        ("job_submitting", False, True),
        ("job_submit_fail", True, False),
        ("job_running", False, True),
        ("job_running_exception", True, False),
        ("job_downloading", False, False),
        ("job_idle", True, False),
        ("job_canceling", False, False),
        ("job_cancel_success", True, False),
        ("job_cancel_fail", True, False),
        ("job_savepointing", False, False),
        ("job_arrearage_stopped", True, False),
        ("job_arrearage_recovering", False, False),
        ("job_finish", True, False),
    ],
)
def test_what_a_status_allows(api: Any, service: Any, status: str, start: bool, stop: bool) -> None:
    job = service.jobs.add(queue_name="queue")
    service.jobs.set_status(job.job_id, status, "why")
    detail = api.detail(job.job_id)
    assert (detail["status"], detail["status_desc"]) == (status, "why")
    assert api.batch("run", job.job_id)[0]["is_success"] == str(start).lower()
    service.jobs.set_status(job.job_id, status)
    assert api.batch("stop", job.job_id)[0]["is_success"] == str(stop).lower()
    service.jobs.set_status(job.job_id, status)
    transitional = not start and status != "job_running"
    assert api.call("PUT", f"flink-jobs/{job.job_id}", json={"desc": ""}).status_code == (400 if transitional else 200)
    assert api.batch("delete", job.job_id)[0]["is_success"] == "true"
    assert api.names() == []


def test_no_savepoint_to_resume_from(api: Any) -> None:
    job_id = api.create()
    assert api.batch("run", job_id, resume_savepoint=True)[0]["is_success"] == "false"
    assert api.status(job_id) == "job_init"


def nested_outcome(answer: Any) -> str:
    assert answer["is_success"] is True
    return json.loads(answer["message"])["is_success"]


@pytest.mark.parametrize("written", ["other/folder", "obs://other/folder/"])
def test_a_savepoint_of_a_running_job(api: Any, clock: Any, job_id: int, written: str) -> None:
    path, body = f"jobs/{job_id}/savepoint", {"action": "TRIGGER", "savepoint_path": written}
    assert nested_outcome(api.ok("POST", path, json=body)) == "false"
    api.batch("run", job_id)
    clock.forward(360)
    started = api.detail(job_id)["start_time"]
    assert nested_outcome(api.ok("POST", path, json=body)) == "true"
    assert statuses(api, clock, job_id, 30) == ["job_savepointing", "job_running"]
    detail = api.detail(job_id)
    assert (detail["has_savepoint"], detail["start_time"]) == (True, started)
    assert re.fullmatch(r"obs://other/folder/\d+/", detail["savepoint_path"])


def test_an_imported_savepoint_is_there_to_resume_from(api: Any, job_id: int) -> None:
    body = {"job_id": job_id, "savepoint_path": "obs://other/folder/"}
    assert api.ok("POST", f"jobs/{job_id}/import-savepoint", json=body)["is_success"] is True
    detail = api.detail(job_id)
    assert (detail["has_savepoint"], detail["savepoint_path"]) == (True, "obs://other/folder/")
    assert api.batch("run", job_id, resume_savepoint=True)[0]["is_success"] == "true"


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("savepoint", {"action": "TRIGGER"}),
        ("savepoint", {"savepoint_path": "bucket/folder"}),
        ("import-savepoint", {"savepoint_path": "obs://bucket/folder/"}),
        ("import-savepoint", {"job_id": 7}),
    ],
)
def test_a_savepoint_operation_wants_all_that_the_vendor_calls_mandatory(
    api: Any, job_id: int, operation: str, body: dict[str, Any]
) -> None:
    assert api.error("POST", f"jobs/{job_id}/{operation}", json=body) == (400, "DLI.0001")


def test_a_transitional_status_settles_for_each_job_in_its_own_time(api: Any, clock: Any, service: Any) -> None:
    first, second, third = (job.job_id for job in service.jobs.add_many(3, queue_name="queue"))
    service.behaviour = Behaviour(submit_seconds=20.0)
    api.batch("run", first)
    service.behaviour = Behaviour(submit_seconds=5.0, finish_after_seconds=5.0)
    api.batch("run", second)
    api.batch("stop", second)
    api.batch("run", third)
    service.jobs.set_status(third, "job_idle")
    seen = []
    for seconds in (0, 4, 1, 5, 10):
        clock.forward(seconds)
        seen.append([api.status(job_id) for job_id in (first, second, third)])
    stopped = ["job_cancel_success", "job_idle"]
    assert seen == [["job_submitting", *stopped]] * 4 + [["job_running", *stopped]]
    # Many steps at once, and each at its own time.
    api.batch("run", second)
    clock.forward(100)
    assert [item["duration"] for item in api.jobs(status="job_finish")] == [5000]
