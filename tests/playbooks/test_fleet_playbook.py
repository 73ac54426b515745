# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that rolls out a fleet, with real ansible-playbook."""

from __future__ import annotations

import json

import pytest
from flask import request

from local_dli import Behaviour
from module_runner import access_to

FIELDS = {"queue_name": "streaming", "obs_bucket": "bucket"}
DEFAULTS = {"state": "started", "health_window": 0, **FIELDS}


def described(version, *names):
    return [{"name": name, "entrypoint": f"obs://bucket/{name}-{version}.jar"} for name in names]


def run_before(service, *names):
    """Let the first version of these jobs run."""
    for job in described(1, *names):
        service.jobs.add(**job, status="job_running", start_time=1, **FIELDS)


def all_of(done):
    """Return what was printed, in one line."""
    return " ".join((done.stdout + done.stderr).split())


def roll_out(ansible, service, variables):
    env = {
        "OS_DLI_ENDPOINT_OVERRIDE": service.url,
        "OS_PROJECT_ID": access_to(service)["project_id"],
        "OS_TOKEN": access_to(service)["token"],
    }
    command = ("ansible-playbook", "-i", ansible.inventory, "otc.dli.flink_fleet", "-e", json.dumps(variables))
    return ansible.call(*command, env=env)


@pytest.mark.any_core
def test_a_failed_rollout_is_undone(ansible, service, monkeypatch):
    """What ran before runs again, with the state of the new version.

    A job that is new or did not change stays as it is, and so does one that somebody has stopped after its upgrade.
    """
    run_before(service, "bad", "held", "orders", "same")
    (held,) = [job for job in service.jobs.all() if job.name == "held"]

    def stop_before_it_is_undone(_latency):
        if request.args.get("status") == "job_running":
            service.jobs.set_status(held.job_id, "job_cancel_success")

    service.behaviour = Behaviour(latency_seconds=1)
    monkeypatch.setattr(service, "sleep", stop_before_it_is_undone)
    service.jobs.plan_start("bad", "submit_fail")
    variables = {
        "flink_fleet_defaults": DEFAULTS,
        "flink_fleet_jobs": described(2, "bad", "held", "new", "orders") + described(1, "same"),
        "flink_fleet_previous_jobs": described(1, "bad", "held", "orders", "same"),
    }
    done = roll_out(ansible, service, variables)
    assert done.code == 2
    said = all_of(done)
    reason = "1 of 5 Flink jobs failed. Flink job bad did not start"
    end = "Brought back to how they were described before: orders. Changed, and not brought back: held, new."
    assert reason in said and end in said

    jobs = {job.name: job for job in service.jobs.all()}
    assert {name: (job.status, job.fields["entrypoint"]) for name, job in jobs.items()} == {
        "bad": ("job_running", "obs://bucket/bad-1.jar"),
        "held": ("job_cancel_success", "obs://bucket/held-2.jar"),
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


@pytest.mark.any_core
def test_an_undone_rollout_loses_no_state(ansible, service):
    """Whatever the previous description says: not by an empty start, and not by a deletion."""
    run_before(service, "bad", "fresh", "idle")
    service.jobs.plan_start("bad", "submit_fail")
    before = [
        {**described(1, "fresh")[0], "resume_savepoint": False, "upgrade_mode": "stateless"},
        {**described(1, "idle")[0], "state": "stopped"},
        {"name": "reborn", "state": "absent"},
    ]
    variables = {
        "flink_fleet_defaults": DEFAULTS,
        "flink_fleet_jobs": described(2, "bad", "fresh", "idle", "reborn"),
        "flink_fleet_previous_jobs": before,
    }
    said = all_of(roll_out(ansible, service, variables))
    assert "Brought back to how they were described before: fresh, idle. Changed, and not brought back: reborn." in said

    jobs = {job.name: job for job in service.jobs.all()}
    assert {name: (job.status, job.fields["entrypoint"]) for name, job in jobs.items()} == {
        "bad": ("job_running", "obs://bucket/bad-1.jar"),
        "fresh": ("job_running", "obs://bucket/fresh-1.jar"),
        "idle": ("job_cancel_success", "obs://bucket/idle-1.jar"),
        "reborn": ("job_running", "obs://bucket/reborn-2.jar"),
    }
    starts = [request.json for request in service.requests if request.path.endswith("/jobs/run")]
    again = [start for start in starts if jobs["fresh"].job_id in start["job_ids"]]
    assert [start["resume_savepoint"] for start in again] == [True, True]


@pytest.mark.any_core
def test_an_undo_that_cannot_begin_says_why(ansible, service):
    run_before(service, "bad", "orders")
    service.jobs.plan_start("bad", "submit_fail")
    variables = {
        "flink_fleet_defaults": DEFAULTS,
        "flink_fleet_jobs": described(2, "bad", "orders"),
        "flink_fleet_previous_jobs": [{**described(1, "orders")[0], "entrypiont": "obs://bucket/orders-1.jar"}],
    }
    said = all_of(roll_out(ansible, service, variables))
    assert "Changed, and not brought back: orders." in said
    assert "entrypiont" in said.rpartition("not brought back: orders.")[2]
