# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that rolls out a fleet, with real ansible-playbook."""

from __future__ import annotations

import json

import pytest

from module_runner import access_to


def described(version, *names):
    return [{"name": name, "entrypoint": f"obs://bucket/{name}-{version}.jar"} for name in names]


@pytest.mark.any_core
def test_a_failed_rollout_is_undone(ansible, service):
    """What ran before runs again, with the state of the new version. A job that is new, or did not change, stays."""
    for job in described(1, "bad", "orders", "same"):
        service.jobs.add(**job, status="job_running", start_time=1, queue_name="streaming", obs_bucket="bucket")
    service.jobs.plan_start("bad", "submit_fail")
    defaults = {"state": "started", "queue_name": "streaming", "obs_bucket": "bucket", "health_window": 0}
    variables = {
        "flink_fleet_defaults": defaults,
        "flink_fleet_jobs": described(2, "bad", "new", "orders") + described(1, "same"),
        "flink_fleet_previous_jobs": described(1, "bad", "orders", "same"),
    }
    env = {
        "OS_DLI_ENDPOINT_OVERRIDE": service.url,
        "OS_PROJECT_ID": access_to(service)["project_id"],
        "OS_TOKEN": access_to(service)["token"],
    }
    command = ("ansible-playbook", "-i", ansible.inventory, "otc.dli.flink_fleet", "-e", json.dumps(variables))
    done = ansible.call(*command, env=env)
    assert done.code == 2
    said = " ".join((done.stdout + done.stderr).split())
    reason = "1 of 4 Flink jobs failed. Flink job bad did not start"
    end = "Brought back to how they were described before: orders. Changed, and not brought back: new."
    assert reason in said and end in said

    jobs = {job.name: job for job in service.jobs.all()}
    assert {name: (job.status, job.fields["entrypoint"]) for name, job in jobs.items()} == {
        "bad": ("job_running", "obs://bucket/bad-1.jar"),
        "new": ("job_running", "obs://bucket/new-2.jar"),
        "orders": ("job_running", "obs://bucket/orders-1.jar"),
        "same": ("job_running", "obs://bucket/same-1.jar"),
    }
    starts = [
        r.json for r in service.requests if r.path.endswith("/jobs/run") and jobs["orders"].job_id in r.json["job_ids"]
    ]
    assert [start["resume_savepoint"] for start in starts] == [True, True]
    stops = [
        r.json for r in service.requests if r.path.endswith("/jobs/stop") and jobs["orders"].job_id in r.json["job_ids"]
    ]
    assert [stop["trigger_savepoint"] for stop in stops] == [True, True]
