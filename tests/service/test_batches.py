# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run, stop and delete of many jobs in one call, and what becomes of the others when one of them is refused."""

from __future__ import annotations

from typing import Any

import pytest


def outcomes(elements: list[dict[str, Any]]) -> list[bool]:
    """Return the successes of an answer, whose elements have no job numbers."""
    assert all(set(element) == {"is_success", "message"} for element in elements)
    return [element["is_success"] == "true" for element in elements]


def statuses(service: Any) -> list[str]:
    return [job.status for job in service.jobs.all()]


def test_hundreds_of_jobs_in_one_call(api: Any, service: Any) -> None:
    numbers = [job.job_id for job in service.jobs.add_many(500, queue_name="queue")]
    assert outcomes(api.batch("run", *numbers)) == [True] * 500
    assert statuses(service) == ["job_running"] * 500
    assert outcomes(api.batch("stop", *numbers, trigger_savepoint=True)) == [True] * 500
    assert statuses(service) == ["job_cancel_success"] * 500
    assert outcomes(api.batch("delete", *numbers)) == [True] * 500
    assert service.jobs.all() == []


@pytest.mark.parametrize("form", ["error", "error_array", "element"])
def test_a_job_without_a_queue_does_not_keep_the_others_from_running(
    api: Any, behave: Any, service: Any, form: str
) -> None:
    behave(run_refusal=form)
    jobs = [service.jobs.add(queue_name=queue) for queue in ("queue", None, "queue")]
    elements = api.batch("run", *(job.job_id for job in jobs))
    assert outcomes(elements) == [True, False, True]
    assert elements[1]["message"].startswith("DLI.13024: ")
    assert statuses(service) == ["job_running", "job_init", "job_running"]


def test_elements_are_in_the_order_of_the_numbers(api: Any, service: Any) -> None:
    running, draft = service.jobs.add(status="job_running"), service.jobs.add(queue_name="queue")
    elements = api.batch("stop", 7, draft.job_id, running.job_id)
    assert [element["message"].partition(":")[0] for element in elements[:2]] == ["DLI.16001", "DLI.0007"]
    assert outcomes(elements) == [False, False, True]
    assert outcomes(api.batch("run", draft.job_id, draft.job_id)) == [True, False]


@pytest.mark.parametrize(
    ("operation", "spoiler", "refusal"),
    [
        ("run", {}, (400, "DLI.13024")),
        ("run", {"queue_name": "queue", "status": "job_running"}, (400, "DLI.0007")),
        ("run", {"queue_name": "queue", "owner": "other"}, (400, "DLI.16001")),
        ("stop", {}, (400, "DLI.0007")),
        ("stop", {"status": "job_running", "owner": "other"}, (400, "DLI.16001")),
        ("delete", {"owner": "other"}, (400, "DLI.16001")),
    ],
)
@pytest.mark.parametrize("value", ["per_job", "whole"])
def test_batch_refusal(
    api: Any, behave: Any, service: Any, value: str, operation: str, spoiler: dict[str, Any], refusal: tuple[int, str]
) -> None:
    behave(batch_refusal=value)
    status = "job_running" if operation == "stop" else "job_init"
    good = service.jobs.add(queue_name="queue", status=status)
    numbers = [good.job_id, service.jobs.add(**spoiler).job_id]
    if value == "whole":
        assert api.error("POST", f"jobs/{operation}", json={"job_ids": numbers}) == refusal
        assert (good.status, good.gone_at) == (status, None)
    else:
        elements = api.batch(operation, *numbers)
        assert outcomes(elements) == [True, False]
        assert elements[1]["message"].startswith(f"{refusal[1]}: ")
    assert outcomes(api.batch(operation, good.job_id))[0] is (value == "whole")


@pytest.mark.parametrize("operation", ["run", "stop"])
def test_a_planned_refusal_of_the_whole_call_is_used_up(api: Any, behave: Any, service: Any, operation: str) -> None:
    behave(batch_refusal="whole")
    status = "job_running" if operation == "stop" else "job_init"
    first, second = service.jobs.add_many(2, queue_name="queue", status=status)
    plan = service.jobs.plan_start if operation == "run" else service.jobs.plan_stop
    plan(second.job_id, "refused")
    plan(second.name, "submit_fail" if operation == "run" else "cancel_fail")
    numbers = {"job_ids": [first.job_id, second.job_id]}
    assert api.call("POST", f"jobs/{operation}", json=numbers).status_code == 400
    assert statuses(service) == [status] * 2
    assert outcomes(api.ok("POST", f"jobs/{operation}", json=numbers)) == [True, True]
    ends = ["job_running", "job_submit_fail"] if operation == "run" else ["job_cancel_success", "job_cancel_fail"]
    assert statuses(service) == ends


def test_one_refused_job_is_the_whole_call(api: Any, behave: Any, service: Any) -> None:
    behave(batch_refusal="whole", run_refusal="error_array")
    job = service.jobs.add()
    answer = api.call("POST", "jobs/run", json={"job_ids": [job.job_id]})
    assert (answer.status_code, answer.json()[0]["error_code"]) == (400, "DLI.13024")
    behave(batch_refusal="whole", run_refusal="element")
    assert api.error("POST", "jobs/run", json={"job_ids": [job.job_id]}) == (400, "DLI.13024")


@pytest.mark.parametrize("operation", ["run", "stop", "delete"])
def test_an_empty_batch_is_refused(api: Any, operation: str) -> None:
    assert api.error("POST", f"jobs/{operation}", json={"job_ids": []}) == (400, "DLI.0001")
