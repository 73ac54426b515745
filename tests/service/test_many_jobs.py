# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many jobs: planted, listed in pages, and found by what they are called now."""

from __future__ import annotations

import sys
from typing import Any

import pytest


def test_many_jobs_are_planted_and_listed_in_pages(api: Any, service: Any) -> None:
    planted = service.jobs.add_many(2000, name="fleet", queue_name="queue", tags=[{"key": "a", "value": "b"}])
    assert [planted[0].name, planted[-1].name] == ["fleet-0", "fleet-1999"]
    assert service.jobs.all() == planted
    service.validate_responses = False
    pages = [api.ok("GET", "jobs", params={"limit": 100, "offset": at})["job_list"] for at in range(0, 2100, 100)]
    assert [page["total_count"] for page in pages] == [2000] * 21
    names = [item["name"] for page in pages for item in page["jobs"]]
    assert names == [f"fleet-{number}" for number in range(1999, -1, -1)]
    assert api.names(name="fleet-700", tags="a=b") == ["fleet-700"]


def test_planted_jobs_are_of_their_own(service: Any) -> None:
    first, second = service.jobs.add_many(2, desc="text")
    first.fields["desc"] = "other"
    assert (first.name, second.name, second.fields["desc"]) == ("job-0", "job-1", "text")
    assert second.job_id == first.job_id + 1


def test_a_number_belongs_to_one_job(service: Any) -> None:
    service.jobs.add(job_id=7)
    with pytest.raises(ValueError, match="7"):
        service.jobs.add(job_id=7)
    assert len(service.jobs.all()) == 1


def calls_within(call: Any) -> int:
    """Return how many calls of functions of the local service this call makes."""
    count = 0

    def profile(frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        if event == "call" and "local_dli" in frame.f_code.co_filename:
            count += 1

    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(None)
    return count


def test_a_list_reads_none_but_the_jobs_it_is_about(service: Any) -> None:
    """Counted in calls of functions: these are the same each time, where seconds are not."""
    project, behaviour = service.credentials["project_id"], service.behaviour

    def by_name() -> None:
        assert len(service.jobs.search(project, {"name": "job-3"}, behaviour)) == 1

    def without_filter() -> None:
        assert service.jobs.search(project, {}, behaviour)

    service.jobs.add_many(10)
    few = [calls_within(by_name), calls_within(without_filter)]
    service.jobs.add_many(1000, name="other", status="job_running")
    assert [calls_within(by_name), calls_within(without_filter)] == few


def test_names_and_order_follow_every_change(api: Any, service: Any) -> None:
    duplicates = [service.jobs.add(name="duplicate", create_time=time) for time in (5, 9, 7)]
    service.jobs.add(name="duplicate", owner="other", create_time=8)
    assert [item["create_time"] for item in api.jobs(name="duplicate")] == [9, 7, 5]
    api.update(duplicates[1].job_id, name="renamed")
    assert [item["create_time"] for item in api.jobs(name="duplicate")] == [7, 5]
    assert api.names(name="renamed") == ["renamed"]
    api.batch("delete", duplicates[2].job_id)
    assert [item["create_time"] for item in api.jobs(name="duplicate", order="asc")] == [5]
    assert api.names() == ["renamed", "duplicate"]
    api.update(duplicates[1].job_id, name="again")
    assert (api.names(name="renamed"), api.names(name="again")) == ([], ["again"])
    api.create(name="renamed")
    service.reset()
    assert api.names() == api.names(name="duplicate") == []
    api.create(name="duplicate")


def test_a_deleted_job_leaves_when_its_time_has_come(api: Any, clock: Any, behave: Any, service: Any) -> None:
    jobs = service.jobs.add_many(3)
    for job, seconds in zip(jobs, (30.0, 10.0, 20.0)):
        behave(delete_seconds=seconds)
        api.batch("delete", job.job_id)
    api.batch("delete", jobs[0].job_id)
    seen = []
    for _time in range(4):
        seen.append(api.names())
        clock.forward(10)
    assert seen == [["job-2", "job-1", "job-0"], ["job-2", "job-0"], ["job-0"], []]
