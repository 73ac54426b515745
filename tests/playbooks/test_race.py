# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two real processes that create and start a job of the same name at the same time."""

from __future__ import annotations

import threading

from flask import request

from local_dli import Behaviour
from playbooks.expectations import calls


def test_two_controllers_make_one_job_and_start_it_once(ansible, service, monkeypatch):
    service.behaviour = Behaviour(latency_seconds=1, submit_seconds=0.5)
    both = threading.Barrier(2)

    def wait_for_the_other(_latency):
        """Keep what creates a job until both have seen that there is none."""
        if request.method == "POST" and request.path.endswith("/flink-jobs"):
            both.wait(60)

    monkeypatch.setattr(service, "sleep", wait_for_the_other)
    engine = service.jobs.engine
    accepted = []
    start = engine.start
    # A start that the engine refuses raises, and does not count: both may have read a job that has not begun.
    monkeypatch.setattr(engine, "start", lambda *args: (start(*args), accepted.append(args)))
    host = ansible.inventory.read_text().partition(" ")[2]
    ansible.inventory.write_text(f"first {host}second {host}")
    access = {"url": service.url, "token": service.issue_token(), "project_id": service.credentials["project_id"]}
    done = ansible.runner("race.yml", variables={"service": access})
    assert done.code == 0, done.stdout
    results = done.results("Create and start the same job")
    assert [result["job"]["status"] for result in results] == ["job_running"] * 2
    assert len({result["job"]["job_id"] for result in results}) == 1
    assert calls(service).count("POST flink-jobs") == 2, "they did not meet"
    assert len(service.jobs.all()) == len(accepted) == 1
