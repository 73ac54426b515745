# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names, owners, updates of running jobs, limits that depend on each other, lists, and what tests can do."""

from __future__ import annotations

from typing import Any

import pytest

from local_dli import Behaviour, LocalDli

BODY = {"name": "job", "queue_name": "queue"}


@pytest.mark.parametrize("planted", [{}, {"owner": "other"}, {"job_type": "flink_sql_job"}, {"job_id": 7}])
def test_a_name_belongs_to_one_job(api: Any, service: Any, planted: dict[str, Any]) -> None:
    service.jobs.add(name="job", **planted)
    assert api.error("POST", "flink-jobs", json=BODY) == (400, "DLI.0006")
    job_id = api.create(name="other")
    assert api.error("PUT", f"flink-jobs/{job_id}", json={"name": "job"}) == (400, "DLI.0006")
    api.update(job_id, name="new")
    api.update(job_id, name="new")
    api.update(job_id, name="")
    assert api.detail(job_id)["name"] == "new"


def test_a_name_in_another_project_is_free(api: Any, service: Any) -> None:
    service.jobs.add(name="job", project_id="b" * 32)
    api.create()
    assert api.names() == ["job"]


def test_jobs_of_others_are_invisible(api: Any, service: Any) -> None:
    job = service.jobs.add(name="job", owner="other")
    assert api.names() == []
    assert api.error("GET", f"jobs/{job.job_id}") == (400, "DLI.16001")
    assert api.batch("delete", job.job_id)[0]["is_success"] == "false"
    assert service.jobs.all() == [job]


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"parallel_number": 4}, False),
        ({"parallel_number": 5}, True),
        ({"parallel_number": 8, "cu_number": 3}, False),
        ({"manager_cu_number": 2}, True),
        ({"parallel_number": 5, "resource_config_version": "v2"}, False),
        ({"log_enabled": True}, True),
        ({"log_enabled": True, "obs_bucket": "bucket"}, False),
    ],
)
def test_values_that_do_not_fit_together(api: Any, values: dict[str, Any], refused: bool) -> None:
    expected = 400 if refused else 200
    assert api.call("POST", "flink-jobs", json=BODY | values).status_code == expected
    job_id = api.create(name="other")
    assert api.call("PUT", f"flink-jobs/{job_id}", json=values).status_code == expected


def test_memory_is_at_least_2_gb(api: Any) -> None:
    config = {"jobmanager_resource_spec": {"memory": "2047 MB"}}
    body = BODY | {"resource_config_version": "v2", "resource_config": config}
    assert api.error("POST", "flink-jobs", json=body) == (400, "DLI.0001")


def test_resource_config_is_for_v2(api: Any) -> None:
    job_id = api.create(resource_config={"max_slot": 2})
    own = {"cpu": 1.0, "memory": "4G"}
    unsized = {"jobmanager_resource_spec": own, "taskmanager_resource_spec": own}
    assert api.config(job_id)["resource_config"] == unsized
    api.update(job_id, resource_config_version="v2", resource_config={"max_slot": 2})
    assert api.config(job_id)["resource_config"] == {
        "max_slot": 2,
        "parallel_number": 1,
        **unsized,
    }


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"smn_topic": "other"}, False),
        ({"restart_when_exception": True, "resume_checkpoint": True, "resume_max_num": 3}, False),
        ({"checkpoint_path": "bucket/path"}, False),
        ({"obs_bucket": "other"}, False),
        ({"obs_bucket": "bucket"}, True),
        ({"cu_number": 2, "queue_name": "queue", "entrypoint": "obs://bucket/job.jar"}, False),
        ({"cu_number": 3}, True),
        ({"desc": "text"}, True),
        ({"name": "other"}, True),
        ({"dependency_jars": ["a"]}, True),
    ],
)
def test_an_update_of_a_running_job(api: Any, change: dict[str, Any], refused: bool) -> None:
    job_id = api.create(obs_bucket="bucket")
    api.batch("run", job_id)
    if refused:
        assert api.error("PUT", f"flink-jobs/{job_id}", json=change) == (400, "DLI.0007")
    else:
        api.update(job_id, **change)
        read = api.config(job_id) | api.detail(job_id)
        assert change.items() <= read.items()


def test_the_path_of_checkpoints_is_not_live_when_the_service_made_it(api: Any) -> None:
    job_id = api.create(checkpoint_enabled=True)
    api.batch("run", job_id)
    change = {"checkpoint_path": "bucket/path"}
    assert api.error("PUT", f"flink-jobs/{job_id}", json=change) == (400, "DLI.0007")


