# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that is slow to show what it has accepted: the applier neither gives up nor acts twice."""

from __future__ import annotations

import pytest
from ansible_collections.otc.dli.plugins.module_utils._errors import LifecycleError
from ansible_collections.otc.dli.plugins.module_utils._model.job import ObservedJob
from ansible_collections.otc.dli.plugins.module_utils._model.plan import Plan, Step
from ansible_collections.otc.dli.plugins.module_utils._reconcile import wait
from ansible_collections.otc.dli.plugins.module_utils._reconcile.executor import Applier
from ansible_collections.otc.dli.plugins.module_utils._reconcile.wait import Waiting

from unit.lifecycle_clock import Clock

SAVED = {"has_savepoint": True, "savepoint_path": "obs://bucket/new"}


class LateService:
    """Accepts everything, and shows one prepared answer after the other, the last one for ever."""

    def __init__(self, *answers):
        self.answers = [ObservedJob({"job_id": 7, "name": "job", **answer}) for answer in answers]
        self.calls = []

    def read(self, job_id, _fields):
        assert job_id == 7
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def read_now(self, job_id):
        return self.read(job_id, ())

    def stop_job(self, _job_id, savepoint):
        self.calls.append(("stop", savepoint))

    def run_job(self, _job_id, savepoint):
        self.calls.append(("run", savepoint))


@pytest.fixture(autouse=True)
def fixture_grace(monkeypatch):
    monkeypatch.setattr(wait, "GRACE_SECONDS", 15.0)


def apply(service, operation, status, clock=None):
    plan = Plan(steps=(Step(operation, 7, savepoint=True),))
    job = ObservedJob({"job_id": 7, "name": "job", "status": status})
    return Applier(service, service, Waiting(clock=clock or Clock())).apply(plan, job)


def test_a_stop_is_believed_when_it_shows_and_the_savepoint_too():
    running, stopped = {"status": "job_running"}, {"status": "job_cancel_success"}
    service = LateService(running, running, stopped, stopped, {**stopped, **SAVED})
    job = apply(service, "stop", "job_running")
    assert job.status == "job_cancel_success"
    assert service.calls == [("stop", True)]


def test_a_start_is_believed_when_it_shows():
    service = LateService(
        *[{"status": "job_cancel_success"}] * 3, {"status": "job_submitting"}, {"status": "job_running"}
    )
    job = apply(service, "run", "job_cancel_success")
    assert job.status == "job_running"
    assert service.calls == [("run", True)]


@pytest.mark.parametrize(
    ("operation", "before", "answer", "words"),
    [
        ("stop", "job_running", {"status": "job_running"}, "goes on running unchanged"),
        ("stop", "job_running", {"status": "job_cancel_success"}, "shows no savepoint"),
        ("run", "job_cancel_success", {"status": "job_cancel_success"}, "it did not start"),
    ],
)
def test_what_does_not_show_within_the_grace_period_did_not_happen(operation, before, answer, words):
    service = LateService(answer)
    with pytest.raises(LifecycleError, match=words):
        apply(service, operation, before)
    assert service.calls == [(operation, True)]


def test_a_savepoint_that_failed_is_told_without_waiting_for_the_grace_period():
    service = LateService({"status": "job_savepointing"}, {"status": "job_running"})
    clock = Clock()
    plan = Plan(steps=(Step("stop", 7, savepoint=True),))
    with pytest.raises(LifecycleError, match="no savepoint could be made"):
        Applier(service, service, Waiting(clock=clock)).apply(
            plan, ObservedJob({"job_id": 7, "name": "job", "status": "job_running"})
        )
    assert clock.now < 1


def test_a_job_that_is_restarted_in_its_health_window_has_failed():
    running = {"status": "job_running", "restart_times": 2}
    service = LateService({"status": "job_submitting"}, running, running, {**running, "restart_times": 3})
    service.update_job = lambda *_args: None
    stopped = ObservedJob({"job_id": 7, "name": "job", "status": "job_running"})
    plan = Plan(steps=(Step("stop", 7), Step("update", 7, {}), Step("run", 7)))
    service.answers.insert(0, ObservedJob({"job_id": 7, "name": "job", "status": "job_cancel_success"}))
    with pytest.raises(LifecycleError, match="it had to be restarted soon after its start"):
        Applier(service, service, Waiting(clock=Clock()), health_window=30).apply(plan, stopped)
