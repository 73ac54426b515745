# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls for tags of existing jobs, as the vendor's tests have them."""

from __future__ import annotations

from typing import Any

import pytest

from local_dli.tags import planted


def tags_call(api: Any, method: str, job_id: int, end: str = "", **options: Any) -> Any:
    root = api.streaming.replace("/v1.0/", "/v3/").removesuffix("/streaming")
    return api.http.request(method, f"{root}/dli_flink_job/{job_id}/tags{end}", timeout=10, **options)


@pytest.mark.parametrize("job_type", ["flink_jar_job", "flink_opensource_sql_job"])
@pytest.mark.parametrize("status", ["job_init", "job_running"])
def test_tags_are_read_added_and_removed(api: Any, service: Any, job_type: str, status: str) -> None:
    job = service.jobs.add(job_type=job_type, status=status, tags=planted(a="1", b="2"))
    before = job.update_time
    assert tags_call(api, "GET", job.job_id).json() == {"count": 2, "tags": planted(a="1", b="2")}
    added = tags_call(api, "POST", job.job_id, "/create", json={"tags": planted(b="3", c="4")})
    assert (added.status_code, added.content) == (204, b"")
    for _time in range(2):
        # What is not there is no error.
        removed = tags_call(api, "POST", job.job_id, "/delete", json={"tags": planted(a="1", c="other")})
        assert removed.status_code == 204
    assert tags_call(api, "GET", job.job_id).json()["tags"] == planted(b="3", c="4")
    assert job.update_time == before and job.status == status


@pytest.mark.parametrize("end", ["/create", "/delete"])
def test_a_call_takes_1_to_20_tags_and_none_of_the_service_itself(api: Any, service: Any, end: str) -> None:
    job = service.jobs.add(tags=planted(a="1"))
    many = planted(**{f"k{number}": "v" for number in range(21)})
    for tags in ([], many, planted(_sys_a="b"), planted(a="x=y")):
        answer = tags_call(api, "POST", job.job_id, end, json={"tags": tags})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "DLI.0001")
    assert job.fields["tags"] == planted(a="1")


def test_a_job_has_at_most_20_tags(api: Any, service: Any) -> None:
    job = service.jobs.add(tags=planted(**{f"k{number}": "v" for number in range(15)}))
    more = planted(**{f"l{number}": "v" for number in range(6)})
    assert tags_call(api, "POST", job.job_id, "/create", json={"tags": more}).status_code == 400
    assert tags_call(api, "POST", job.job_id, "/create", json={"tags": more[1:]}).status_code == 204


@pytest.mark.parametrize(("job_tags", "expected"), [("absent", (404, "APIG.0101")), ("forbidden", (403, "DLI.0016"))])
def test_job_tags(api: Any, service: Any, behave: Any, job_tags: str, expected: tuple[int, str]) -> None:
    job = service.jobs.add(tags=planted(a="1"))
    behave(job_tags=job_tags)
    for method, end, options in (("GET", "", {}), ("POST", "/create", {"json": {"tags": planted(b="2")}})):
        answer = tags_call(api, method, job.job_id, end, **options)
        assert (answer.status_code, answer.json()["error_code"]) == expected
    assert job.fields["tags"] == planted(a="1")


def test_tags_of_an_unknown_job(api: Any, behave: Any) -> None:
    for code, status in (("DLI.0023", 404), ("DLI.16001", 400)):
        behave(not_found=code)
        answer = tags_call(api, "GET", 5)
        assert (answer.status_code, answer.json()["error_code"]) == (status, code)


def test_tags_lag_like_a_detail(api: Any, service: Any, behave: Any) -> None:
    behave(detail_lag_seconds=3600)
    job = service.jobs.add(tags=planted(a="1"))
    tags_call(api, "GET", job.job_id)
    assert tags_call(api, "POST", job.job_id, "/create", json={"tags": planted(b="2")}).status_code == 204
    assert tags_call(api, "GET", job.job_id).json()["tags"] == planted(a="1")
    assert job.fields["tags"] == planted(a="1", b="2")