def test_each_kind_of_job_is_changed_by_its_own_call(api: Any, service: Any) -> None:
    job = service.jobs.add(job_type="flink_sql_job", sql_body="select 1")
    assert api.detail(job.job_id)["sql_body"] == "select 1"
    assert api.error("PUT", f"flink-jobs/{job.job_id}", json={"desc": "a"}) == (400, "DLI.0007")
    api.ok("PUT", f"sql-jobs/{job.job_id}", json={"desc": "a"})
    assert api.detail(job.job_id)["desc"] == "a"
    assert api.error("PUT", f"sql-jobs/{api.create()}", json={"desc": "a"}) == (400, "DLI.0007")


def test_pages_and_order(api: Any, service: Any) -> None:
    for number in range(12):
        service.jobs.add(name=f"job-{number}", create_time=number)
    assert api.names() == [f"job-{number}" for number in range(11, 1, -1)]
    assert api.names(order="asc", offset=10) == ["job-10", "job-11"]
    assert len(api.names(limit=100)) == 12
    page = api.ok("GET", "jobs", params={"limit": 0})["job_list"]
    assert page == {"total_count": 12, "jobs": []}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"job_type": "flink_jar_job"}, ["b", "a"]),
        ({"status": "job_running"}, ["b"]),
        ({"queue_name": "queue"}, ["a"]),
        ({"user_name": "local-user"}, ["c", "b", "a"]),
        ({"user_name": "other"}, []),
        ({"tags": "nothing"}, []),
        ({"status": "job_init", "job_type": "flink_sql_job"}, ["c"]),
    ],
)
def test_filters(api: Any, service: Any, query: dict[str, str], names: list[str]) -> None:
    service.jobs.add(name="a", queue_name="queue")
    service.jobs.add(name="b", status="job_running")
    service.jobs.add(name="c", job_type="flink_sql_job")
    service.jobs.add(name="d", owner="other")
    assert api.names(**query) == names


def test_tags_never_read_back(api: Any) -> None:
    job_id = api.create(tags=[{"key": "a", "value": "hidden"}])
    assert "hidden" not in api.call("GET", f"jobs/{job_id}").text
    assert "hidden" not in api.call("GET", "jobs", params={"show_detail": "true"}).text


def test_no_graph_of_a_job_that_never_ran(api: Any) -> None:
    job_id = api.create()
    assert api.error("GET", f"jobs/{job_id}/execute-graph") == (400, "DLI.0002")
    api.batch("run", job_id)
    api.batch("stop", job_id)
    assert api.ok("GET", f"jobs/{job_id}/execute-graph")["execute_graph"]["state"] == "CANCELED"


def test_requests_are_recorded(api: Any, service: Any) -> None:
    api.create(name="new")
    api.names(tags="a=b", limit=5)
    created, listed = service.requests
    assert (created.method, created.status, created.json["name"]) == ("POST", 200, "new")
    assert created.headers["content-type"] == "application/json"
    assert created.body.startswith(b"{")
    assert listed.path == f"/v1.0/{service.credentials['project_id']}/streaming/jobs"
    assert (listed.query, listed.json) == ({"tags": ["a=b"], "limit": ["5"]}, None)


def test_every_answer_has_its_own_number(api: Any) -> None:
    numbers = {api.call("GET", path).headers["X-Request-Id"] for path in ("jobs", "jobs", "jobs/7", "nothing")}
    assert len(numbers) == 4


def test_reset(api: Any, service: Any) -> None:
    service.behaviour = Behaviour(name_filter="ignored")
    old = api.create()
    service.jobs.plan_start("job", "submit_fail")
    service.reset()
    assert (service.jobs.all(), service.requests, service.behaviour) == ([], [], Behaviour())
    new = api.create()
    assert new > old > 1000
    api.batch("run", new)
    assert api.status(new) == "job_running"


def test_a_planted_job_has_only_what_jobs_have(service: Any) -> None:
    with pytest.raises(TypeError, match="colour"):
        service.jobs.add(colour="red")
    assert service.jobs.get(7) is None


def test_two_services_share_nothing(service: Any, api: Any) -> None:
    with LocalDli(Behaviour(is_success="string")) as other:
        api.create()
        assert (other.jobs.all(), other.requests) == ([], [])
        assert other.url != service.url


def test_connections_are_kept(api: Any, service: Any) -> None:
    for _time in range(5):
        api.names()
    pools = api.http.get_adapter(service.url).poolmanager.pools
    (pool,) = (pools[key] for key in pools.keys())
    assert (pool.num_connections, pool.num_requests) == (1, 5)
