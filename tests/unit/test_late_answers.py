# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that is slow to show what it has accepted: the executor neither gives up nor acts twice."""

from __future__ import annotations

import pytest
from ansible_collections.otc.dli.plugins.module_utils._errors import LifecycleError, NotFound
from ansible_collections.otc.dli.plugins.module_utils._model.goal import Goal, Lifecycle
from ansible_collections.otc.dli.plugins.module_utils._model.job import ObservedJob
from ansible_collections.otc.dli.plugins.module_utils._model.spec import JobSpec
from ansible_collections.otc.dli.plugins.module_utils._model.steps import Plan, Step
from ansible_collections.otc.dli.plugins.module_utils._read.reader import Found
from ansible_collections.otc.dli.plugins.module_utils._reconcile import wait
from ansible_collections.otc.dli.plugins.module_utils._reconcile.driver import Driver
from ansible_collections.otc.dli.plugins.module_utils._reconcile.executor import Executor
from ansible_collections.otc.dli.plugins.module_utils._reconcile.job import Convergence
from ansible_collections.otc.dli.plugins.module_utils._reconcile.observer import Observer
from ansible_collections.otc.dli.plugins.module_utils._reconcile.wait import Waiting

from lifecycle_clock import Clock

SAVED = {"has_savepoint": True, "savepoint_path": "obs://bucket/new"}


class LateService:
    """Accepts everything, and shows one prepared answer after the other, the last one for ever."""

    def __init__(self, *answers):
        self.answers = [ObservedJob({"job_id": 7, "name": "job", **answer}, "detail") for answer in answers]
        self.calls = []

    def read(self, job_id, _fields=()):
        assert job_id == 7
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    detail = read

    def with_fields(self, job, _fields):
        return job

    def stop_jobs(self, _job_ids, savepoint):
        self.calls.append(("stop", savepoint))

    def run_jobs(self, _job_ids, savepoint):
        self.calls.append(("run", savepoint))


@pytest.fixture(autouse=True)
def fixture_grace(monkeypatch):
    monkeypatch.setattr(wait, "GRACE_SECONDS", 15.0)
    monkeypatch.setattr(wait, "CONFIRM_SECONDS", 3.0)


def carry_out(service, plan, job, clock=None, health_window=0.0):
    waiting = Waiting(clock=clock or Clock())
    # As a task says that does not wait for a newer savepoint before it starts a job.
    goal = Goal(JobSpec("job"), "started", Lifecycle(health_window=health_window, resume_savepoint=True))
    return Driver(service, service, waiting).run(Executor(goal, waiting, Observer(goal, waiting)).carry_out(plan, job))


def apply(service, operation, status, clock=None):
    plan = Plan(steps=(Step(operation, savepoint=True),))
    saved = SAVED if operation == "run" else {}
    return carry_out(service, plan, ObservedJob({"job_id": 7, "name": "job", "status": status, **saved}), clock)


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
        ("stop", "job_running", {"status": "job_running"}, "keeps running unchanged"),
        ("stop", "job_running", {"status": "job_cancel_success"}, "shows no savepoint"),
        ("run", "job_cancel_success", {"status": "job_cancel_success"}, "did not start"),
    ],
)
def test_what_does_not_show_within_the_grace_period_did_not_happen(operation, before, answer, words):
    service = LateService(answer)
    with pytest.raises(LifecycleError, match=words):
        apply(service, operation, before)
    assert service.calls == [(operation, True)]


def test_a_savepoint_that_failed_is_reported_without_waiting_for_the_grace_period():
    service = LateService({"status": "job_savepointing"}, {"status": "job_running"})
    clock = Clock()
    with pytest.raises(LifecycleError, match="no savepoint could be made"):
        apply(service, "stop", "job_running", clock)
    assert clock.now < 1 + wait.CONFIRM_SECONDS


@pytest.mark.parametrize("behind", [1, 2])
def test_one_old_response_after_a_new_one_is_no_news(behind):
    """A replica that is behind shows the job as it was before its savepoint, or before it was stopped."""
    running = {"status": "job_running", "start_time": 5}
    saving, stopped = {**running, "status": "job_savepointing"}, {**running, "status": "job_cancel_success", **SAVED}
    news = [saving, {**running, "status": "job_canceling"}, stopped]
    service = LateService(*news[:behind], running, *news[behind:])
    assert apply(service, "stop", "job_running").savepoint_path == SAVED["savepoint_path"]
    service = LateService({**stopped, "status": "job_submitting"}, running, {**running, "start_time": 6})
    plan = Plan(steps=(Step("run", savepoint=True),))
    job = carry_out(service, plan, ObservedJob({"job_id": 7, "name": "job", **stopped}))
    assert job.start_time == "6"


@pytest.mark.parametrize("times", [(2, 2, 3), (3, 3, 3), (0, 0, 1)], ids=["later", "before the first read", "anew"])
def test_a_job_that_is_restarted_in_its_health_window_has_failed(times):
    running = {"status": "job_running", "restart_times": 2}
    stopped = {**running, "status": "job_cancel_success"}
    service = LateService(
        stopped, stopped, {"status": "job_submitting"}, *[{**running, "restart_times": number} for number in times]
    )
    service.update_job = lambda *_args: None
    plan = Plan(steps=(Step("stop"), Step("update"), Step("run")))
    with pytest.raises(LifecycleError, match="had to be restarted soon after its start"):
        carry_out(service, plan, ObservedJob({"job_id": 7, "name": "job", **running}), health_window=30)


def test_a_failure_that_is_over_when_it_is_read_again_is_none():
    running = {"status": "job_running"}
    service = LateService(running, {"status": "job_running_exception"}, running)
    stopped = ObservedJob({"job_id": 7, "name": "job", "status": "job_cancel_success", **SAVED})
    job = carry_out(service, Plan(steps=(Step("run", savepoint=True),)), stopped, health_window=30)
    assert job.status == "job_running"


FIELDS = {"queue_name": "queue", "entrypoint": "obs://bucket/job.jar"}
DEFINED = {"name": "job", "queue_name": "queue", "job_config": {"entrypoint": "obs://bucket/job.jar"}}


class Contradiction:
    """Lists a job, first as it is being started and then as it runs, and has no detail of it; then lists no job."""

    def __init__(self):
        statuses = ("job_submitting", "job_running")
        jobs = [ObservedJob({**DEFINED, "job_id": 7, "status": status}) for status in statuses]
        self.found = [Found(job, True) for job in (*jobs, None)]

    def find(self, _spec):
        return self.found.pop(0)

    def detail(self, job_id):
        raise NotFound(f"GET /jobs/{job_id}", 404, "DLI.0023", "there is none")


def test_a_list_does_not_outweigh_a_detail_that_is_gone():
    service, waiting = Contradiction(), Waiting(clock=Clock())
    goal = Goal(JobSpec("job", fields=FIELDS, given=FIELDS), "started")
    convergence = Convergence(goal, waiting, lambda _secret: None)
    Driver(service, service, waiting).run(convergence.make_plan())
    assert [step.operation for step in convergence.plan.steps] == ["create", "run"] and service.found == []
