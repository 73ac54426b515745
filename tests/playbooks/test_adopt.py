# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs that were made otherwise are adopted by a playbook without being changed, and watched from then on."""

from __future__ import annotations

import json

import pytest

from local_dli import LocalDli
from playbooks.ansible_cli import Ansible

RESOURCES = {
    "max_slot": 2,
    "parallel_number": 1,
    "jobmanager_resource_spec": {"cpu": 1.0, "memory": "4 GB"},
    "taskmanager_resource_spec": {"cpu": 0.5, "memory": "2560 MB"},
}

SQL = """CREATE TABLE sink (id INT) WITH ('connector' = 'print', 'note' = 'yes: no # on');
-- {not a template}
INSERT INTO sink
  SELECT `007` FROM "orders";
"""


@pytest.mark.any_core
def test_jobs_are_adopted_and_not_changed(ansible: Ansible, service: LocalDli) -> None:
    service.jobs.add(
        name="orders",
        status="job_running",
        start_time=1,
        entrypoint="obs://bucket/orders.jar",
        entrypoint_args="--rate 3",
        cu_number=4,
        parallel_number=6,
        restart_when_exception=True,
        dependency_jars=["obs://bucket/a.jar", "obs://bucket/b.jar"],
    )
    service.jobs.add(
        name="clicks",
        # What YAML or Ansible could take for something else.
        desc="yes: no # on",
        flink_version="1.17",
        runtime_config='{"a": "007", "b": "true"}',
        resource_config_version="v2",
        resource_config=RESOURCES,
    )
    service.jobs.add(
        name="orders-hourly",
        job_type="flink_opensource_sql_job",
        status="job_running",
        start_time=1,
        # Line breaks, and what YAML or Ansible could take for something else.
        sql_body=SQL,
        run_mode="exclusive_cluster",
        operator_config='{"b": 1, "a": [2]}',
        cu_number=4,
    )
    # The service may show this type for any SQL job, and so it is left out.
    service.jobs.add(name="clicks-daily", job_type="flink_sql_job", sql_body="SELECT 1", idle_state_retention=60)
    before = [(job.status, dict(job.fields)) for job in service.jobs.all()]
    variables = {
        "dli_token": service.issue_token(),
        "dli_project_id": service.credentials["project_id"],
        "dli_endpoint": service.url,
        "adopt_file": str(ansible.folder / "jobs.yml"),
        "adopt_sql_file": str(ansible.folder / "sql_jobs.yml"),
    }
    run = ansible.runner("adopt.yml", variables=variables)
    assert run.code == 2, run.stdout
    applied = {result["item"]["name"]: result for result in run.items("Apply the descriptions of SQL jobs")}
    assert set(applied) == {"orders-hourly", "clicks-daily"}
    for name, result in applied.items():
        assert result["changed"] is run.result(f"Manage {name}")["changed"] is False, name
    for result in (applied["orders-hourly"], run.result("Manage orders-hourly")):
        # Each gives it in the open, so each shows what is compared.
        assert result["job"]["sql_body"] == SQL.strip()
    for task in ("Apply the descriptions", "Apply the file", "Apply the first description alone"):
        assert run.result(task)["changed"] is False, task
    assert not run.result("See that nothing has drifted")["failed"]
    assert [(job.status, job.fields) for job in service.jobs.all()] == before
    assert {request.method for request in service.requests} == {"GET"}

    failed = run.result("Fail when a job has drifted or nobody describes it")
    drift, unmanaged = json.loads(failed["msg"].removeprefix("Not as described: "))
    assert drift["name"] == "orders" and drift["changes"]["desc"]["after"] == "Another one"
    assert unmanaged["name"] == "clicks"
