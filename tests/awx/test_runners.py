# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs of AWX with the oldest ansible-runner and with the installed one: each shows lines in a way of its own."""

from __future__ import annotations

import pytest

from awx.awx_job import ROOT, Awx, AwxJob, wait_until
from awx.test_job import ANSWERS, assert_no_secrets, user
from local_dli import Behaviour, LocalDli
from playbooks.ansible_cli import Ansible

OLD_RUNNER = ROOT / ".cache" / "old-runner"
STARTED = {**ANSWERS, "flink_job_state": "started", "flink_job_health_window": 0}


@pytest.fixture(name="awx", params=["old", "installed"])
def fixture_awx(request: pytest.FixtureRequest, ansible: Ansible) -> Awx:
    """AWX with one ansible-runner or the other."""
    if request.param == "old":
        assert (OLD_RUNNER / "ansible_runner").is_dir(), (
            "The old ansible-runner is not there; get it with: python tests/tools/unpack_wheel.py old-runner"
        )
        ansible.environment["PYTHONPATH"] = str(OLD_RUNNER)
        assert (
            "ansible-runner==" + ansible.call("ansible-runner", "--version").stdout.strip()
            in (OLD_RUNNER / "requirements.txt").read_text()
        )
    return Awx(ansible)


def progress(job: AwxJob) -> list[str]:
    """The lines of progress among the events, each of which is an event of its own."""
    events = [event for event in job.outcome.events if event["stdout"].startswith("[localhost] orders: ")]
    assert {event["event"] for event in events} <= {"verbose"}
    return [event["stdout"].removeprefix("[localhost] orders: ") for event in events]


def assert_no_warning(job: AwxJob) -> None:
    assert "WARNING" not in job.outcome.stdout + job.outcome.stderr
    assert [event["event"] for event in job.outcome.events if "warning" in event["event"]] == []


def test_start_cancel_and_run_again(awx: Awx, service: LocalDli) -> None:
    """Create a job and start it; cancel an upgrade of it while it makes its savepoint; the same launch then ends it."""
    inputs = user(service)
    started = awx.run(inputs, STARTED)
    assert started.status == "successful", started.outcome.stdout
    assert progress(started) == ["create (step 1 of 2)", "run (step 2 of 2)", "job_init → job_running"]
    assert_no_warning(started)
    (planted,) = service.jobs.all()

    service.behaviour = Behaviour(savepoint_seconds=600)
    answers = {**STARTED, "flink_job_parallel_number": 8}
    with awx.launch(inputs, answers) as launched:
        wait_until(lambda: any(request.path.endswith("/jobs/stop") for request in service.requests), "it is stopped")
        launched.cancel()
        cancelled = launched.finish()
    assert cancelled.status == "canceled"
    assert not [event for event in cancelled.outcome.events if event["event"] == "runner_on_ok"]
    assert progress(cancelled)[0] == "stop with a savepoint (step 1 of 3)"
    assert_no_warning(cancelled)
    assert_no_secrets(cancelled.written, inputs)
    assert service.jobs.get(planted.job_id).fields["parallel_number"] == 6

    service.behaviour = Behaviour()
    service.jobs.set_status(planted.job_id, "job_running")  # the savepoint failed meanwhile
    again = awx.run(inputs, answers)
    assert again.status == "successful", again.outcome.stdout
    assert again.result["changes"].keys() == {"parallel_number"}
    assert again.result["job"]["status"] == "job_running"
    assert_no_warning(again)
